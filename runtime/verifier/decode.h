/* The decoder: from bytes to table entry, length and fields. It judges nothing; core.c does.
 *
 * Reads at most BH_DECODE_WINDOW bytes from the start of an instruction, whatever they are: the caller must have them.
 */
#ifndef BULKHEAD_VERIFIER_DECODE_H
#define BULKHEAD_VERIFIER_DECODE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "entry.h"
#include "step.h"

#include "tables.inc"

/* 14 prefixes, REX, three opcode bytes, ModRM, SIB, displacement, two immediates; rounded up. */
enum { BH_DECODE_WINDOW = 40, BH_MAX_LENGTH = 15 };

/* Legacy prefixes. The first four numbers select the table by their position. */
enum {
    PREFIX_66 = 1 << 0,
    PREFIX_F3 = 1 << 1,
    PREFIX_F2 = 1 << 2,
    PREFIX_LOCK = 1 << 3,
    PREFIX_67 = 1 << 4,
    PREFIX_GS = 1 << 5,
    PREFIX_CS = 1 << 6,      /* 2Eh, before every other prefix */
    PREFIX_CS_LATE = 1 << 7, /* 2Eh after another prefix */
    PREFIX_FS = 1 << 8,
    PREFIX_SEGMENT = 1 << 9,    /* 26h, 36h, 3Eh */
    PREFIX_REPEATED = 1 << 10,  /* any of them twice, except 2Eh */
    PREFIX_REX_MOVED = 1 << 11, /* a REX that is not the last prefix */
};

enum { REX_B = 1, REX_X = 2, REX_R = 4, REX_W = 8 };

struct insn {
    const struct bh_entry *entry; /* NULL: not in the table */
    unsigned length;              /* 0: unknown */
    unsigned seen;                /* the length, or if it is unknown, how many bytes were looked at */
    unsigned prefix, cs_count;
    unsigned rex; /* the REX byte, or the same bits made from VEX (then without 40h); 0: none */
    bool vex, vex_l;
    uint8_t opcode, vvvv, modrm, sib;
    int32_t disp;
    int32_t imm; /* the first immediate of at most 4 bytes, sign-extended */
};

static inline unsigned insn_mod(const struct insn *in) { return in->modrm >> 6; }
static inline unsigned insn_reg(const struct insn *in) { return (in->modrm >> 3 & 7) | (in->rex & REX_R ? 8 : 0); }
static inline unsigned insn_rm(const struct insn *in) { return (in->modrm & 7) | (in->rex & REX_B ? 8 : 0); }
static inline unsigned insn_opc(const struct insn *in) { return (in->opcode & 7) | (in->rex & REX_B ? 8 : 0); }

static inline bool insn_has_memory(const struct insn *in) { return (in->entry->flags & BH_MODRM) && insn_mod(in) != 3; }

static inline unsigned prefix_bit(uint8_t byte) {
    static const uint16_t bits[256] = {
        [0x66] = PREFIX_66,      [0xF3] = PREFIX_F3,      [0xF2] = PREFIX_F2,      [0xF0] = PREFIX_LOCK,
        [0x67] = PREFIX_67,      [0x65] = PREFIX_GS,      [0x2E] = PREFIX_CS,      [0x64] = PREFIX_FS,
        [0x26] = PREFIX_SEGMENT, [0x36] = PREFIX_SEGMENT, [0x3E] = PREFIX_SEGMENT,
    };
    return bits[byte];
}

/* Takes the legacy prefixes off; returns the first byte after them. */
static inline const uint8_t *decode_prefixes(struct insn *in, const uint8_t *p) {
    const uint8_t *end = p + BH_MAX_LENGTH - 1;
    for (unsigned bit; p < end && (bit = prefix_bit(*p)) != 0; p++) {
        if (bit == PREFIX_CS) {
            in->cs_count++;
            bit = in->prefix & ~(unsigned)PREFIX_CS ? PREFIX_CS_LATE : PREFIX_CS;
        } else if (in->prefix & bit) {
            bit |= PREFIX_REPEATED;
        }
        in->prefix |= bit;
    }
    return p;
}

