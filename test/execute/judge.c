/* See judge.h. */
#include "judge.h"

#include <signal.h>
#include <string.h>

#include "probe.h"
#include "slot.h"
#include "verifier/decode.h"
#include "verifier/verify.h"

enum { DIRECTION = 0x400, ARITHMETIC = 0x8D5, RESUME = 0x10000, TRAP_SS = 12, TRAP_GP = 13, TRAP_PF = 14,
       WRITE = 2, FETCH = 16, WIDEST = 32, INT3 = 0xCC };
#define SLOT_END (SLOT_BASE + BH_SLOT_SIZE)

static struct {
    uint64_t selectors;
    uint32_t pkru, ss;
} host;

void judge_remember(void)
{
    uint16_t selector[4];
    uint32_t ss;
    __asm__("movw %%ds, %0; movw %%es, %1; movw %%fs, %2; movw %%gs, %3"
            : "=rm"(selector[0]), "=rm"(selector[1]), "=rm"(selector[2]), "=rm"(selector[3]));
    __asm__("movl %%ss, %0" : "=r"(ss));
    memcpy(&host.selectors, selector, sizeof selector);
    host.ss = ss;
    if (probe.has_pkru)
        __asm__ volatile("rdpkru" : "=a"(host.pkru) : "c"(0) : "edx");
}

void judge_mark_starts(const uint8_t *bytes, uint64_t size, uint32_t *starts)
{
    memset(starts, 0, size / 8);
    for (uint64_t bundle = 0; bundle < size; bundle += BH_BUNDLE_SIZE)
        for (unsigned at = 0; at < BH_BUNDLE_SIZE;) {
            unsigned length = bh_verify_length(bytes + bundle + at, size - bundle - at);
            starts[bundle / 32] |= 1u << at;
            at += length ? length : BH_BUNDLE_SIZE;
        }
}

static bool is_start(const struct judge_code *code, uint64_t rip)
{
    uint64_t at = rip - code->address;
    return at < code->size && code->starts[at / 32] >> (at % 32) & 1;
}

/* The instruction at an address of the code; false when there is none. */
static bool instruction_at(const struct judge_code *code, uint64_t rip, struct insn *in)
{
    uint8_t window[BH_DECODE_WINDOW] = {0};
    uint64_t at = rip - code->address;
    if (at >= code->size)
        return false;
    memcpy(window, code->bytes + at, code->size - at < sizeof window ? code->size - at : sizeof window);
    decode(in, window);
    return in->entry != NULL;
}

/* Offset from the segment's base that the ModRM operand names, with the registers as they are. */
static uint64_t effective_address(const struct insn *in, uint64_t rip)
{
    unsigned mod = insn_mod(in), rm = in->modrm & 7;
    uint64_t address = (uint64_t)(int64_t)in->disp;
    if (mod == 0 && rm == 5)
        return address + rip + in->length;
    if (rm == 4) {
        unsigned base = (in->sib & 7) | (in->rex & REX_B ? 8 : 0), index = (in->sib >> 3 & 7) | (in->rex & REX_X ? 8 : 0);
        if (!(mod == 0 && (in->sib & 7) == 5))
            address += probe.out[base];
        if (index != 4)
            address += probe.out[index] << (in->sib >> 6);
    } else {
        address += probe.out[insn_rm(in)];
    }
    return in->prefix & PREFIX_67 ? (uint32_t)address : address;
}

static bool reaches(uint64_t address, uint64_t below, uint64_t above)
{
    return address >= SLOT_BASE - below && address < SLOT_END + above;
}

/* A general protection fault names no address. It is right for hlt, for a misaligned operand of a vector instruction, and for
 * two that look at values; anything else would be an access through an address that is not canonical. */
static bool protection_fault_explained(const struct insn *in, uint64_t rip)
{
    if (in->entry->cls == BH_CLASS_TRAP)
        return true;
    if (insn_has_memory(in) && (in->entry->size == 16 || in->entry->size == 32 || in->entry->size == BH_SIZE_L ||
                                in->entry->size == BH_SIZE_C) && effective_address(in, rip) % 32 != 0)
        return true;
    bool ldmxcsr = in->opcode == 0xAE && (in->modrm >> 3 & 7) == 2 && insn_has_memory(in);
    bool xgetbv = in->opcode == 0x01 && in->modrm == 0xD0;
    return ldmxcsr || xgetbv;
}

