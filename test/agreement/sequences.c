/* Sequences (C3, C4, M4, S3), with all registers, and every change of one byte in them. Whatever of that is accepted must be,
 * decoded by the others, instructions that are accepted alone, or the sequence that docs/contract.md describes. This says
 * what a sequence is in terms of Zydis's operands, where the verifier compares bytes.
 */
#include <stdio.h>
#include <string.h>

#include "agreement.h"

enum { RAX = 0, RCX = 1, RSP = 4, RSI = 6, RDI = 7, BUNDLE = 32, MAX_PARTS = 32, BASE = 0x10000, HLT = 0xF4 };

/* A bundle as Zydis sees it. */
struct bundle {
    uint8_t code[BUNDLE];
    int isolation;
    unsigned count;
    struct subject part[MAX_PARTS];
};

/* ---- Zydis's operands --------------------------------------------------------------------------------------------- */

static bool is_register(const ZydisDecodedOperand *op, ZydisRegisterClass class, int number)
{
    return op->type == ZYDIS_OPERAND_TYPE_REGISTER && ZydisRegisterGetClass(op->reg.value) == class &&
           ZydisRegisterGetId(op->reg.value) == number;
}

/* `mnemonic %gs:0x10000,%reg`, 64 bits. */
static bool is_base(const struct subject *s, ZydisMnemonic mnemonic, int reg)
{
    const ZydisDecodedOperand *mem = &s->ops[1];
    return s->insn.mnemonic == mnemonic && is_register(&s->ops[0], ZYDIS_REGCLASS_GPR64, reg) &&
           mem->type == ZYDIS_OPERAND_TYPE_MEMORY && mem->mem.segment == ZYDIS_REGISTER_GS &&
           mem->mem.base == ZYDIS_REGISTER_NONE && mem->mem.index == ZYDIS_REGISTER_NONE && mem->mem.disp.value == BASE &&
           mem->size == 64;
}

/* `movl %reg,%reg`, 32 bits: cuts the upper half off. */
static bool is_cut(const struct subject *s, int reg)
{
    return s->insn.mnemonic == ZYDIS_MNEMONIC_MOV && is_register(&s->ops[0], ZYDIS_REGCLASS_GPR32, reg) &&
           is_register(&s->ops[1], ZYDIS_REGCLASS_GPR32, reg);
}

/* `leaq (%base,%reg),%reg` with base and index in either place. */
static bool is_lea(const struct subject *s, int base, int reg)
{
    const ZydisDecodedOperand *mem = &s->ops[1];
    if (s->insn.mnemonic != ZYDIS_MNEMONIC_LEA || !is_register(&s->ops[0], ZYDIS_REGCLASS_GPR64, reg) ||
        s->insn.address_width != 64 || mem->mem.disp.value || mem->mem.scale != 1 ||
        ZydisRegisterGetClass(mem->mem.base) != ZYDIS_REGCLASS_GPR64 ||
        ZydisRegisterGetClass(mem->mem.index) != ZYDIS_REGCLASS_GPR64)
        return false;
    int a = ZydisRegisterGetId(mem->mem.base), b = ZydisRegisterGetId(mem->mem.index);
    return (a == base && b == reg) || (a == reg && b == base);
}

/* ---- sequences ---------------------------------------------------------------------------------------------------- */

