/* A small generator for the mutators: libFuzzer gives each call a seed, so a run with a fixed -seed repeats exactly. */
#ifndef BULKHEAD_TEST_FUZZ_RANDOM_H
#define BULKHEAD_TEST_FUZZ_RANDOM_H

#include <stdint.h>

struct random {
    uint64_t state;
};

static inline uint64_t random_next(struct random *r)
{
    uint64_t z = r->state += 0x9E3779B97F4A7C15; /* splitmix64 */
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
}

/* 0 to n - 1; n is not 0. */
static inline unsigned random_below(struct random *r, uint64_t n)
{
    return (unsigned)(random_next(r) % n);
}

#define RANDOM_OF(r, list) ((list)[random_below((r), sizeof(list) / sizeof *(list))])

#endif
