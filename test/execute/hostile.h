/* Register contents that an escape would love: see the list in hostile.c. */
#ifndef BULKHEAD_TEST_HOSTILE_H
#define BULKHEAD_TEST_HOSTILE_H

#include <stdint.h>

struct hostile {
    uint64_t gpr[16]; /* rsp (4) lies in the slot, as the rules guarantee */
    uint64_t flags;   /* arithmetic flags only */
    uint64_t padding[3];
    uint8_t x87[512] __attribute__((aligned(64))); /* fxrstor image: x87, MXCSR, xmm */
    uint8_t ymm[512] __attribute__((aligned(64)));
};

/* From HOSTILE_FIRST_DATA on most registers point to the slot's data, or are numbers. */
enum { HOSTILE_KINDS = 24, HOSTILE_FIRST_DATA = 15 };
extern const char *const hostile_names[HOSTILE_KINDS];

/* Memory of the slot that registers should hit: offsets from B. */
struct hostile_target {
    uint64_t offset, size;
};

/* Fills one set of registers of a kind. targets are the slot's data; the last is the stack. */
void hostile_fill(struct hostile *h, unsigned kind, uint64_t *random, const struct hostile_target *targets, unsigned count);

/* variants sets of each kind. */
void hostile_fill_all(struct hostile (*sets)[HOSTILE_KINDS], unsigned variants, uint64_t seed,
                      const struct hostile_target *targets, unsigned count);

#endif