static bool is_c3(const struct bundle *b, unsigned i)
{
    const struct subject *s = &b->part[i], *and = i >= 2 ? &b->part[i - 2] : NULL;
    if (!and || (s->insn.mnemonic != ZYDIS_MNEMONIC_JMP && s->insn.mnemonic != ZYDIS_MNEMONIC_CALL) ||
        s->ops[0].type != ZYDIS_OPERAND_TYPE_REGISTER || s->insn.operand_width != 64)
        return false;
    int reg = ZydisRegisterGetId(s->ops[0].reg.value);
    return reg != RSP && is_register(&s->ops[0], ZYDIS_REGCLASS_GPR64, reg) && is_base(s - 1, ZYDIS_MNEMONIC_ADD, reg) &&
           and->insn.mnemonic == ZYDIS_MNEMONIC_AND && is_register(&and->ops[0], ZYDIS_REGCLASS_GPR32, reg) &&
           and->ops[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE && (int32_t)and->ops[1].imm.value.s == -BH_BUNDLE_SIZE;
}

/* The two instructions before part i confine reg. base: the register that holds B, or -1. */
static bool confines(const struct bundle *b, unsigned i, int reg, int base)
{
    if (i < 2 || !is_cut(&b->part[i - 2], reg))
        return false;
    return base < 0 ? is_base(&b->part[i - 1], ZYDIS_MNEMONIC_ADD, reg) : is_lea(&b->part[i - 1], base, reg);
}

/* The registers that a string instruction uses for memory and that have to be confined: bit 0 rdi, bit 1 rsi. */
static unsigned string_registers(const struct bundle *b, const struct subject *s)
{
    unsigned must = 0;
    for (unsigned i = 0; i < s->insn.operand_count; i++) {
        const ZydisDecodedOperand *op = &s->ops[i];
        if (op->type != ZYDIS_OPERAND_TYPE_MEMORY)
            continue;
        if (op->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE || b->isolation == BH_ISOLATE_FULL)
            must |= op->mem.base == ZYDIS_REGISTER_RDI ? 1 : op->mem.base == ZYDIS_REGISTER_RSI ? 2 : 4;
        if (op->mem.segment == ZYDIS_REGISTER_FS || op->mem.segment == ZYDIS_REGISTER_GS)
            must |= 4; /* nothing confines that */
    }
    return must;
}

static bool is_m4(const struct bundle *b, unsigned i)
{
    const struct subject *s = &b->part[i];
    if (s->insn.meta.category != ZYDIS_CATEGORY_STRINGOP || s->insn.address_width != 64)
        return false;
    unsigned must = string_registers(b, s);
    bool rep = s->insn.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE);
    for (int base = -1; base < 16; base++) {
        unsigned done = 0, at = i;
        if (base == RSP || base == RSI || base == RDI || (rep && base == RCX))
            continue;
        if (confines(b, at, RSI, base))
            done |= 2, at -= 2;
        if (confines(b, at, RDI, base))
            done |= 1, at -= 2;
        if (!(must & ~done) && (base < 0 || (at >= 1 && is_base(&b->part[at - 1], ZYDIS_MNEMONIC_MOV, base))))
            return true;
    }
    return false;
}

static bool writes_esp(const struct subject *s)
{
    return s->ops[0].type == ZYDIS_OPERAND_TYPE_REGISTER && s->ops[0].reg.value == ZYDIS_REGISTER_ESP &&
           s->ops[0].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
}

/* The register that part i loads with B, or -1. */
static int loaded_base(const struct bundle *b, unsigned i)
{
    for (int reg = 0; reg < 16; reg++)
        if (reg != RSP && is_base(&b->part[i], ZYDIS_MNEMONIC_MOV, reg))
            return reg;
    return -1;
}

/* Does S3 begin with the write to esp in part i? */
static bool is_s3(const struct bundle *b, unsigned i)
{
    const struct subject *s = &b->part[i];
    if (!writes_esp(s) || i + 1 >= b->count)
        return false;
    const ZydisDecodedOperand *source = &s->ops[1];
    if (source->type == ZYDIS_OPERAND_TYPE_MEMORY && s->insn.mnemonic != ZYDIS_MNEMONIC_LEA) {
        bool m1 = source->mem.segment == ZYDIS_REGISTER_GS, m3 = source->mem.base == ZYDIS_REGISTER_RSP;
        if (s->insn.mnemonic != ZYDIS_MNEMONIC_MOV || (!m1 && !m3 && source->mem.base != ZYDIS_REGISTER_RIP))
            return false;
    }
    if (is_base(&b->part[i + 1], ZYDIS_MNEMONIC_ADD, RSP))
        return true;
    int reg = i ? loaded_base(b, i - 1) : -1;
    return reg >= 0 && is_lea(&b->part[i + 1], reg, RSP) && s->insn.mnemonic == ZYDIS_MNEMONIC_MOV &&
           source->type == ZYDIS_OPERAND_TYPE_REGISTER;
}

/* ---- checks ------------------------------------------------------------------------------------------------------- */

