/* The reference verifier: the sequences M4, C3, C4 and S3. Each template is written out as bytes. */
#include <string.h>

#include "insn.h"

static bool bytes_are(const struct insn *insn, const uint8_t *bytes, unsigned length)
{
    return insn->length == length && !memcmp(insn->bytes, bytes, length);
}

/* addq %gs:0x10000, %R: 65 REX.W 03 /r 25 00000100; movq: opcode 8b. */
static bool is_base_access(const struct insn *insn, uint8_t opcode, unsigned reg)
{
    uint8_t bytes[9] = {0x65, (uint8_t)(reg & 8 ? 0x4C : 0x48), opcode, (uint8_t)((reg & 7) << 3 | 4), 0x25, 0, 0, 1, 0};
    return bytes_are(insn, bytes, sizeof bytes);
}

static bool is_add_base(const struct insn *insn, unsigned reg)
{
    return is_base_access(insn, 0x03, reg);
}

/* [41] opcode modrm: one of the short instructions of C3 and C4. */
static bool is_short(const struct insn *insn, uint8_t opcode, uint8_t modrm, unsigned reg, const uint8_t *immediate)
{
    uint8_t bytes[4];
    unsigned n = 0;
    if (reg & 8)
        bytes[n++] = 0x41;
    bytes[n++] = opcode;
    bytes[n++] = (uint8_t)(modrm | (reg & 7));
    if (immediate)
        bytes[n++] = *immediate;
    return bytes_are(insn, bytes, n);
}

/* andl $-32,%eR; addq %gs:0x10000,%R; jmp|call *%R */
static unsigned match_C3(const struct insn *insn, unsigned count, bool allow_call, unsigned *which)
{
    static const uint8_t mask = BH_BUNDLE_MASK_IMM8;
    if (count < 3 || !insn_is_indirect_branch(&insn[2]))
        return 0;
    for (unsigned reg = 0; reg < 16; reg++) {
        if (reg == GPR_RSP || !is_short(&insn[0], 0x83, 0xE0, reg, &mask) || !is_add_base(&insn[1], reg))
            continue;
        *which = reg;
        if (is_short(&insn[2], 0xFF, 0xE0, reg, NULL) || (allow_call && is_short(&insn[2], 0xFF, 0xD0, reg, NULL)))
            return 3;
    }
    return 0;
}

/* popq %R, then C3's jump through R. */
static unsigned match_C4(const struct insn *insn, unsigned count)
{
    unsigned reg;
    if (count < 4 || !match_C3(insn + 1, count - 1, false, &reg))
        return 0;
    uint8_t pop[2] = {0x41, (uint8_t)(0x58 | (reg & 7))};
    return reg & 8 ? (bytes_are(&insn[0], pop, 2) ? 4 : 0) : (bytes_are(&insn[0], pop + 1, 1) ? 4 : 0);
}

/* movl %eR,%eR as 89 /r. */
static bool is_cut(const struct insn *insn, unsigned reg)
{
    uint8_t bytes[2] = {0x89, (uint8_t)(0xC0 | reg << 3 | reg)};
    return bytes_are(insn, bytes, 2);
}

/* leaq (%R,%I),%I: REX.W 8d /r SIB, disp8 0 only for rbp and r13. */
static bool is_lea_base(const struct insn *insn, unsigned base, unsigned index)
{
    bool displaced = (base & 7) == GPR_RBP;
    uint8_t bytes[5] = {(uint8_t)(0x48 | (base & 8 ? 1 : 0)), 0x8D, (uint8_t)((displaced ? 0x40 : 0) | index << 3 | 4),
                        (uint8_t)(index << 3 | (base & 7)), 0};
    return bytes_are(insn, bytes, displaced ? 5 : 4);
}

