/* Every form of every instruction that the verifier's table accepts, as bytes to execute.
 *
 * A place is what one line of the table says about one opcode: opcode map, mandatory prefix, for VEX also L and W, opcode,
 * and, where the table looks at ModRM, the reg field of a memory form or the whole byte of a register form. For each place
 * come register operands, all kinds of memory operand, legal prefixes in all orders and extreme displacements and
 * immediates. The generator proposes freely, the sink asks the verifier, and only what it accepts is kept: so the
 * generator knows no rule that it could share a mistake in.
 */
#ifndef BULKHEAD_TEST_FORMS_H
#define BULKHEAD_TEST_FORMS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Legacy places [map 0-3][pp][opcode], VEX places [map 1-3][pp][L][W][opcode], each with 72 ModRM possibilities: eight for
 * the memory forms, 64 for the register forms (see runtime/verifier/entry.h). */
enum { FORMS_LEGACY = 4 * 4 * 256, FORMS_SLOTS = FORMS_LEGACY + 3 * 4 * 4 * 256, FORMS_PLACES = FORMS_SLOTS * 72 };

/* OPERAND_FREE is none of M1 to M3: loads may use it under stores-only isolation. */
enum operand {
    OPERAND_NONE, OPERAND_REGISTER, OPERAND_M1, OPERAND_M1_ABSOLUTE, OPERAND_M2, OPERAND_M3, OPERAND_FREE, OPERAND_COUNT
};

struct form {
    uint8_t bytes[40];
    unsigned length;      /* of everything */
    unsigned head;        /* of the first instruction, which is the whole form unless it is a sequence */
    uint32_t place;       /* FORMS_PLACES for sequences that no place stands for (S3) */
    enum operand operand;
    int m2_at;            /* where an M2 displacement is to be filled in, or -1 */
    uint32_t m2_slack;    /* bytes from its target to the image's end */
    int branch_at;        /* where a branch displacement is to be filled in, or -1 */
    unsigned branch_size; /* 1 or 4 */
    bool anywhere;        /* it may jump to any bundle of the slot (C3, C4) */
    int hostcall_at;      /* where a C5 displacement is to be filled in, or -1 */
};

/* Takes a form that the generator proposes; true when the verifier accepts it. */
typedef bool forms_sink(void *context, const struct form *form);

/* Proposes until depth forms of each place and kind of operand were accepted (or it seems that none will be); operands that
 * are free and string instructions that are not confined only if free_loads. The same seed gives the same forms. */
void forms_generate(unsigned depth, bool free_loads, uint64_t seed, forms_sink *sink, void *context);

/* Its part that makes sequences (C3, C4, C5, M4, the second form of S3): all registers, in every combination. */
void forms_generate_sequences(bool free_loads, forms_sink *sink, void *context);

static inline void put(struct form *f, unsigned byte)
{
    f->bytes[f->length++] = (uint8_t)byte;
}

static inline void put32(struct form *f, uint32_t value)
{
    memcpy(f->bytes + f->length, &value, sizeof value);
    f->length += (unsigned)sizeof value;
}

/* True for places that the table does not refuse; the sink must accept at least one form of each. */
bool forms_place_listed(uint32_t place);

/* True for places of vector instructions that are encoded with VEX, which some emulators lack. */
bool forms_place_avx(uint32_t place);

/* True when it pushes, pops or may go anywhere (call, jump); true when it is made to trap (ud2, ud1). */
bool forms_place_uses_stack(uint32_t place);
bool forms_place_traps(uint32_t place);

/* "0f 58 66 vex.1.0 /r" and the like, for messages: the place as the table would write it. */
void forms_describe(uint32_t place, char *text, unsigned size);

#endif