/* Under stores-only isolation it may read anything. (movs, too, through rsi; stos does not read.) */
static bool reads_freely(const struct insn *in)
{
    return (insn_has_memory(in) && in->entry->mem == BH_MEM_LOAD) ||
           (in->entry->cls == BH_CLASS_STRING && (in->opcode | 1) != 0xAB);
}

static const char *judge_fault(const struct judge_code *code, uint64_t *value)
{
    struct insn in = {0};
    bool known = instruction_at(code, probe.fault_rip, &in);
    *value = probe.fault_rip;
    if (probe.fault_rip - SLOT_BASE >= BH_SLOT_SIZE)
        return "rip left the slot";
    if (probe.trap == TRAP_PF && probe.error & FETCH && probe.signal == SIGSEGV) {
        if (!is_start(code, probe.fault_rip) && probe.fault_rip % BH_BUNDLE_SIZE != 0)
            return "control went to an address that is not a bundle's";
        return NULL;
    }
    if (!is_start(code, probe.fault_rip))
        return "rip is not at the start of a verified instruction";
    if (probe.signal == SIGTRAP) {
        uint64_t at = probe.fault_rip - code->address;
        return at && at <= code->size && code->bytes[at - 1] == INT3 ? NULL : "a trap that is not int3's";
    }
    if (!known)
        return "an instruction that is not in the table faulted";
    bool read = probe.trap == TRAP_GP || probe.trap == TRAP_SS || (probe.trap == TRAP_PF && !(probe.error & WRITE));
    if (code->free_loads && read && reads_freely(&in))
        return NULL;
    switch (probe.signal) {
    case SIGSEGV:
        if (probe.trap == TRAP_GP && probe.code == SI_KERNEL)
            return protection_fault_explained(&in, probe.fault_rip) ? NULL : "a protection fault that nothing explains";
        *value = probe.fault_address;
        if (probe.trap != TRAP_PF || !reaches(probe.fault_address, SLOT_MARGIN, SLOT_MARGIN + WIDEST))
            return "an access outside the slot and its margins";
        if (in.prefix & PREFIX_GS && !(in.entry->flags & BH_STACK) && in.entry->cls != BH_CLASS_INDIRECT &&
            !reaches(probe.fault_address, 0, WIDEST))
            return "an access through %gs outside the slot";
        return NULL;
    case SIGILL:
    case SIGFPE:
    case SIGALRM:
        return NULL;
    case SIGSYS:
        return "a system call";
    default:
        *value = (uint64_t)probe.signal;
        return "an unexpected signal";
    }
}

bool judge_lacking(const struct judge_code *code)
{
    struct insn in;
    return instruction_at(code, probe.fault_rip, &in) && in.entry->cls != BH_CLASS_TRAP;
}

static void repair(void)
{
    uint16_t selector[4];
    memcpy(selector, &host.selectors, sizeof selector);
    __asm__ volatile("movw %0, %%ds; movw %1, %%es; movw %2, %%gs" : : "rm"(selector[0]), "rm"(selector[1]), "rm"(selector[3]));
    probe_wrgs(SLOT_BASE);
    if (probe.has_pkru)
        __asm__ volatile("wrpkru" : : "a"(host.pkru), "c"(0), "d"(0));
    slot_canary_restore();
}

static const char *judge_state(uint64_t *value)
{
    uint64_t kept = ~(uint64_t)(ARITHMETIC | RESUME);
    *value = probe.gs;
    if (probe.gs != SLOT_BASE)
        return "the GS base changed";
    *value = probe.fs;
    if (probe.fs != probe.host_fs)
        return "the FS base changed";
    *value = probe.selectors;
    if (probe.selectors != host.selectors || (uint16_t)probe.ss != (uint16_t)host.ss)
        return "a segment register changed";
    *value = probe.pkru;
    if (probe.has_pkru && probe.pkru != host.pkru)
        return "PKRU changed";
    *value = probe.flags_out;
    if (probe.flags_out & DIRECTION)
        return "the direction flag is set";
    if ((probe.flags_out ^ probe.flags_in) & kept & ~(uint64_t)0x200)
        return "a system flag changed";
    *value = probe.out[4];
    if (!reaches(probe.out[4], 0x8000, 0x8000))
        return "rsp left the slot";
    *value = slot_host.canary;
    if (!slot_canary_intact())
        return "host memory changed";
    return NULL;
}

const char *judge(const struct judge_code *code, uint64_t *value)
{
    const char *broken = judge_state(value);
    if (!broken && probe.exit == PROBE_EXIT_FAULT)
        broken = judge_fault(code, value);
    if (broken)
        repair();
    return broken;
}
