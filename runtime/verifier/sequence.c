/* See sequence.h. Every template here is written out in docs/contract.md under the rule's name. */
#include "sequence.h"

#include <string.h>

#include "broken.h"
#include "bulkhead/layout.h"

enum { RAX = 0, RCX = 1, RSP = 4, RSI = 6, RDI = 7 };

/* ModRM and SIB of `%gs:disp32` with no register, disp32 = BH_CONTEXT_BASE; reg is the register operand. */
static bool is_base_operand(const uint8_t *p, unsigned reg) {
    static const uint8_t disp[] = {BH_CONTEXT_BASE & 255, BH_CONTEXT_BASE >> 8 & 255, BH_CONTEXT_BASE >> 16 & 255, 0};
    return p[0] == ((reg & 7) << 3 | 4) && p[1] == 0x25 && !broken(memcmp(p + 2, disp, sizeof disp) != 0);
}

/* `opcode %gs:0x10000,%reg`, 64 bits: 9 bytes. */
static unsigned match_base(const uint8_t *p, uint8_t opcode, unsigned reg) {
    return p[0] == 0x65 && p[1] == (reg & 8 ? 0x4C : 0x48) && p[2] == opcode && is_base_operand(p + 3, reg) ? 9 : 0;
}

unsigned bh_match_rsp_confined(const uint8_t *p) { return match_base(p, 0x03, RSP); }

/* `movq %gs:0x10000,%R` with any R but rsp; the register comes out. */
static unsigned match_load_base(const uint8_t *p, unsigned *reg) {
    if (p[0] != 0x65 || (p[1] != 0x48 && p[1] != 0x4C) || p[2] != 0x8B)
        return 0;
    *reg = (p[3] >> 3 & 7) | (p[1] == 0x4C ? 8 : 0);
    return broken(*reg == RSP) ? 0 : match_base(p, 0x8B, *reg);
}

unsigned bh_match_rsp_moved(const uint8_t *code) {
    unsigned reg;
    const uint8_t *p = code;
    unsigned n = match_load_base(p, &reg);
    if (!n)
        return 0;
    p += n;
    if (*p == 0x44) /* movl %eS,%esp with S = r8..r15 */
        p++;
    if (p[0] != 0x89 || broken((p[1] & 0xC7) != (0xC0 | RSP)))
        return 0;
    p += 2;
    /* leaq (%rsp,%rX),%rsp */
    if (p[0] != (reg & 8 ? 0x4A : 0x48) || p[1] != 0x8D || p[2] != (RSP << 3 | 4) ||
        broken(p[3] != ((reg & 7) << 3 | RSP)))
        return 0;
    return (unsigned)(p + 4 - code);
}

struct string_insn bh_match_string(const uint8_t *code, int isolation) {
    struct string_insn s = {0};
    const uint8_t *p = code;
    bool f2 = *p == 0xF2, full = isolation == BH_ISOLATE_FULL;
    s.rep = f2 || *p == 0xF3;
    if (s.rep)
        p++;
    bool wide = *p == 0x66 || *p == 0x48;
    if (wide)
        p++;
    bool byte = !(*p & 1), compares = false;
    switch (*p | 1) {
    case 0xA5: /* movs */
        s.may = USES_RDI | USES_RSI;
        s.must = full ? USES_RDI | USES_RSI : USES_RDI;
        break;
    case 0xA7: /* cmps */
        s.may = USES_RDI | USES_RSI;
        s.must = full ? USES_RDI | USES_RSI : 0;
        compares = true;
        break;
    case 0xAB: /* stos */
        s.may = s.must = USES_RDI;
        s.rax = true;
        break;
    case 0xAD: /* lods */
        s.may = USES_RSI;
        s.must = full ? USES_RSI : 0;
        break;
    case 0xAF: /* scas */
        s.may = USES_RDI;
        s.must = full ? USES_RDI : 0;
        compares = s.rax = true;
        break;
    default: return s;
    }
    if (broken(f2 && !compares) || broken(wide && byte))
        return s;
    s.length = (unsigned)(p + 1 - code);
    return s;
}

