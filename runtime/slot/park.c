/* Parked slots: what a destroyed instance leaves mapped for the next one of its module.
 *
 * Mapping an image and unmapping it are two thirds of what an instance costs, and the kernel does that for one thread
 * of the process at a time. So the slot of a destroyed instance is put back to its first state, as by a reset, and
 * kept: scrubbed when its instance goes, and owned by nobody. The next instance of the same module with a stack of the
 * same size gets it, and runs its start code there.
 *
 * Few slots are kept (PARKED_MOST in the process, the oldest goes first: their stacks count against RLIMIT_DATA), none
 * that the guest changed in such a way that a reset would map it anew, and they are given up as soon as slots, mappings
 * or memory are missing. */
#include "slot/park.h"

#include <stdlib.h>
#include <string.h>

#include "slot/parked.h"
#include "slot/pool.h"
#include "slot/restore.h"
#include "slot/slot.h"
#include "slot/space.h"

bool bh_slot_park(struct bh_slot *slot) {
    if (slot->pool->unmap_slots || slot->poisoned)
        return false;
    struct bh_parked *entry = malloc(sizeof(*entry));
    if (!entry)
        return false;
    if (!bh_slot_restore(slot)) {
        free(entry);
        return false;
    }
    memset(slot->context, 0, BH_PAGE_SIZE);
    bh_slot_settle(slot);
    entry->slot = *slot;
    slot->space = (struct bh_space){0};
    slot->promised = 0;
    bh_parked_add(entry);
    return true;
}

bool bh_slot_unpark(struct bh_slot *slot) {
    struct bh_parked *found = bh_parked_find(slot->image, slot->stack_top - slot->stack_bottom);
    if (!found)
        return false;
    slot->number = found->slot.number;
    slot->base = found->slot.base;
    slot->promised = found->slot.promised;
    slot->stack_bottom = found->slot.stack_bottom;
    slot->stack_top = found->slot.stack_top;
    /* The same layout; limits are the new policy's. */
    slot->space.piece = found->slot.space.piece;
    slot->space.count = found->slot.space.count;
    slot->space.capacity = found->slot.space.capacity;
    free(found);
    return true;
}
