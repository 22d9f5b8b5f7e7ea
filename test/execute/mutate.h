/* Mutants of verified code: small changes that the verifier may or may not accept.
 *
 * Blind changes are nearly all refused, so most operators change something inside one instruction that leaves its length
 * alone, or move whole instructions; the statistics by operator show what each is worth.
 */
#ifndef BULKHEAD_TEST_MUTATE_H
#define BULKHEAD_TEST_MUTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/verify.h"

#define MUTATION_OPERATORS(X)                 \
    X(BIT, "flip a bit")                      \
    X(REGISTERS, "other registers (ModRM)")   \
    X(SIB, "another SIB byte")                \
    X(DISPLACEMENT, "another displacement")   \
    X(IMMEDIATE, "another immediate")         \
    X(REX, "other REX or VEX bits")           \
    X(OPCODE, "another opcode")               \
    X(PREFIX, "another prefix")               \
    X(INSERT, "insert a byte")                \
    X(REMOVE, "remove an instruction")        \
    X(SWAP, "swap neighbours")                \
    X(ROTATE, "shift the bundle")             \
    X(COPY, "an instruction from elsewhere")  \
    X(BRANCH, "another branch target")        \
    X(BUNDLE, "a bundle from elsewhere")      \
    X(RANDOM, "random bytes")
enum mutation_operator {
#define X(name, text) MUTATE_##name,
    MUTATION_OPERATORS(X)
#undef X
    MUTATION_OPERATOR_COUNT
};
extern const char *const mutation_names[MUTATION_OPERATOR_COUNT];

/* Code that is being mutated, in place. */
struct mutator {
    uint8_t *code;
    size_t size;
    uint64_t random;
    struct bh_verify_input input; /* for the whole code; scratch included */
    uint32_t *offsets;            /* of instructions that are neither fill nor nops, as they were at the start */
    unsigned count;
    uint64_t tried[MUTATION_OPERATOR_COUNT], accepted[MUTATION_OPERATOR_COUNT];
};

/* One change: of one bundle. */
struct mutation {
    enum mutation_operator operator;
    uint32_t offset; /* of the bundle */
    uint8_t before[BH_BUNDLE_SIZE], after[BH_BUNDLE_SIZE];
};

/* input describes accepted code (its code pointer is replaced by code). Exits with a message when memory is lacking. */
void mutator_init(struct mutator *m, uint8_t *code, const struct bh_verify_input *input, uint64_t seed);
void mutator_free(struct mutator *m);

/* Changes the code; true when the verifier accepts all of it still. When not, the change has been undone. */
bool mutator_try(struct mutator *m, struct mutation *mutation);
void mutator_undo(struct mutator *m, const struct mutation *mutation);

/* Tried, accepted and share by operator. */
void mutator_print(const struct mutator *m);

#endif
