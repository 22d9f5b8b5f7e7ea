/* Sizes that contracts name. */
#include "library.h"

uint64_t bh_bind_size(bh_bind_call *call, const char *what, int64_t value) {
    if (value >= 0)
        return (uint64_t)value;
    bh_bind_fail(call, call->source, what, "has a negative size");
    return 0;
}

uint64_t bh_bind_multiply(bh_bind_call *call, const char *what, uint64_t a, uint64_t b) {
    uint64_t product;
    if (!__builtin_mul_overflow(a, b, &product))
        return product;
    bh_bind_fail(call, call->source, what, "has a size that overflows");
    return 0;
}

uint64_t bh_bind_add(bh_bind_call *call, const char *what, uint64_t a, uint64_t b) {
    uint64_t sum;
    if (!__builtin_add_overflow(a, b, &sum))
        return sum;
    bh_bind_fail(call, call->source, what, "has a size that overflows");
    return 0;
}

uint64_t bh_bind_used(bh_bind_call *call, const char *what, uint64_t used, uint64_t room) {
    if (used <= room)
        return used;
    bh_bind_fail(call, BH_BIND_GUEST, what, "is said to hold more than there was room for");
    return 0;
}
