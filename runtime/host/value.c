/* Values that take a register or a stack word in part. */
#include "host/value.h"

void bh_value_set_slowly(bh_value *value, uint64_t word) {
    value->as.m = 0;
    switch (value->type) {
    case 'b': value->as.u = (uint8_t)word != 0; break;
    case 'a': value->as.i = (int8_t)word; break;
    case 'h': value->as.u = (uint8_t)word; break;
    case 's': value->as.i = (int16_t)word; break;
    case 't': value->as.u = (uint16_t)word; break;
    default: break;
    }
}

uint64_t bh_value_word_slowly(const bh_value *value) {
    switch (value->type) {
    case 'b': return value->as.u != 0;
    case 'a': return (uint32_t)(int8_t)value->as.i;
    case 'h': return (uint8_t)value->as.u;
    case 's': return (uint32_t)(int16_t)value->as.i;
    case 't': return (uint16_t)value->as.u;
    default: return 0;
    }
}
