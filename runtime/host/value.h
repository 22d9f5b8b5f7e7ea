/* Values of calls and callbacks, and the words that hold them on their way. */
#ifndef BULKHEAD_RUNTIME_VALUE_H
#define BULKHEAD_RUNTIME_VALUE_H

#include <stdbool.h>

#include "bulkhead/bulkhead.h"

/* Words of bh_registers, as bh_parameter.piece counts them; and where else values are. */
enum {
    BH_PASS_INTEGER = 0,
    BH_PASS_VECTOR = 6,
    BH_PASS_RAX = 14,
    BH_PASS_RDX = 15,
    BH_PASS_XMM0 = 16,
    BH_PASS_XMM1 = 17,
    BH_PASS_ST0 = 64,
    BH_PASS_MEMORY = 255
};
/* Between a scalar (not 'e') and the register or stack word that holds it. The slow ones are for types of less than 32
 * bits, which callers extend. */
void bh_value_set_slowly(bh_value *value, uint64_t word);
uint64_t bh_value_word_slowly(const bh_value *value);
static inline void bh_value_set(bh_value *value, const bh_parameter *parameter, uint64_t word) {
    value->type = parameter->type;
    if (parameter->size == 8)
        value->as.m = word;
    else if (parameter->size == 4)
        value->as.m = (uint32_t)word;
    else
        bh_value_set_slowly(value, word);
}
static inline uint64_t bh_value_word(const bh_value *value, const bh_parameter *parameter) {
    /* As wide as it was written: a wider read would wait for the store. */
    return parameter->size == 8 ? value->as.m : parameter->size == 4 ? value->as.u : bh_value_word_slowly(value);
}

/* Calls and callbacks whose arguments and result are all scalars in registers have short ways: of those this is true,
 * and each argument bh_is_in_register. The rest takes the longer way, types that do not fit included. */
static inline bool bh_may_be_simple(const bh_function *function) {
    return !function->stack_size && !function->memory_result && function->result.piece[0] != BH_PASS_ST0 &&
           function->result.type != '{';
}

static inline bool bh_is_in_register(const bh_parameter *parameter) {
    return parameter->piece[0] < BH_PASS_RAX && parameter->type != '{';
}

#endif
