/* Slots: who has which, and the only two ways in which mappings inside the reservation change.
 *
 * Every page of the reservation is at all times covered by a mapping that the engine made. If one were unmapped, the next
 * mmap(NULL) of the host, a thread's stack for instance, could land there, within the guest's reach. */
#include <errno.h>
#include <sys/mman.h>

#include "internal.h"

bh_error bh_slot_take(bh_engine *engine, unsigned *slot) {
    bool found;
    do {
        pthread_mutex_lock(&engine->lock);
        found = engine->free_count > 0;
        if (found)
            *slot = engine->free_slot[--engine->free_count];
        pthread_mutex_unlock(&engine->lock);
    } while (!found && bh_parked_give_up(engine, NULL));
    return found ? BH_OK : bh_fail(BH_ERROR_NO_SLOT, "all %u slots of the engine are taken; create it with more",
                                   engine->slot_count);
}

void bh_slot_release(bh_engine *engine, unsigned slot, bool poisoned) {
    pthread_mutex_lock(&engine->lock);
    if (poisoned)
        engine->poisoned_count++;
    else
        engine->free_slot[engine->free_count++] = slot;
    pthread_mutex_unlock(&engine->lock);
}

bool bh_slot_map(uint64_t at, uint64_t size, int protection, int flags, int fd, uint64_t offset) {
    void *want = (void *)(uintptr_t)at;
    void *got = mmap(want, size, protection, flags | MAP_FIXED | MAP_NORESERVE, fd, (off_t)offset);
    if (got == want)
        return true;
    /* The kernel may have removed what was there before it failed. Cover the hole at once; the slot is poisoned all the
     * same, because nobody knows what another thread's mmap did meanwhile. */
    int error = got == MAP_FAILED ? errno : ENOSYS;
    bh_slot_unmap(at, size);
    errno = error;
    return false;
}

bool bh_slot_unmap(uint64_t at, uint64_t size) {
    void *want = (void *)(uintptr_t)at;
    return mmap(want, size, PROT_NONE, BH_UNUSED_FLAGS | MAP_FIXED, -1, 0) == want;
}

/* Of all engines: vm.max_map_count is the process's. */
static atomic_uint all_mappings;

bool bh_mappings_take(bh_engine *engine, unsigned n) {
    bool shared = engine->default_mapping_limit;
    atomic_uint *count = shared ? &all_mappings : &engine->mappings;
    unsigned now = atomic_load_explicit(count, memory_order_relaxed), limit;
    do {
        limit = atomic_load_explicit(&engine->mapping_limit, memory_order_relaxed);
        if (now > limit || n > limit - now) {
            /* Perhaps somebody raised it meanwhile. */
            unsigned fresh = shared ? bh_default_mapping_limit() : limit;
            if (fresh > limit)
                atomic_store_explicit(&engine->mapping_limit, fresh, memory_order_relaxed);
            else if (bh_parked_give_up(shared ? NULL : engine, NULL))
                now = atomic_load_explicit(count, memory_order_relaxed);
            else
                return false;
            continue;
        }
        if (atomic_compare_exchange_weak_explicit(count, &now, now + n, memory_order_relaxed, memory_order_relaxed))
            break;
    } while (true);
    atomic_fetch_add_explicit(shared ? &engine->mappings : &all_mappings, n, memory_order_relaxed);
    return true;
}

void bh_mappings_return(bh_engine *engine, unsigned n) {
    atomic_fetch_sub_explicit(&engine->mappings, n, memory_order_relaxed);
    atomic_fetch_sub_explicit(&all_mappings, n, memory_order_relaxed);
}

bh_error bh_fail_mappings(const bh_instance *instance, const char *what) {
    const bh_engine *engine = instance->engine;
    if (instance->space.no_memory)
        return bh_fail(BH_ERROR_MEMORY, "no memory to note the mappings of %s", what);
    if (instance->space.count >= instance->space.limit)
        return bh_fail(BH_ERROR_LIMIT, "no mappings are left for %s: the policy allows %u "
                       "(bh_policy_set_mapping_limit)", what, instance->space.limit);
    return bh_fail(BH_ERROR_LIMIT, "no mappings are left for %s: guests have %u of the engine's %u "
                   "(vm.max_map_count is %llu, %d of it are the host's); raise it: sysctl -w vm.max_map_count=%llu%s", what,
                   atomic_load(&engine->mappings), atomic_load(&engine->mapping_limit), bh_mappings_allowed(), BH_HOST_MAPPINGS,
                   4 * bh_mappings_allowed(), engine->default_mapping_limit ? "" : ", and bh_engine_options.mapping_limit");
}
