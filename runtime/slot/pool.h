/* The slots of an engine: the address space that is reserved for them, who has which, and how many mappings they may
 * take. */
#ifndef BULKHEAD_RUNTIME_POOL_H
#define BULKHEAD_RUNTIME_POOL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/descriptor.h"
#include "bulkhead/bulkhead.h"

#define BH_MAX_REGIONS 16

/* A piece of reserved address space: a guard, slots, a guard. */
struct bh_region {
    char *at;
    size_t size;
};

struct bh_pool {
    pthread_mutex_t lock; /* who has which slot */
    unsigned slot_count;
    struct bh_region region[BH_MAX_REGIONS];
    unsigned region_count;
    uint32_t *slot_base; /* of each slot: its address, in units of 4 GiB */
    uint32_t *free_slot; /* a stack: what was used last is used first, so that few context pages are ever touched */
    unsigned free_count, poisoned_count;
    struct bh_kept context; /* one page a slot, shared between the host's alias and the guests' read-only views */
    char *context_alias;
    struct bh_kept stubs;       /* BH_GATE_SIZE bytes */
    struct bh_kept pagemap;     /* /proc/self/pagemap; none where there is none */
    bool default_mapping_limit; /* follows vm.max_map_count when that is raised */
    atomic_uint mapping_limit;
    atomic_uint mappings;        /* promised to slots: reserved before they are made */
    atomic_uint parked_mappings; /* of these, what parked slots have */
    bool unmap_slots;            /* none is parked */
};

/* An empty one; mapping_limit 0: the default. It is discarded, whatever of the rest succeeds. */
bh_error bh_pool_begin(struct bh_pool *pool, unsigned slot_count, unsigned mapping_limit);
/* Makes the context pages and reserves the address space. */
bh_error bh_pool_reserve(struct bh_pool *pool);
void bh_pool_discard(struct bh_pool *pool);

static inline uint64_t bh_pool_base(const struct bh_pool *pool, unsigned number) {
    return (uint64_t)pool->slot_base[number] << BH_SLOT_SHIFT;
}
/* One that nobody has; false: there is none. */
bool bh_pool_take(struct bh_pool *pool, unsigned *number);
void bh_pool_give(struct bh_pool *pool, unsigned number, bool poisoned);

/* Reserves n mappings of the limit; false when it is exhausted. */
bool bh_mappings_try(struct bh_pool *pool, unsigned n);
void bh_mappings_return(struct bh_pool *pool, unsigned n);

#endif
