/* The lines of instructions.tbl as data, for programs that print, document or test the table (the verifier itself reads
 * only what gentable.c makes of them for the decoder). `gentable --lines` writes lines.inc, an array of these.
 */
#ifndef BULKHEAD_VERIFIER_GENTABLE_H
#define BULKHEAD_VERIFIER_GENTABLE_H

#include "entry.h"

enum bh_line_form { BH_FORM_ANY, BH_FORM_MEMORY, BH_FORM_REGISTER };

struct bh_table_line {
    unsigned number;                                          /* in the file */
    const char *section;                                      /* the heading above it */
    const char *encoding, *operands, *properties, *mnemonics; /* its fields, as they stand there */
    const char *rule;              /* the rule that refuses it by name, or NULL: it is accepted */
    uint8_t legacy, vex;           /* which encodings it stands for; both for SSE and AVX in one line */
    uint8_t map;                   /* 0: one byte, 1: 0F, 2: 0F38, 3: 0F3A */
    uint8_t pp_mask;               /* bit: mandatory prefix none, 66, F3, F2 */
    uint8_t lw_mask;               /* bit 2 * VEX.L + VEX.W */
    uint8_t form;                  /* enum bh_line_form: what ModRM.rm may be */
    uint8_t no_modrm;              /* the instruction has no ModRM byte */
    uint8_t plus_r;                /* the opcode's low three bits are a register */
    uint8_t vvvv;                  /* the VEX form uses VEX.vvvv */
    uint8_t modrm[BH_GROUP_SLOTS]; /* the groups' slots that it takes (see entry.h) */
    uint32_t opcode[8];            /* bitmap of opcodes */
    struct bh_entry entry;         /* of the legacy form if there is one */
    uint16_t vex_facts;            /* of the VEX form */
};

#endif
