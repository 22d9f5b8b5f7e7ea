/* Enumerates the verifier's accept set and compares it with an independent decoder (Zydis).
 *
 * Every opcode of every map, under every mandatory prefix and several REX or VEX variants, with all ModRM bytes, is given
 * to the verifier as the only instruction of a bundle. For everything that it accepts, Zydis must agree about the length,
 * the destination registers (rsp must not be one), the memory operands (size, direction, whether they certainly happen)
 * and the registers that facts are about. Prints each disagreement, and one final line.
 */
#include <Zydis/Zydis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/verify.h"

enum { ADDRESS = 0x1000, MAX_PRINTED = 100 };

static ZydisDecoder decoder;
static unsigned long tried, accepted, disagreements;
static unsigned char mnemonics[4096];
static uint64_t scratch[64];

static void disagree(const uint8_t *code, unsigned length, const char *what)
{
    if (disagreements++ >= MAX_PRINTED)
        return;
    for (unsigned i = 0; i < length; i++)
        printf("%02x ", code[i]);
    printf(": %s\n", what);
}

static bool verify(const uint8_t *code, unsigned size, int isolation, uint64_t image_hi, struct bh_verify_facts *facts)
{
    struct bh_verify_input in = {.code = code, .size = size, .address = ADDRESS, .image_hi = image_hi, .isolation = isolation,
                                 .scratch = scratch, .scratch_size = sizeof scratch};
    return bh_verify_code(&in, facts) == BH_VERIFY_ACCEPTED;
}

static bool is_gpr4(ZydisRegister reg)
{
    return reg == ZYDIS_REGISTER_RSP || reg == ZYDIS_REGISTER_ESP || reg == ZYDIS_REGISTER_SP || reg == ZYDIS_REGISTER_SPL;
}

static bool is_x87(ZydisRegister reg)
{
    ZydisRegisterClass class = ZydisRegisterGetClass(reg);
    return class == ZYDIS_REGCLASS_X87 || class == ZYDIS_REGCLASS_MMX || reg == ZYDIS_REGISTER_X87CONTROL ||
           reg == ZYDIS_REGISTER_X87STATUS || reg == ZYDIS_REGISTER_X87TAG;
}

/* The accesses to memory other than the stack of push, pop and call. lea, nop and prefetch-like address-only operands have
 * no read or write action. */
static const ZydisDecodedOperand *explicit_access(const ZydisDecodedInstruction *insn, const ZydisDecodedOperand *ops,
                                                  unsigned *count)
{
    const ZydisDecodedOperand *found = NULL;
    *count = 0;
    for (unsigned i = 0; i < insn->operand_count; i++) {
        bool stack = ops[i].visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN && ops[i].type == ZYDIS_OPERAND_TYPE_MEMORY &&
                     ops[i].mem.base == ZYDIS_REGISTER_RSP;
        if (ops[i].type != ZYDIS_OPERAND_TYPE_MEMORY || stack || ops[i].mem.type == ZYDIS_MEMOP_TYPE_AGEN)
            continue;
        found = &ops[i];
        ++*count;
    }
    return found;
}

static bool touches_stack(const ZydisDecodedInstruction *insn, const ZydisDecodedOperand *ops)
{
    for (unsigned i = 0; i < insn->operand_count; i++)
        if (ops[i].visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN && ops[i].type == ZYDIS_OPERAND_TYPE_MEMORY &&
            ops[i].mem.base == ZYDIS_REGISTER_RSP)
            return true;
    return false;
}