bool string_template(const struct insn *insn, bool *rdi, bool *rsi, bool *repeats)
{
    const uint8_t *p = insn->bytes;
    bool f2 = *p == 0xF2, f3 = *p == 0xF3;
    p += f2 || f3;
    bool wide = *p == 0x66 || *p == 0x48;
    p += wide;
    if (p + 1 != insn->bytes + insn->length)
        return false;
    switch (*p) {
    case 0xA4: case 0xA5: *rdi = *rsi = true; break;               /* movs */
    case 0xA6: case 0xA7: *rdi = *rsi = true; break;               /* cmps */
    case 0xAA: case 0xAB: *rdi = true; *rsi = false; break;        /* stos */
    case 0xAC: case 0xAD: *rdi = false; *rsi = true; break;        /* lods */
    case 0xAE: case 0xAF: *rdi = true; *rsi = false; break;        /* scas */
    default: return false;
    }
    bool compares = (*p & 0xFE) == 0xA6 || (*p & 0xFE) == 0xAE;
    bool byte_wide = !(*p & 1);
    *repeats = f2 || f3;
    return !(f2 && !compares) && !(wide && byte_wide);
}

static bool uses_rax(const struct insn *insn)
{
    uint8_t group = insn->bytes[insn->length - 1] & 0xFE;
    return group == 0xAA || group == 0xAE;
}

/* Does the string instruction stand where the registers in rdi and rsi are confined? Under stores-only isolation only rdi
 * where it stores must be; what is confined right before it belongs to the sequence all the same. */
static bool string_fits(const struct insn *insn, bool rdi, bool rsi, int isolation, bool *repeats)
{
    bool uses_rdi, uses_rsi;
    if (!string_template(insn, &uses_rdi, &uses_rsi, repeats))
        return false;
    uint8_t group = insn->bytes[insn->length - 1] & 0xFE;
    bool stores = group == 0xA4 || group == 0xAA; /* movs, stos */
    if (isolation == BH_ISOLATE_STORES)
        return (uses_rdi || !rdi) && (uses_rsi || !rsi) && (rdi || !stores);
    return uses_rdi == rdi && uses_rsi == rsi;
}

/* movl %edi,%edi; addq %gs:0x10000,%rdi; [the same for rsi]; string instruction */
static unsigned match_M4_add(const struct insn *insn, unsigned count, int isolation)
{
    unsigned n = 0;
    bool rdi = false, rsi = false, repeats;
    if (n + 2 <= count && is_cut(&insn[n], GPR_RDI) && is_add_base(&insn[n + 1], GPR_RDI)) {
        rdi = true;
        n += 2;
    }
    if (n + 2 <= count && is_cut(&insn[n], GPR_RSI) && is_add_base(&insn[n + 1], GPR_RSI)) {
        rsi = true;
        n += 2;
    }
    return n && n < count && string_fits(&insn[n], rdi, rsi, isolation, &repeats) ? n + 1 : 0;
}

/* movq %gs:0x10000,%R; movl %edi,%edi; leaq (%R,%rdi),%rdi; [the same for rsi]; string instruction */
static unsigned match_M4_lea(const struct insn *insn, unsigned count, int isolation)
{
    if (insn[0].prefix.gs != 1)
        return 0;
    for (unsigned base = 0; base < 16; base++) {
        unsigned n = 1;
        bool rdi = false, rsi = false, repeats;
        if (base == GPR_RSP || base == GPR_RDI || base == GPR_RSI || !is_base_access(&insn[0], 0x8B, base))
            continue;
        if (n + 2 <= count && is_cut(&insn[n], GPR_RDI) && is_lea_base(&insn[n + 1], base, GPR_RDI)) {
            rdi = true;
            n += 2;
        }
        if (n + 2 <= count && is_cut(&insn[n], GPR_RSI) && is_lea_base(&insn[n + 1], base, GPR_RSI)) {
            rsi = true;
            n += 2;
        }
        if (n > 1 && n < count && string_fits(&insn[n], rdi, rsi, isolation, &repeats) && !(repeats && base == GPR_RCX) &&
            !(uses_rax(&insn[n]) && base == GPR_RAX))
            return n + 1;
    }
    return 0;
}

