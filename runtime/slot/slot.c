/* Slots that somebody has, and what of the pool's limits they were promised. */
#include "slot/slot.h"

#include <stdatomic.h>
#include <string.h>

#include "base/descriptor.h"
#include "base/fail.h"
#include "base/limit.h"
#include "slot/image.h"
#include "slot/map.h"
#include "slot/parked.h"
#include "slot/pool.h"
#include "slot/space.h"

bh_error bh_slot_take(struct bh_slot *slot) {
    struct bh_pool *pool = slot->pool;
    while (!bh_pool_take(pool, &slot->number))
        if (!bh_parked_give_up(pool, NULL))
            return bh_fail(BH_ERROR_NO_SLOT, "all %u slots of the engine are taken; create it with more",
                           pool->slot_count);
    slot->base = bh_pool_base(pool, slot->number);
    atomic_fetch_add(&slot->image->slots, 1);
    slot->stack_bottom += slot->base;
    slot->stack_top += slot->base;
    if (!bh_slot_room(slot, 0))
        return bh_fail_mappings(slot, "an instance");
    if (!bh_kept_same(&pool->context))
        return bh_fail_kept(&pool->context, "the context pages");
    if (!bh_kept_same(&pool->stubs))
        return bh_fail_kept(&pool->stubs, "the gate pages");
    return BH_OK;
}

void bh_slot_give(struct bh_slot *slot) {
    if (!bh_slot_unmap(slot->base, BH_SLOT_SIZE))
        slot->poisoned = true;
    if (slot->context)
        memset(slot->context, 0, BH_PAGE_SIZE);
    bh_pool_give(slot->pool, slot->number, slot->poisoned);
    atomic_fetch_sub(&slot->image->slots, 1);
}

bool bh_mappings_take(struct bh_pool *pool, unsigned n) {
    while (!bh_mappings_try(pool, n))
        if (!bh_parked_give_up(pool->default_mapping_limit ? NULL : pool, NULL))
            return false;
    return true;
}

bool bh_slot_room(struct bh_slot *slot, unsigned more) {
    if (!bh_space_room(&slot->space, more))
        return false;
    /* A piece and the hole behind it are two mappings for the kernel. */
    unsigned need = bh_space_mappings(&slot->space) + 2 * more;
    if (need <= slot->promised)
        return true;
    unsigned wanted = need - slot->promised, ahead = slot->space.count / 4;
    if (!bh_mappings_take(slot->pool, wanted + ahead)) {
        ahead = 0;
        if (!bh_mappings_take(slot->pool, wanted))
            return false;
    }
    slot->promised += wanted + ahead;
    return true;
}

void bh_slot_settle(struct bh_slot *slot) {
    unsigned need = bh_space_mappings(&slot->space);
    if (need < slot->promised) {
        bh_mappings_return(slot->pool, slot->promised - need);
        slot->promised = need;
    }
}

bool bh_slot_release(struct bh_slot *slot, uint64_t start, uint64_t end) {
    uint64_t from = start, to = end;
    bh_space_widen(&slot->space, &from, &to);
    if (!bh_slot_unmap(slot->base + from, to - from)) {
        slot->poisoned = true;
        return false;
    }
    bh_space_remove(&slot->space, start, end);
    return true;
}

bh_error bh_fail_mappings(const struct bh_slot *slot, const char *what) {
    struct bh_pool *pool = slot->pool;
    if (slot->space.no_memory)
        return bh_fail(BH_ERROR_MEMORY, "no memory to note the mappings of %s", what);
    if (slot->space.count >= slot->space.limit)
        return bh_fail(BH_ERROR_LIMIT,
                       "no mappings are left for %s: the policy allows %u "
                       "(bh_policy_set_mapping_limit)",
                       what, slot->space.limit);
    return bh_fail(BH_ERROR_LIMIT,
                   "no mappings are left for %s: guests have %u of the engine's %u "
                   "(vm.max_map_count is %llu, %d of it are the host's); raise it: sysctl -w vm.max_map_count=%llu%s",
                   what, atomic_load(&pool->mappings), atomic_load(&pool->mapping_limit), bh_mappings_allowed(),
                   BH_HOST_MAPPINGS, 4 * bh_mappings_allowed(),
                   pool->default_mapping_limit ? "" : ", and bh_engine_options.mapping_limit");
}
