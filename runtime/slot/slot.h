/* A slot that somebody has: its place, its map, and what of the engine's limits it was promised. */
#ifndef BULKHEAD_RUNTIME_SLOT_H
#define BULKHEAD_RUNTIME_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "bulkhead/bulkhead.h"
#include "slot/space.h"

struct bh_pool;
struct bh_image;

struct bh_slot {
    uint64_t base;     /* 0: it was not taken yet */
    uint64_t *context; /* the host's alias of the context page */
    struct bh_pool *pool;
    struct bh_image *image;
    unsigned number;
    unsigned promised;                /* mappings taken from the pool's limit for it */
    bool poisoned;                    /* it must not be used again */
    bool mapped;                      /* everything that an instance starts with is in it */
    uint64_t stack_top, stack_bottom; /* of the first stack: addresses, or offsets while base is 0 */
    struct bh_space space;
};

static inline bool bh_slot_has(const struct bh_slot *slot, uint64_t address, uint64_t size) {
    return address - slot->base < BH_SLOT_SIZE && size <= BH_SLOT_SIZE - (address - slot->base);
}

/* Takes one from the pool, for its image. After an error it may have been taken: base says so. */
bh_error bh_slot_take(struct bh_slot *slot);
/* Unmaps and gives back one that was taken. */
void bh_slot_give(struct bh_slot *slot);
/* Reserves n mappings of the pool's limit, for which parked slots are given up; false when it is exhausted. */
bool bh_mappings_take(struct bh_pool *pool, unsigned n);
/* Room for `more` pieces in the slot's map: under its own limit and under the pool's. */
bool bh_slot_room(struct bh_slot *slot, unsigned more);
/* The error that there was none. */
bh_error bh_fail_mappings(const struct bh_slot *slot, const char *what);
/* Gives back what was promised beyond what is mapped. */
void bh_slot_settle(struct bh_slot *slot);
/* Returns [start, end), offsets in the slot, to the state of unused address space, and page tables that only it needed
 * to the kernel. False: the kernel refused, and the slot is poisoned. */
bool bh_slot_release(struct bh_slot *slot, uint64_t start, uint64_t end);

#endif