static void check_registers(const uint8_t *code, const ZydisDecodedInstruction *insn, const ZydisDecodedOperand *ops,
                            const struct bh_verify_facts *facts)
{
    for (unsigned i = 0; i < insn->operand_count; i++) {
        if (ops[i].type != ZYDIS_OPERAND_TYPE_REGISTER)
            continue;
        ZydisRegister reg = ops[i].reg.value;
        bool writes = ops[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
        bool implicit = ops[i].visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN;
        bool constant = (insn->mnemonic == ZYDIS_MNEMONIC_ADD || insn->mnemonic == ZYDIS_MNEMONIC_SUB ||
                         insn->mnemonic == ZYDIS_MNEMONIC_LEA) && reg == ZYDIS_REGISTER_RSP;
        if (writes && is_gpr4(reg) && !(implicit && touches_stack(insn, ops)) && !constant)
            disagree(code, insn->length, "writes rsp");
        if (is_x87(reg) && !(facts->facts & BH_FACT_X87))
            disagree(code, insn->length, "uses x87 or MMX, fact missing");
        if (reg == ZYDIS_REGISTER_MXCSR &&
            (insn->mnemonic == ZYDIS_MNEMONIC_LDMXCSR || insn->mnemonic == ZYDIS_MNEMONIC_VLDMXCSR ||
             insn->mnemonic == ZYDIS_MNEMONIC_STMXCSR || insn->mnemonic == ZYDIS_MNEMONIC_VSTMXCSR) &&
            !(facts->facts & BH_FACT_MXCSR))
            disagree(code, insn->length, "reads or writes MXCSR, fact missing");
        if (ZydisRegisterGetClass(reg) == ZYDIS_REGCLASS_YMM && writes && !(facts->facts & BH_FACT_UPPER) &&
            insn->mnemonic != ZYDIS_MNEMONIC_VZEROALL && insn->mnemonic != ZYDIS_MNEMONIC_VZEROUPPER)
            disagree(code, insn->length, "writes a ymm register, fact missing");
        if (ZydisRegisterGetClass(reg) == ZYDIS_REGCLASS_SEGMENT && writes)
            disagree(code, insn->length, "writes a segment register");
        if (ZydisRegisterGetClass(reg) == ZYDIS_REGCLASS_ZMM || ZydisRegisterGetClass(reg) == ZYDIS_REGCLASS_MASK)
            disagree(code, insn->length, "AVX-512");
    }
}

/* The same instruction once more, RIP-relative at offset 0: M2 must allow exactly the operand's size. */
static void check_size(const uint8_t *code, const ZydisDecodedInstruction *insn, unsigned bytes)
{
    uint8_t copy[64];
    unsigned at = insn->raw.modrm.offset;
    int32_t disp = 0x100;
    if (insn->raw.modrm.mod != 0 || insn->raw.modrm.rm != 5 || insn->attributes & ZYDIS_ATTRIB_HAS_SEGMENT)
        return;
    memset(copy, 0xF4, sizeof copy);
    memcpy(copy, code, insn->length);
    memcpy(copy + at + 1, &disp, sizeof disp);
    uint64_t end = ADDRESS + insn->length + 0x100 + bytes;
    if (!verify(copy, 32, BH_ISOLATE_FULL, end, NULL))
        disagree(copy, insn->length, "M2: smaller than the verifier believes");
    if (verify(copy, 32, BH_ISOLATE_FULL, end - 1, NULL))
        disagree(copy, insn->length, "M2: larger than the verifier believes");
}

/* M3: accepted as a touch only if the access certainly happens. */
static void check_touch(const uint8_t *code, const ZydisDecodedInstruction *insn, bool certain)
{
    uint8_t pair[64];
    static const uint8_t sub[] = {0x48, 0x83, 0xEC, 0x10}, jump[] = {0xEB, 0x00};
    memset(pair, 0xF4, sizeof pair);
    memcpy(pair, sub, sizeof sub);
    memcpy(pair + sizeof sub, code, insn->length);
    memcpy(pair + sizeof sub + insn->length, jump, sizeof jump);
    bool touch = verify(pair, 32, BH_ISOLATE_FULL, 0, NULL);
    if (touch && !certain)
        disagree(code, insn->length, "counts as touching the stack, but the access is not certain");
}

static void check_memory(const uint8_t *code, const ZydisDecodedInstruction *insn, const ZydisDecodedOperand *ops,
                         const struct bh_verify_facts *facts, bool free_load)
{
    unsigned count;
    const ZydisDecodedOperand *mem = explicit_access(insn, ops, &count);
    if (count > 1 && !free_load)
        disagree(code, insn->length, "more than one memory operand");
    bool trap = insn->mnemonic == ZYDIS_MNEMONIC_UD1, nop = insn->mnemonic == ZYDIS_MNEMONIC_NOP;
    if (!mem || trap || nop)
        return;
    bool rsp = mem->mem.base == ZYDIS_REGISTER_RSP && mem->mem.index == ZYDIS_REGISTER_NONE &&
               mem->mem.segment == ZYDIS_REGISTER_SS;
    bool rip = mem->mem.base == ZYDIS_REGISTER_RIP && mem->mem.segment != ZYDIS_REGISTER_GS;
    bool gs = mem->mem.segment == ZYDIS_REGISTER_GS && insn->address_width == 32 && mem->mem.base != ZYDIS_REGISTER_EIP;
    bool absolute = mem->mem.segment == ZYDIS_REGISTER_GS && mem->mem.base == ZYDIS_REGISTER_NONE &&
                    mem->mem.index == ZYDIS_REGISTER_NONE && mem->mem.disp.value >= 0;
    bool writes = mem->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
    if (free_load) {
        if (writes)
            disagree(code, insn->length, "an unconfined store is accepted under stores-only isolation");
        return;
    }
    if (!rsp && !rip && !gs && !absolute)
        disagree(code, insn->length, "the memory operand is not M1, M2 or M3");
    if (mem->mem.segment == ZYDIS_REGISTER_FS)
        disagree(code, insn->length, "FS");
    /* A line flush names any byte of its line, which never leaves the page. */
    check_size(code, insn, facts->facts & BH_FACT_FLUSH ? 1 : mem->size / 8);
    if (rsp)
        check_touch(code, insn, mem->actions & (ZYDIS_OPERAND_ACTION_READ | ZYDIS_OPERAND_ACTION_WRITE));
}

/* The bundle's first instruction. free_load: it is accepted under stores-only isolation but not under full. */
static void compare(const uint8_t *bundle, const struct bh_verify_facts *facts, bool free_load)
{
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
    unsigned length = bh_verify_length(bundle, 32);
    accepted++;
    if (ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder, bundle, 32, &insn, ops))) {
        disagree(bundle, length, "Zydis does not know it");
        return;
    }
    mnemonics[insn.mnemonic] |= 1;
    if (insn.length != length)
        disagree(bundle, insn.length, "length");
    if (insn.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED && insn.mnemonic != ZYDIS_MNEMONIC_HLT)
        disagree(bundle, length, "privileged");
    check_registers(bundle, &insn, ops, facts);
    check_memory(bundle, &insn, ops, facts, free_load);
}

