/* What the processor does with an accepted instruction. */
#include <stdio.h>

#include "agreement.h"
#include "cpu.h"

static const char WHO[] = "CPU";
static bool unobservable[ZYDIS_MNEMONIC_MAX_VALUE + 1];
enum { FLAG_DF = 0x400, FLAG_NT = 0x4000, FLAG_AC = 0x40000, EXCEPTION_PAGE_FAULT = 14 };

static bool is_branch(const struct subject *s)
{
    return s->insn.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE;
}

/* Registers that changed although Zydis does not say that they are written; flags and segments that must stay. */
static void check_step(const struct subject *s, const uint64_t before[16], const struct cpu_result *r)
{
    static uint64_t segments;
    uint16_t writes = 0;
    bool string = s->insn.meta.category == ZYDIS_CATEGORY_STRINGOP;
    bool repeated = s->insn.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE);
    for (unsigned i = 0; i < s->insn.operand_count; i++)
        if (s->ops[i].type == ZYDIS_OPERAND_TYPE_REGISTER && s->ops[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) {
            ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, s->ops[i].reg.value);
            if (ZydisRegisterGetClass(whole) == ZYDIS_REGCLASS_GPR64)
                writes |= (uint16_t)(1u << ZydisRegisterGetId(whole));
        }
    if (string)
        writes |= 1u << 6 | 1u << 7; /* Zydis shows rsi and rdi only as parts of the operands */
    for (unsigned i = 0; i < 16; i++)
        if (r->gpr[i] != before[i] && !(writes >> i & 1))
            disagree(s, WHO, "general register %u changed", i);
    if (r->gpr[4] - before[4] + BH_STACK_DISP_MAX > 2 * BH_STACK_DISP_MAX)
        disagree(s, WHO, "rsp changed by %lld", (long long)(r->gpr[4] - before[4]));
    if (r->flags & (FLAG_DF | FLAG_AC | FLAG_NT))
        disagree(s, WHO, "flags are %llx", (unsigned long long)r->flags);
    if ((r->mxcsr & ~0x3Fu) != 0x1F80 && !(s->facts.facts & BH_FACT_MXCSR))
        disagree(s, WHO, "MXCSR is %x, fact missing", r->mxcsr);
    if ((r->x87_tags || r->x87_control != 0x37F) && !(s->facts.facts & BH_FACT_X87))
        disagree(s, WHO, "x87 or MMX state changed, fact missing");
    if (segments && r->segments != segments)
        disagree(s, WHO, "segment registers changed");
    segments = r->segments;
    if (!is_branch(s) && !(repeated && r->rip == 0)) {
        if (r->rip != s->length)
            disagree(s, WHO, "length %llu by the instruction pointer", (unsigned long long)r->rip);
        else
            statistics.cpu_stepped++;
    }
}

/* The operand's address, as its parts say. */
static uint64_t effective_address(const struct subject *s, const uint64_t registers[16])
{
    const struct operand *o = &s->operand;
    uint64_t address = (uint64_t)o->disp;
    if (o->base != REG_NONE)
        address += registers[o->base];
    if (o->index != REG_NONE)
        address += registers[o->index] * (uint64_t)o->scale;
    if (!o->wide)
        address = (uint32_t)address;
    return address + (o->gs ? cpu_slot() : 0);
}

static uint64_t access_size(const struct subject *s)
{
    uint64_t size = 1;
    for (unsigned i = 0; i < s->insn.operand_count; i++)
        if (s->ops[i].type == ZYDIS_OPERAND_TYPE_MEMORY && s->ops[i].visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT)
            size = s->ops[i].size / 8;
    return size;
}

/* With noise in the registers and no stack: an instruction that counts as touching the stack must not complete; and a page
 * fault of any operand is where its parts say. */
static void check_addresses(const struct subject *s)
{
    uint64_t registers[16], address = 0, size = access_size(s);
    struct cpu_result r;
    for (enum cpu_preset preset = CPU_ZEROS; preset <= CPU_NOISE; preset++) {
        cpu_registers(registers, preset);
        bool visible = s->operand.present && s->operand.base < REG_RIP;
        if (visible) {
            address = effective_address(s, registers);
            visible = cpu_is_hole(address, size);
        }
        if (!visible && !s->touch)
            continue;
        cpu_run(s->bytes, s->length, registers, &r);
        if (s->touch && r.outcome == CPU_STEPPED)
            disagree(s, WHO, "counts as touching the stack, but completes without one");
        if (s->touch && r.outcome == CPU_FAULT)
            statistics.cpu_touches++;
        if (!visible || r.outcome != CPU_FAULT || r.trap != EXCEPTION_PAGE_FAULT)
            continue;
        /* Masked and multi-word accesses may fault at any of their bytes; calls and pushes may fault at the stack instead. */
        bool stack = r.fault_address - registers[4] + 64 < 128;
        if (r.fault_address - address < size)
            statistics.cpu_addresses++;
        else if (!stack)
            disagree(s, WHO, "accesses %llx, not %llx", (unsigned long long)(r.fault_address - cpu_slot()),
                     (unsigned long long)(address - cpu_slot()));
    }
}

/* The page edge: complete with all its bytes, not complete with one less. */
static bool check_length(const struct subject *s, const uint64_t registers[16], struct cpu_result *whole)
{
    struct cpu_result cut;
    cpu_run(s->bytes, s->length, registers, whole);
    if (whole->outcome == CPU_FETCH) {
        disagree(s, WHO, "longer");
        return false;
    }
    bool exact = true;
    if (s->length > 1) {
        cpu_run(s->bytes, s->length - 1, registers, &cut);
        exact = cut.outcome == CPU_FETCH;
        if (!exact && cut.outcome != CPU_UNDEFINED)
            disagree(s, WHO, "shorter");
    }
    if (exact) {
        statistics.cpu_exact++;
    } else {
        statistics.cpu_unobservable++;
        unobservable[s->insn.mnemonic] = true;
        if (whole->outcome != CPU_UNDEFINED)
            disagree(s, WHO, "undefined only when cut off");
    }
    return true;
}

void compare_cpu_length(const struct subject *s)
{
    uint64_t registers[16];
    struct cpu_result result;
    cpu_registers(registers, CPU_POINTERS);
    check_length(s, registers, &result);
}

void compare_cpu(const struct subject *s)
{
    uint64_t registers[16];
    struct cpu_result result;
    cpu_registers(registers, CPU_POINTERS);
    if (!check_length(s, registers, &result))
        return;
    if (result.outcome == CPU_STEPPED)
        check_step(s, registers, &result);
    check_addresses(s);
}

void print_unobservable(void)
{
    for (unsigned i = 0; i <= ZYDIS_MNEMONIC_MAX_VALUE; i++)
        if (unobservable[i])
            printf("processor: undefined here before the last byte: %s\n", ZydisMnemonicGetString((ZydisMnemonic)i));
}
