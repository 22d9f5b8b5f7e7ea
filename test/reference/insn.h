/* One decoded instruction, as the reference verifier's rules look at it. */
#ifndef BULKHEAD_TEST_REFERENCE_INSN_H
#define BULKHEAD_TEST_REFERENCE_INSN_H

#include <Zydis/Zydis.h>

#include "reference.h"

enum { GPR_RAX = 0, GPR_RCX = 1, GPR_RSP = 4, GPR_RBP = 5, GPR_RSI = 6, GPR_RDI = 7 };

enum sequence { SEQ_NONE, SEQ_M4, SEQ_C3, SEQ_C4, SEQ_S3 };

/* The prefix bytes, counted by what they are. */
struct prefixes {
    unsigned total;    /* REX included, VEX not */
    unsigned leading;  /* 2Eh at the very start */
    unsigned n2e, n66, n67, gs, fs, other_segment, lock, f2, f3, rex;
    bool rex_is_last;  /* or there is none */
    uint8_t rex_byte;  /* the last REX, 0 when there is none */
};

struct insn {
    uint64_t address;      /* image-relative */
    const uint8_t *bytes;
    unsigned length;
    ZydisDecodedInstruction z;
    ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
    struct prefixes prefix;

    enum sequence sequence; /* the sequence it belongs to */
    unsigned position;      /* in that sequence; only position 0 may be a branch target */
};

enum decode_result { DECODED, DECODE_TRUNCATED, DECODE_UNKNOWN };

/* Decodes the instruction at bytes; available is the code that is left, beyond the bundle too. */
enum decode_result insn_decode(struct insn *insn, const uint8_t *bytes, uint64_t available, uint64_t address);

/* The register number's bit 3 and the like: from REX or, turned round, from VEX. */
bool insn_rex_w(const struct insn *insn);
bool insn_rex_r(const struct insn *insn);
bool insn_rex_x(const struct insn *insn);
bool insn_rex_b(const struct insn *insn);

/* Has the given one-byte opcode (no 0Fh before it). */
bool insn_is_opcode(const struct insn *insn, unsigned opcode);
bool insn_is_0f(const struct insn *insn, unsigned opcode);
/* Its ModRM byte names memory (lea, nop and ud1 included). */
bool insn_names_memory(const struct insn *insn);
/* It accesses the memory that its ModRM byte names. */
const ZydisDecodedOperand *insn_memory_operand(const struct insn *insn);
bool insn_is_nop(const struct insn *insn);
bool insn_is_string(const struct insn *insn);
bool insn_is_direct_branch(const struct insn *insn);
bool insn_is_indirect_branch(const struct insn *insn);
bool insn_is_push(const struct insn *insn);
bool insn_is_pop(const struct insn *insn);
bool insn_has_mandatory(const struct insn *insn, uint8_t prefix);

/* allow.c: the instruction is in the list of section 7, whatever its operands and prefixes. */
bool rule_allow_list(const struct insn *insn);

/* rules.c: each says whether the instruction keeps the rule. */
bool rule_prefix(const struct insn *insn);
bool rule_memory(const struct insn *insn);
/* The name of the rule that the memory operand breaks, or REF_RULE_COUNT. */
enum ref_rule rule_M1_M2_M3(const struct insn *insn, const struct bh_verify_input *input);
bool rule_S1(const struct insn *insn);
/* The constant by which S1 lets it change rsp. */
bool insn_rsp_constant(const struct insn *insn, int64_t *constant);
bool insn_is_m3(const struct insn *insn);
/* S2: certainly accesses memory through rsp. */
bool insn_touches_stack(const struct insn *insn);

/* sequences.c: marks the sequences of one bundle, count instructions of the total that are given (the next bundle's are the
 * rest). False when one goes on into the next bundle (C1); a pop before C3 may. */
bool mark_sequences(struct insn *insn, unsigned count, unsigned total, int isolation);
/* The exact form of a string instruction: which registers it uses, whether it repeats. False: some other form. */
bool string_template(const struct insn *insn, bool *rdi, bool *rsi, bool *repeats);

/* facts.c */
uint32_t insn_facts(const struct insn *insn);
#endif