/* `movl %edi,%edi; addq %gs:0x10000,%rdi`, or the same for rsi. */
static unsigned match_confine(const uint8_t *p, unsigned reg) {
    if (p[0] != 0x89 || p[1] != (0xC0 | reg << 3 | reg))
        return 0;
    return match_base(p + 2, 0x03, reg) ? 11 : 0;
}

/* `movl %edi,%edi; leaq (%R,%rdi),%rdi`, or the same for rsi. */
static unsigned match_confine_lea(const uint8_t *p, unsigned reg, unsigned base) {
    unsigned displaced = (base & 7) == 5; /* rbp and r13 as a base need a displacement */
    if (p[0] != 0x89 || p[1] != (0xC0 | reg << 3 | reg))
        return 0;
    p += 2;
    if (p[0] != (base & 8 ? 0x49 : 0x48) || p[1] != 0x8D || p[2] != (displaced << 6 | reg << 3 | 4) ||
        broken(p[3] != (reg << 3 | (base & 7))) || broken(displaced && p[4] != 0))
        return 0;
    return 6 + displaced;
}

static unsigned match_m4(const uint8_t *code, int isolation) {
    const uint8_t *p = code;
    unsigned base = RSP, confined = 0, n;
    p += match_load_base(p, &base);
    bool lea = p != code;
    if ((n = lea ? match_confine_lea(p, RDI, base) : match_confine(p, RDI)) != 0) {
        confined |= USES_RDI;
        p += n;
    }
    if ((n = lea ? match_confine_lea(p, RSI, base) : match_confine(p, RSI)) != 0) {
        confined |= USES_RSI;
        p += n;
    }
    struct string_insn s = bh_match_string(p, isolation);
    if (!confined || !s.length || broken((s.must & ~confined) != 0) || broken((confined & ~s.may) != 0))
        return 0;
    /* R holds B through the whole sequence: the instruction must not use it as anything else. */
    if (lea &&
        (broken(base == RDI) || broken(base == RSI) || broken(s.rep && base == RCX) || broken(s.rax && base == RAX)))
        return 0;
    return (unsigned)(p + s.length - code);
}

/* `andl $-32,%eR; addq %gs:0x10000,%R; jmp|call *%R`. */
static unsigned match_c3(const uint8_t *code, bool *call, unsigned *reg) {
    const uint8_t *p = code;
    unsigned high = *p == 0x41, r;
    p += high;
    if (p[0] != 0x83 || (p[1] & 0xF8) != 0xE0 || broken(p[2] != BH_BUNDLE_MASK_IMM8))
        return 0;
    r = (p[1] & 7) | high << 3;
    p += 3;
    if (broken(r == RSP) || !match_base(p, 0x03, r))
        return 0;
    p += 9;
    if (high && *p++ != 0x41)
        return 0;
    *call = p[1] == (0xD0 | (r & 7));
    if (p[0] != 0xFF || (!*call && broken(p[1] != (0xE0 | (r & 7)))))
        return 0;
    *reg = r;
    return (unsigned)(p + 2 - code);
}

/* `popq %R; andl $-32,%eR; addq %gs:0x10000,%R; jmp *%R`. */
static unsigned match_c4(const uint8_t *code) {
    unsigned high = *code == 0x41, reg, n;
    bool call;
    if ((code[high] & 0xF8) != 0x58)
        return 0;
    n = match_c3(code + high + 1, &call, &reg);
    if (!n || broken(call) || broken(reg != ((code[high] & 7) | high << 3)))
        return 0;
    return high + 1 + n;
}

struct sequence bh_match_sequence(const uint8_t *code, int isolation) {
    struct sequence s = {0};
    bool call = false;
    unsigned reg;
    if ((s.length = match_c3(code, &call, &reg)) != 0) {
        s.rule = "C3";
        s.stack = call;
        s.jump = !call;
    } else if ((s.length = match_c4(code)) != 0) {
        s.rule = "C4";
        s.stack = true;
    } else if ((s.length = match_m4(code, isolation)) != 0) {
        s.rule = "M4";
    }
    return s;
}