static bool accepted_alone(const struct bundle *b, const struct subject *s)
{
    uint8_t code[BUNDLE];
    if (s->insn.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE && s->ops[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
        return true; /* where it may lead depends on the bundle */
    memset(code, HLT, sizeof code);
    memcpy(code, s->bytes, s->length);
    if (!accepts(code, sizeof code, b->isolation, 0, IMAGE_HI, NULL))
        return false;
    try_insn(s->bytes, s->length);
    return true;
}

static void check_part(const struct bundle *b, unsigned i)
{
    const struct subject *s = &b->part[i];
    if (!compare_llvm_length(s))
        return;
    if (i && s->insn.mnemonic == ZYDIS_MNEMONIC_HLT)
        return; /* the fill */
    if (accepted_alone(b, s))
        return;
    if (use_cpu)
        compare_cpu_length(s);
    if (!is_c3(b, i) && !is_m4(b, i) && !is_s3(b, i) && !(i && is_s3(b, i - 1)))
        disagree(s, "Zydis", "part %u of an accepted bundle is accepted neither alone nor in a sequence", i);
}

/* An accepted bundle, instruction by instruction. */
static void check_bundle(struct bundle *b)
{
    unsigned at = 0;
    for (b->count = 0; at < BUNDLE; b->count++) {
        struct subject *s = &b->part[b->count];
        memset(s, 0, sizeof *s);
        memset(s->bytes, HLT, sizeof s->bytes);
        memcpy(s->bytes, b->code + at, BUNDLE - at);
        if (!zydis_decode(s) || s->length > BUNDLE - at) {
            disagree(s, "Zydis", "an accepted bundle does not decode at byte %u", at);
            return;
        }
        at += s->length;
    }
    for (unsigned i = 0; i < b->count; i++)
        check_part(b, i);
}

static bool try_bundle(const uint8_t *code, unsigned size)
{
    static struct bundle b;
    bool any = false;
    memset(b.code, HLT, sizeof b.code);
    memcpy(b.code, code, size);
    static const int isolations[] = {BH_ISOLATE_FULL, BH_ISOLATE_STORES};
    for (unsigned i = 0; i < 2; i++) {
        b.isolation = isolations[i];
        statistics.tried++;
        if (!accepts(b.code, sizeof b.code, b.isolation, 0, IMAGE_HI, NULL)) {
            statistics.refused++;
            continue;
        }
        any = true;
        statistics.sequences++;
        check_bundle(&b);
    }
    return any;
}

/* ---- the sequences, assembled ------------------------------------------------------------------------------------- */

struct code {
    uint8_t bytes[48];
    unsigned size;
};

static void emit(struct code *c, unsigned count, const uint8_t *bytes)
{
    memcpy(c->bytes + c->size, bytes, count);
    c->size += count;
}
#define EMIT(code, ...) emit(code, sizeof (const uint8_t[]){__VA_ARGS__}, (const uint8_t[]){__VA_ARGS__})

static void emit_base(struct code *c, unsigned opcode, unsigned reg)
{
    EMIT(c, 0x65, reg & 8 ? 0x4C : 0x48, (uint8_t)opcode, (uint8_t)((reg & 7) << 3 | 4), 0x25, 0, 0, 1, 0);
}

static void emit_c3(struct code *c, unsigned reg, bool call)
{
    if (reg & 8)
        EMIT(c, 0x41);
    EMIT(c, 0x83, (uint8_t)(0xE0 | (reg & 7)), 0xE0);
    emit_base(c, 0x03, reg);
    if (reg & 8)
        EMIT(c, 0x41);
    EMIT(c, 0xFF, (uint8_t)((call ? 0xD0 : 0xE0) | (reg & 7)));
}

/* base: 16 for the form that adds, otherwise the register that holds B. */
static void emit_confine(struct code *c, unsigned reg, unsigned base)
{
    EMIT(c, 0x89, (uint8_t)(0xC0 | reg << 3 | reg));
    if (base == 16) {
        emit_base(c, 0x03, reg);
        return;
    }
    bool displaced = (base & 7) == 5;
    EMIT(c, base & 8 ? 0x49 : 0x48, 0x8D, (uint8_t)(displaced << 6 | reg << 3 | 4), (uint8_t)(reg << 3 | (base & 7)));
    if (displaced)
        EMIT(c, 0);
}

enum { STRING_FORMS = 17 * 5 * 4 * 3 };
static void emit_m4(struct code *c, unsigned number)
{
    unsigned base = number % 17, which = number / 17 % 5, width = number / 85 % 4, rep = number / 340;
    static const uint8_t opcodes[] = {0xA4, 0xA6, 0xAA, 0xAC, 0xAE}, uses[] = {3, 3, 1, 2, 1};
    if (base < 16)
        emit_base(c, 0x8B, base);
    if (uses[which] & 1)
        emit_confine(c, RDI, base);
    if (uses[which] & 2)
        emit_confine(c, RSI, base);
    if (rep)
        EMIT(c, rep == 1 ? 0xF3 : 0xF2);
    if (width > 1)
        EMIT(c, width == 2 ? 0x66 : 0x48);
    EMIT(c, (uint8_t)(opcodes[which] | (width > 0)));
}

/* Writes to esp: from each register by each instruction, and from immediates and memory. */
static const uint8_t moves[] = {0x89, 0x01, 0x29, 0x21, 0x8B, 0x03, 0x2B, 0x23};
static const struct {
    uint8_t size, bytes[10];
} heads[] = {{5, {0xBC, 0, 0, 1, 0}}, {6, {0xC7, 0xC4, 0, 0, 1, 0}}, {3, {0x83, 0xE4, 0xF0}}, {6, {0x81, 0xE4, 0, 0xF0, 0xFF, 0xFF}},
             {3, {0x83, 0xC4, 0x10}}, {6, {0x81, 0xEC, 0, 0, 0x10, 0}}, {4, {0x8D, 0x64, 0x24, 0x10}}, {4, {0x8D, 0x64, 0x05, 0x10}},
             {4, {0x8B, 0x64, 0x24, 0x10}}, {6, {0x8B, 0x25, 0, 0x11, 0, 0}}, {5, {0x67, 0x65, 0x8B, 0x60, 0x10}},
             {8, {0x65, 0x8B, 0x24, 0x25, 0, 1, 1, 0}}, {2, {0x8B, 0x20}}, {4, {0x03, 0x64, 0x24, 0x10}}};
enum { MOVES = sizeof moves * 16, HEADS = sizeof heads / sizeof *heads, C3_FORMS = 32, C4_FORMS = 16, MOVED_FORMS = 256,
       SEQUENCES = C3_FORMS + C4_FORMS + STRING_FORMS + MOVES + HEADS + MOVED_FORMS };

static void emit_s3(struct code *c, unsigned number)
{
    if (number < HEADS) {
        emit(c, heads[number].size, heads[number].bytes);
    } else {
        unsigned reg = (number - HEADS) % 16, opcode = moves[(number - HEADS) / 16];
        bool store = !(opcode & 2);
        if (reg & 8)
            EMIT(c, store ? 0x44 : 0x41);
        EMIT(c, (uint8_t)opcode, (uint8_t)(store ? 0xC4 | (reg & 7) << 3 : 0xE0 | (reg & 7)));
    }
    emit_base(c, 0x03, RSP);
}

static void emit_moved(struct code *c, unsigned number)
{
    unsigned base = number % 16, source = number / 16;
    emit_base(c, 0x8B, base);
    if (source & 8)
        EMIT(c, 0x44);
    EMIT(c, 0x89, (uint8_t)(0xC4 | (source & 7) << 3), base & 8 ? 0x4A : 0x48, 0x8D, 0x24, (uint8_t)((base & 7) << 3 | 4));
}

static struct code assemble(uint64_t number)
{
    struct code c = {.size = 0};
    unsigned n = (unsigned)number;
    if (n < C3_FORMS) {
        emit_c3(&c, n % 16, n >= 16);
    } else if ((n -= C3_FORMS) < C4_FORMS) {
        if (n & 8)
            EMIT(&c, 0x41);
        EMIT(&c, (uint8_t)(0x58 | (n & 7)));
        emit_c3(&c, n, false);
    } else if ((n -= C4_FORMS) < STRING_FORMS) {
        emit_m4(&c, n);
    } else if ((n -= STRING_FORMS) < MOVES + HEADS) {
        emit_s3(&c, n);
    } else {
        emit_moved(&c, n - (MOVES + HEADS));
    }
    return c;
}

/* Which of them the contract allows; for the others nothing is known beforehand. */
static bool is_good(uint64_t number)
{
    unsigned n = (unsigned)number;
    if (n < C3_FORMS)
        return n % 16 != RSP;
    if ((n -= C3_FORMS) < C4_FORMS)
        return n != RSP;
    if ((n -= C4_FORMS) < STRING_FORMS) {
        unsigned base = n % 17, which = n / 17 % 5, rep = n / 340;
        bool repne = rep == 2 && which != 1 && which != 4, rax = which == 2 || which == 4;
        return !repne && base != RSP && base != RSI && base != RDI && !(rep && base == RCX) && !(rax && base == RAX);
    }
    if ((n -= STRING_FORMS) < HEADS)
        return n < HEADS - 2;
    return (n -= HEADS) < MOVES || (n - MOVES) % 16 != RSP;
}

uint64_t sequence_count(void)
{
    return SEQUENCES;
}

void run_sequence(uint64_t number, bool sample)
{
    struct code c = assemble(number);
    if (!try_bundle(c.bytes, c.size) && is_good(number)) {
        statistics.disagreements++;
        printf("sequences.c: number %llu is refused\n", (unsigned long long)number);
    }
    for (unsigned i = 0; i < c.size; i++)
        for (unsigned change = 1; change < 256; change++) {
            struct code other = c;
            if (sample && mix(number << 16 | i << 8 | change) >> 60)
                continue;
            other.bytes[i] ^= (uint8_t)change;
            try_bundle(other.bytes, other.size);
        }
}
