/* Examples of what a line of the instruction table stands for: a line names sets of prefixes, opcodes and ModRM bytes;
 * a form is one choice of each, and can be written down as bytes. For listing the table and for testing against it.
 */
#ifndef BULKHEAD_VERIFY_FORMS_H
#define BULKHEAD_VERIFY_FORMS_H

#include <stdbool.h>
#include <stddef.h>

#include "verifier/gentable.h"

/* All lines, in the order of the file. */
extern const struct bh_table_line *const table_lines;
extern const size_t table_line_count;

struct form {
    bool vex;
    unsigned pp, lw; /* 0: none, 1: 66, 2: F3, 3: F2; 2 * VEX.L + VEX.W */
    unsigned map, opcode;
    bool memory;    /* ModRM with mod < 3; meaningless without ModRM */
    unsigned modrm; /* ModRM.reg and, with a register, rm, as reg << 3 | rm */
};

/* Calls visit once for each combination of encoding, prefix, L and W, opcode, memory or register, and what the line
 * says about ModRM.reg (one reg for /r, each for /0,1,...; each byte for :c0-c7). Opcodes with a register in them come
 * once. */
typedef void form_visitor(void *context, const struct bh_table_line *line, const struct form *form);
void for_each_form(const struct bh_table_line *line, form_visitor *visit, void *context);

/* The line that takes the form, or NULL: then it is not in the table. */
const struct bh_table_line *line_of(const struct form *form);

/* How encode_form writes it. */
enum operand { OPERAND_CONFINED, OPERAND_RSP, OPERAND_PLAIN, OPERAND_FS };
struct encoding {
    enum operand operand; /* a memory operand: %gs:(%eax), (%rsp), (%rax), %fs:(%rax) */
    unsigned rex;         /* legacy: bits of a REX byte (0x40 included), or 0 */
    unsigned vvvv;        /* VEX: the register number */
    bool lock;
    const char *prefix; /* bytes before everything else, or NULL */
};

/* Writes the form as bytes (at most 32 are needed) with immediates 0; returns the length. */
size_t encode_form(const struct bh_table_line *line, const struct form *form, const struct encoding *how,
                   unsigned char *out);

#endif