/* The opcode after C4 or C5: fills rex, vvvv, L; returns the slot, 0 for a map that is not listed. */
static inline unsigned decode_vex(struct insn *in, const uint8_t **position) {
    const uint8_t *p = *position;
    unsigned map = 1, last = p[1];
    in->vex = true;
    in->rex = last & 0x80 ? 0 : REX_R;
    if (p[0] == 0xC4) {
        map = p[1] & 0x1F;
        last = p[2];
        in->rex = (~p[1] & 0x80 ? REX_R : 0) | (~p[1] & 0x40 ? REX_X : 0) | (~p[1] & 0x20 ? REX_B : 0) |
                  (last & 0x80 ? REX_W : 0);
        p++;
    }
    in->vvvv = (uint8_t)(~last >> 3 & 15);
    in->vex_l = last & 4;
    in->opcode = p[2];
    *position = p + 3;
    if (map < 1 || map > 3)
        return 0;
    return bh_vex[(((map - 1) * 4 + (last & 3)) * 4 + (in->vex_l ? 2 : 0) + (in->rex & REX_W ? 1 : 0)) * 256 +
                  in->opcode];
}

static inline unsigned decode_legacy(struct insn *in, const uint8_t **position) {
    const uint8_t *p = *position;
    unsigned map = 0, pp = 0;
    if (*p == 0x0F) {
        map = 1;
        p++;
        if (*p == 0x38 || *p == 0x3A)
            map = *p++ == 0x38 ? 2 : 3;
    }
    in->opcode = *p++;
    *position = p;
    if (in->prefix & (PREFIX_66 | PREFIX_F3 | PREFIX_F2))
        pp = in->prefix & PREFIX_F3 ? 2 : in->prefix & PREFIX_F2 ? 3 : 1;
    return bh_legacy[(map * 4 + pp) * 256 + in->opcode];
}

/* ModRM, SIB and displacement; returns the first byte after them. */
static inline const uint8_t *decode_operand(struct insn *in, const uint8_t *p) {
    unsigned mod = *p >> 6, rm = *p & 7;
    in->modrm = *p++;
    if (mod == 3)
        return p;
    if (rm == 4) {
        in->sib = *p++;
        if (mod == 0 && (in->sib & 7) == 5)
            mod = 2;
    } else if (mod == 0 && rm == 5) {
        mod = 2;
    }
    if (mod == 1) {
        in->disp = (int8_t)*p;
        return p + 1;
    }
    if (mod == 2) {
        in->disp = load_i32(p);
        return p + 4;
    }
    return p;
}

static inline unsigned imm_length(const struct insn *in) {
    bool word = (in->prefix & PREFIX_66) && !(in->rex & REX_W);
    switch (in->entry->imm) {
    case BH_IMM_Z: return word ? 2 : 4;
    case BH_IMM_V: return in->rex & REX_W ? 8 : word ? 2 : 4;
    default: return in->entry->imm;
    }
}

static inline void decode(struct insn *in, const uint8_t *code) {
    const uint8_t *p = code;
    unsigned slot;
    memset(in, 0, sizeof *in);
    if (prefix_bit(*p))
        p = decode_prefixes(in, p);
    if ((*p & 0xF0) == 0x40) {
        in->rex = *p++;
        if (prefix_bit(*p) || (*p & 0xF0) == 0x40 || *p == 0xC4 || *p == 0xC5)
            in->prefix |= PREFIX_REX_MOVED;
        slot = in->prefix & PREFIX_REX_MOVED ? 0 : decode_legacy(in, &p);
    } else if ((*p & 0xFE) == 0xC4) {
        slot = decode_vex(in, &p);
    } else {
        slot = decode_legacy(in, &p);
    }
    in->seen = (unsigned)(p - code) + (slot & BH_GROUP ? 1 : 0);
    if (slot & BH_GROUP)
        slot = bh_groups[slot & ~(unsigned)BH_GROUP][*p < 0xC0 ? *p >> 3 & 7 : 8 + (*p & 63)];
    if (!slot)
        return;
    in->entry = &bh_entries[slot];
    if (in->entry->flags & BH_MODRM)
        p = decode_operand(in, p);
    unsigned imm = imm_length(in);
    in->imm = imm == 1 ? (int8_t)*p : imm == 2 ? (int16_t)(p[0] | p[1] << 8) : imm ? load_i32(p) : 0;
    in->length = in->seen = (unsigned)(p + imm - code);
}

#endif
