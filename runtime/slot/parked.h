/* The list of parked slots: scrubbed, and owned by nobody; park.c says what they are for. */
#ifndef BULKHEAD_RUNTIME_PARKED_H
#define BULKHEAD_RUNTIME_PARKED_H

#include <stdbool.h>
#include <stdint.h>

#include "slot/slot.h"

struct bh_parked {
    struct bh_parked *next; /* was parked earlier */
    struct bh_slot slot;    /* without a context page: the next owner fills it */
};

/* Takes over the entry. Its image has one owned slot less. */
void bh_parked_add(struct bh_parked *entry);
/* One of the image with a stack of that size, which is owned again; NULL: there is none. */
struct bh_parked *bh_parked_find(struct bh_image *image, uint64_t stack_size);
/* Unmaps one, of the pool or the image unless that is NULL. False when there is none. */
bool bh_parked_give_up(const struct bh_pool *pool, const struct bh_image *image);

#endif
