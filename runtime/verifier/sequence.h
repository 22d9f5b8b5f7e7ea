/* Sequences: instructions that are only safe together (M4, C3, C4). Compared byte by byte with templates, so there is
 * one encoding for each choice of registers and nothing can hide inside one.
 */
#ifndef BULKHEAD_VERIFIER_SEQUENCE_H
#define BULKHEAD_VERIFIER_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

struct sequence {
    unsigned length;  /* 0: no sequence starts here */
    const char *rule; /* "M4", "C3", "C4" */
    bool stack;       /* begins or ends with a push or pop that certainly happens (C4, call of C3) */
    bool jump;        /* leaves without touching the stack first (jmp of C3) */
};

/* The bytes after the first instruction's are compared too; code must have SEQUENCE_WINDOW readable bytes. isolation as
 * in struct bh_verify_input. The caller checks that the sequence lies in one bundle. */
enum { SEQUENCE_WINDOW = 32 };
struct sequence bh_match_sequence(const uint8_t *code, int isolation);

/* The tail of an S3 sequence, `addq %gs:0x10000,%rsp`, or 0 for its length. */
unsigned bh_match_rsp_confined(const uint8_t *code);

/* `movq %gs:0x10000,%rX; movl %eS,%esp; leaq (%rsp,%rX),%rsp`: its length, or 0. */
unsigned bh_match_rsp_moved(const uint8_t *code);

/* A string instruction as it may stand at the end of M4. */
enum { USES_RDI = 1, USES_RSI = 2 };
struct string_insn {
    unsigned length; /* 0: not a string instruction, or another encoding of one */
    unsigned may;    /* the registers that it uses for memory */
    unsigned must;   /* those which have to be confined under the isolation */
    bool rep;        /* uses rcx */
    bool rax;        /* reads rax */
};
struct string_insn bh_match_string(const uint8_t *code, int isolation);

#endif