/* The instruction that these bytes begin with, alone in a bundle of hlt. */
static void try_one(const uint8_t *bytes)
{
    uint8_t bundle[32];
    struct bh_verify_facts facts;
    unsigned length = bh_verify_length(bytes, 32);
    tried++;
    if (!length)
        return;
    memset(bundle, 0xF4, sizeof bundle);
    memcpy(bundle, bytes, length);
    if (verify(bundle, 32, BH_ISOLATE_FULL, 0x4000, &facts))
        compare(bundle, &facts, false);
    else if (verify(bundle, 32, BH_ISOLATE_STORES, 0x4000, &facts))
        compare(bundle, &facts, true);
}

/* ModRM with SIB, displacement and immediate bytes behind the given bytes. */
static void try_operands(const uint8_t *head, unsigned size)
{
    static const uint8_t sibs[] = {0x24, 0x25, 0x64};
    uint8_t bytes[32];
    memcpy(bytes, head, size);
    for (unsigned modrm = 0; modrm < 256; modrm++) {
        bool sib = modrm < 0xC0 && (modrm & 7) == 4;
        for (unsigned i = 0; i < (sib ? sizeof sibs : 1); i++) {
            unsigned n = size;
            bytes[n++] = (uint8_t)modrm;
            if (sib)
                bytes[n++] = sibs[i];
            memset(bytes + n, 0, sizeof bytes - n);
            try_one(bytes);
        }
    }
}

static void try_legacy(void)
{
    static const char *const prefixes[] = {"", "\x66", "\xF3", "\xF2", "\x66\xF3", "\x66\xF2", "\xF0", "\x2E", "\x67\x65",
                                           "\x67\x65\x66", "\x67\x65\xF3", "\x67\x65\xF2", "\x65", "\x67", "\x65\x67\xF0"};
    static const uint8_t rexes[] = {0, 0x40, 0x41, 0x42, 0x44, 0x48, 0x4C, 0x4F};
    static const char *const maps[] = {"", "\x0F", "\x0F\x38", "\x0F\x3A"};
    for (unsigned p = 0; p < sizeof prefixes / sizeof *prefixes; p++)
        for (unsigned r = 0; r < sizeof rexes; r++)
            for (unsigned m = 0; m < 4; m++)
                for (unsigned opcode = 0; opcode < 256; opcode++) {
                    uint8_t head[16];
                    unsigned n = 0;
                    if (m == 0 && (opcode == 0x0F || opcode == 0xC4 || opcode == 0xC5))
                        continue;
                    for (const char *c = prefixes[p]; *c; c++)
                        head[n++] = (uint8_t)*c;
                    if (rexes[r])
                        head[n++] = rexes[r];
                    for (const char *c = maps[m]; *c; c++)
                        head[n++] = (uint8_t)*c;
                    head[n++] = (uint8_t)opcode;
                    try_operands(head, n);
                }
}

static void try_vex(void)
{
    static const uint8_t rxb[] = {0xE0, 0x60, 0xC0, 0x00}, vvvv[] = {15, 11, 4};
    for (unsigned gs = 0; gs < 2; gs++)
        for (unsigned map = 1; map < 4; map++)
            for (unsigned opcode = 0; opcode < 256; opcode++)
                for (unsigned lwpp = 0; lwpp < 16; lwpp++)
                    for (unsigned r = 0; r < sizeof rxb; r++)
                        for (unsigned v = 0; v < sizeof vvvv; v++) {
                            uint8_t head[16] = {0x67, 0x65}, *p = head + 2 * gs;
                            *p++ = 0xC4;
                            *p++ = (uint8_t)(rxb[r] | map);
                            *p++ = (uint8_t)((lwpp & 8) << 4 | vvvv[v] << 3 | (lwpp & 7));
                            *p++ = (uint8_t)opcode;
                            try_operands(head, (unsigned)(p - head));
                        }
}

int main(int argc, char **argv)
{
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    try_legacy();
    try_vex();
    if (argc > 1 && !strcmp(argv[1], "--mnemonics"))
        for (unsigned i = 0; i <= ZYDIS_MNEMONIC_MAX_VALUE; i++)
            if (mnemonics[i])
                printf("%s ", ZydisMnemonicGetString((ZydisMnemonic)i));
    printf("%s: %lu encodings tried, %lu accepted, %lu disagreements with Zydis\n", disagreements ? "FAIL" : "PASS", tried,
           accepted, disagreements);
    return disagreements != 0;
}
