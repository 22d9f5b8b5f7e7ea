/* Numbers that look random and are the same everywhere: xorshift64*. Every workload of our own makes its input with it.
 */
#ifndef BENCH_RANDOM_H
#define BENCH_RANDOM_H
#include <stdint.h>

static uint64_t random_state = 88172645463325252u;

static inline uint64_t random_bits(void) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 2685821657736338717u;
}

/* Below limit, which is small against 2^32. */
static inline uint32_t random_below(uint32_t limit) { return (uint32_t)(((random_bits() >> 32) * limit) >> 32); }

/* In [0, 1), all 53 bits. */
static inline double random_unit(void) { return (double)(random_bits() >> 11) * 0x1p-53; }
#endif