/* movl|leal|andl|subl|addl ...,%esp, exactly 32 bits. */
static bool is_S3_write(const struct insn *insn)
{
    const ZydisDecodedInstruction *z = &insn->z;
    bool register_form = z->raw.modrm.mod == 3;
    bool to_rm = z->raw.modrm.rm == GPR_RSP && !insn_rex_b(insn), to_reg = z->raw.modrm.reg == GPR_RSP && !insn_rex_r(insn);
    if (insn->prefix.n66 || insn_rex_w(insn) || insn->prefix.n2e || insn->prefix.rex_byte == 0x40)
        return false;
    if (z->encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY || z->opcode_map != ZYDIS_OPCODE_MAP_DEFAULT)
        return false;
    switch (z->opcode) {
    case 0x01: case 0x21: case 0x29: case 0x89: return register_form && to_rm;  /* add, and, sub, mov %eS,%esp */
    case 0x03: case 0x23: case 0x2B: return register_form && to_reg;
    case 0x8B: return to_reg;                                                   /* mov, from memory too */
    case 0x81: case 0x83:
        return register_form && to_rm && (z->raw.modrm.reg == 0 || z->raw.modrm.reg == 4 || z->raw.modrm.reg == 5);
    case 0xC7: return register_form && to_rm;
    case 0xBC: return !insn_rex_b(insn);
    case 0x8D: return to_reg;                                                   /* lea */
    default: return false;
    }
}

static unsigned match_S3(const struct insn *insn, unsigned count)
{
    return count >= 2 && is_S3_write(&insn[0]) && is_add_base(&insn[1], GPR_RSP) ? 2 : 0;
}

/* [44] 89 /r: movl %eS,%esp */
static bool is_move_to_esp(const struct insn *insn)
{
    for (unsigned reg = 0; reg < 16; reg++) {
        uint8_t bytes[3] = {0x44, 0x89, (uint8_t)(0xC4 | (reg & 7) << 3)};
        if (reg & 8 ? bytes_are(insn, bytes, 3) : bytes_are(insn, bytes + 1, 2))
            return true;
    }
    return false;
}

/* movq %gs:0x10000,%rX; movl %eS,%esp; leaq (%rsp,%rX),%rsp */
static unsigned match_S3_lea(const struct insn *insn, unsigned count)
{
    if (count < 3 || insn[0].prefix.gs != 1)
        return 0;
    for (unsigned reg = 0; reg < 16; reg++) {
        uint8_t lea[4] = {(uint8_t)(reg & 8 ? 0x4A : 0x48), 0x8D, 0x24, (uint8_t)((reg & 7) << 3 | 4)};
        if (reg != GPR_RSP && is_base_access(&insn[0], 0x8B, reg) && is_move_to_esp(&insn[1]) && bytes_are(&insn[2], lea, 4))
            return 3;
    }
    return 0;
}

static unsigned match_any(const struct insn *insn, unsigned count, int isolation, enum sequence *kind)
{
    unsigned n, unused;
    *kind = SEQ_C4;
    if ((n = match_C4(insn, count)))
        return n;
    *kind = SEQ_C3;
    if ((n = match_C3(insn, count, true, &unused)))
        return n;
    *kind = SEQ_S3;
    if ((n = match_S3(insn, count)) || (n = match_S3_lea(insn, count)))
        return n;
    *kind = SEQ_M4;
    if ((n = match_M4_add(insn, count, isolation)) || (n = match_M4_lea(insn, count, isolation)))
        return n;
    *kind = SEQ_NONE;
    return 1;
}

bool mark_sequences(struct insn *insn, unsigned count, unsigned total, int isolation)
{
    bool whole = true;
    for (unsigned i = 0; i < count;) {
        enum sequence kind;
        unsigned n = match_any(insn + i, total - i, isolation, &kind);
        if (n > count - i) {
            whole &= kind == SEQ_C4;
            kind = SEQ_NONE;
            n = 1;
        }
        for (unsigned k = 0; k < n; k++) {
            insn[i + k].sequence = kind;
            insn[i + k].position = k;
        }
        i += n;
    }
    return whole;
}
