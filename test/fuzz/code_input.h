/* What fuzz-code feeds to the verifiers: eight bytes of parameters, then code.
 *
 * byte 0  bit 0: isolation; bits 4-7: the code ends so many bytes before the end of its last bundle (truncated code)
 * byte 1  address of the code in units of 128 bytes
 * byte 2  first page of the image; byte 3 its number of pages
 * byte 4  C2's targets begin so many bundles into the code; byte 5 so many bundles they hold; both 0: all of the code
 * byte 6, 7: not used
 */
#ifndef BULKHEAD_TEST_FUZZ_CODE_INPUT_H
#define BULKHEAD_TEST_FUZZ_CODE_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "verifier/verify.h"

enum { PARAMETER_BYTES = 8, MAX_BUNDLES = 8, MAX_INSNS = BH_BUNDLE_SIZE, MAX_INPUT = PARAMETER_BYTES + MAX_BUNDLES * BH_BUNDLE_SIZE };

/* The parameters that the input's first bytes mean. Sets neither code nor scratch. */
void code_parameters(const uint8_t *data, size_t code_size, struct bh_verify_input *input);

/* One instruction, or bytes that are none, or a whole sequence: what the mutator moves around. */
struct piece {
    uint8_t length;
    uint8_t bytes[31];
};

struct random;

/* dictionary.c: valid encodings from real programs and made systematically. */
void dictionary_init(void);
struct piece dictionary_pick(struct random *r);
/* A sequence (C3, C4, M4, S3), a host call, or a stack constant with what may follow it; now and then slightly wrong. */
struct piece pattern_pick(struct random *r);
/* Any prefixes, opcode and operands. */
struct piece random_instruction(struct random *r);

/* mutate_insn.c: changes one field of one instruction. */
void mutate_piece(struct piece *piece, struct random *r);

#endif
