/* The pool of an engine's slots. */
#include "slot/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/descriptor.h"
#include "base/fail.h"
#include "base/limit.h"
#include "base/mapping.h"
#include "slot/map.h"

#define FEWEST_SLOTS 64 /* in a region, unless it is the last one */

static bh_error make_context_pages(struct bh_pool *pool) {
    size_t size = (size_t)pool->slot_count * BH_PAGE_SIZE;
    if (!bh_kept_set(&pool->context, bh_fd_memory("bulkhead-context", false)) || !bh_fd_resize(pool->context.fd, size))
        return bh_fail_limit("cannot make the context pages (memfd)");
    void *alias = bh_map_file(size, PROT_READ | PROT_WRITE, pool->context.fd, 0);
    if (alias == MAP_FAILED)
        return bh_fail_limit("cannot map the context pages");
    pool->context_alias = alias;
    /* From now on the alias is the only way to change them. */
    if (!bh_fd_seal(pool->context.fd, F_SEAL_FUTURE_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL))
        return bh_fail_limit("cannot seal the context pages");
    return BH_OK;
}

/* Takes address space for up to `want` slots; how many it holds, 0 when there is none so large. */
static unsigned reserve_region(struct bh_pool *pool, unsigned first, unsigned want) {
    /* One slot's size more than the slots: alignment takes up to 4 GiB of it, and what lies before the first slot is
     * never mapped. At least a guard is needed there, and another behind the last slot: rsp and wide operands may reach
     * a little beyond the ends of a slot. */
    size_t size = ((size_t)want + 1) * BH_SLOT_SIZE + 2 * (size_t)BH_TAIL_GUARD_SIZE;
    void *at = bh_map_high(size, PROT_NONE, BH_UNUSED_FLAGS);
    if (at == MAP_FAILED)
        return 0;
    pool->region[pool->region_count++] = (struct bh_region){.at = at, .size = size};
    uint64_t start = (uint64_t)(uintptr_t)at + BH_TAIL_GUARD_SIZE;
    uint64_t base = (start + BH_SLOT_SIZE - 1) >> BH_SLOT_SHIFT;
    for (unsigned n = 0; n < want; n++)
        pool->slot_base[first + n] = (uint32_t)(base + n);
    return want;
}

/* In as few regions as possible: a position-independent program lies at two thirds of the address space, so that most
 * processes have no hole for 30,000 slots in one piece. */
static bh_error reserve(struct bh_pool *pool) {
    unsigned done = 0, want = pool->slot_count;
    while (done < pool->slot_count) {
        unsigned left = pool->slot_count - done;
        want = want < left ? want : left;
        unsigned got = pool->region_count < BH_MAX_REGIONS ? reserve_region(pool, done, want) : 0;
        done += got;
        if (got)
            continue;
        if (pool->region_count == BH_MAX_REGIONS || want < FEWEST_SLOTS)
            return bh_fail_limit("cannot reserve %u slots (bh_engine_options.slots) of 4 GiB of address space, only %u",
                                 pool->slot_count, done);
        want -= (want + 31) / 32;
    }
    for (unsigned n = 0; n < pool->slot_count; n++)
        pool->free_slot[n] = pool->slot_count - 1 - n;
    pool->free_count = pool->slot_count;
    return BH_OK;
}

bh_error bh_pool_begin(struct bh_pool *pool, unsigned slot_count, unsigned mapping_limit) {
    pool->context.fd = pool->stubs.fd = -1;
    bh_kept_set(&pool->pagemap, bh_fd_open("/proc/self/pagemap", O_RDONLY)); /* resets take longer without */
    pthread_mutex_init(&pool->lock, NULL);
    pool->slot_count = slot_count;
    pool->default_mapping_limit = !mapping_limit;
    atomic_init(&pool->mapping_limit, mapping_limit ? mapping_limit : bh_default_mapping_limit());
    pool->slot_base = calloc(slot_count, sizeof(*pool->slot_base));
    pool->free_slot = calloc(slot_count, sizeof(*pool->free_slot));
    return pool->slot_base && pool->free_slot ? BH_OK : bh_fail(BH_ERROR_MEMORY, "no memory for an engine");
}

bh_error bh_pool_reserve(struct bh_pool *pool) {
    bh_error error = make_context_pages(pool);
    return error ? error : reserve(pool);
}

void bh_pool_discard(struct bh_pool *pool) {
    for (unsigned n = 0; n < pool->region_count; n++)
        munmap(pool->region[n].at, pool->region[n].size);
    if (pool->context_alias)
        munmap(pool->context_alias, (size_t)pool->slot_count * BH_PAGE_SIZE);
    bh_kept_close(&pool->context);
    bh_kept_close(&pool->stubs);
    bh_kept_close(&pool->pagemap);
    pthread_mutex_destroy(&pool->lock);
    free(pool->slot_base);
    free(pool->free_slot);
}

bool bh_pool_take(struct bh_pool *pool, unsigned *number) {
    pthread_mutex_lock(&pool->lock);
    bool found = pool->free_count > 0;
    if (found)
        *number = pool->free_slot[--pool->free_count];
    pthread_mutex_unlock(&pool->lock);
    return found;
}

void bh_pool_give(struct bh_pool *pool, unsigned number, bool poisoned) {
    pthread_mutex_lock(&pool->lock);
    if (poisoned)
        pool->poisoned_count++;
    else
        pool->free_slot[pool->free_count++] = number;
    pthread_mutex_unlock(&pool->lock);
}

/* Of all engines: vm.max_map_count is the process's. */
static atomic_uint all_mappings;

bool bh_mappings_try(struct bh_pool *pool, unsigned n) {
    bool shared = pool->default_mapping_limit;
    atomic_uint *count = shared ? &all_mappings : &pool->mappings;
    unsigned now = atomic_load_explicit(count, memory_order_relaxed), limit;
    do {
        limit = atomic_load_explicit(&pool->mapping_limit, memory_order_relaxed);
        if (now > limit || n > limit - now) {
            /* Perhaps somebody raised it meanwhile. */
            unsigned fresh = shared ? bh_default_mapping_limit() : limit;
            if (fresh <= limit)
                return false;
            atomic_store_explicit(&pool->mapping_limit, fresh, memory_order_relaxed);
            continue;
        }
        if (atomic_compare_exchange_weak_explicit(count, &now, now + n, memory_order_relaxed, memory_order_relaxed))
            break;
    } while (true);
    atomic_fetch_add_explicit(shared ? &pool->mappings : &all_mappings, n, memory_order_relaxed);
    return true;
}

void bh_mappings_return(struct bh_pool *pool, unsigned n) {
    atomic_fetch_sub_explicit(&pool->mappings, n, memory_order_relaxed);
    atomic_fetch_sub_explicit(&all_mappings, n, memory_order_relaxed);
}
