/* Parked slots: what a destroyed instance leaves mapped for the next one of its module.
 *
 * Mapping an image and unmapping it are two thirds of what an instance costs, and the kernel does that for one thread of the
 * process at a time. So the slot of a destroyed instance is put back to its first state, as by a reset, and kept: scrubbed when
 * its instance goes, and owned by nobody. The next instance of the same module with a stack of the same size gets it, and runs
 * its start code there.
 *
 * Few slots are kept (PARKED_MOST in the process, the oldest goes first: their stacks count against RLIMIT_DATA), none that the guest changed in such a way that a
 * reset would map it anew, and they are given up as soon as slots, mappings or memory are missing. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define PARKED_MOST 32

struct bh_parked {
    struct bh_parked *next; /* was parked earlier */
    bh_module *module;
    unsigned slot, promised;
    struct bh_space space;
    uint64_t stack_bottom, stack_top;
};

/* Of all engines: vm.max_map_count is the process's. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t giving_up = PTHREAD_MUTEX_INITIALIZER; /* taken before lock */
static struct bh_parked *parked; /* the latest first */
static unsigned count;

/* Takes the entry that *link points to off the list; the lock is held. */
static struct bh_parked *unlink_at(struct bh_parked **link) {
    struct bh_parked *found = *link;
    *link = found->next;
    count--;
    atomic_fetch_sub_explicit(&found->module->engine->parked_mappings, found->promised, memory_order_relaxed);
    return found;
}

/* The oldest of an engine or a module; NULL: of any. */
static struct bh_parked *take_oldest(const bh_engine *engine, const bh_module *module) {
    struct bh_parked **oldest = NULL, *found = NULL;
    pthread_mutex_lock(&lock);
    for (struct bh_parked **link = &parked; *link; link = &(*link)->next)
        if ((!engine || (*link)->module->engine == engine) && (!module || (*link)->module == module))
            oldest = link;
    if (oldest)
        found = unlink_at(oldest);
    pthread_mutex_unlock(&lock);
    return found;
}

static void unmap(struct bh_parked *entry) {
    bh_engine *engine = entry->module->engine;
    bool unmapped = bh_slot_unmap(bh_slot_base(engine, entry->slot), BH_SLOT_SIZE);
    bh_slot_release(engine, entry->slot, !unmapped);
    bh_mappings_return(engine, entry->promised);
    free(entry->space.piece);
    free(entry);
}

bool bh_parked_give_up(const bh_engine *engine, const bh_module *module) {
    /* Another thread may have held a lock when the process forked. */
    if (atomic_load(&bh_forked))
        return false;
    /* One at a time: who finds none left knows that none is being unmapped either, and may destroy the module. */
    pthread_mutex_lock(&giving_up);
    struct bh_parked *entry = take_oldest(engine, module);
    if (entry)
        unmap(entry);
    pthread_mutex_unlock(&giving_up);
    return entry != NULL;
}

bool bh_instance_park(bh_instance *instance) {
    bh_engine *engine = instance->engine;
    if (engine->unmap_slots || instance->poisoned)
        return false;
    struct bh_parked *entry = malloc(sizeof(*entry));
    if (!entry)
        return false;
    if (!bh_instance_restore(instance)) {
        free(entry);
        return false;
    }
    memset(instance->context, 0, BH_PAGE_SIZE);
    bh_instance_settle(instance);
    *entry = (struct bh_parked){.module = instance->module, .slot = instance->slot, .promised = instance->promised,
                                .space = instance->space, .stack_bottom = instance->stack_bottom, .stack_top = instance->stack_top};
    instance->space = (struct bh_space){0};
    instance->promised = 0;
    atomic_fetch_add_explicit(&engine->parked_mappings, entry->promised, memory_order_relaxed);
    pthread_mutex_lock(&lock);
    entry->next = parked;
    parked = entry;
    count++;
    /* Under the same lock: whoever sees no instance of the module finds its parked slots. */
    atomic_fetch_sub(&instance->module->instances, 1);
    bool full = count > PARKED_MOST;
    pthread_mutex_unlock(&lock);
    if (full)
        bh_parked_give_up(NULL, NULL);
    return true;
}

bool bh_instance_unpark(bh_instance *instance) {
    uint64_t size = instance->stack_top - instance->stack_bottom;
    struct bh_parked *found = NULL;
    pthread_mutex_lock(&lock);
    for (struct bh_parked **link = &parked; *link; link = &(*link)->next)
        if ((*link)->module == instance->module && (*link)->stack_top - (*link)->stack_bottom == size) {
            found = unlink_at(link);
            atomic_fetch_add(&instance->module->instances, 1);
            break;
        }
    pthread_mutex_unlock(&lock);
    if (!found)
        return false;
    instance->slot = found->slot;
    instance->base = bh_slot_base(instance->engine, found->slot);
    instance->promised = found->promised;
    instance->stack_bottom = found->stack_bottom;
    instance->stack_top = found->stack_top;
    /* The same layout; limits are the new policy's. */
    instance->space.piece = found->space.piece;
    instance->space.count = found->space.count;
    instance->space.capacity = found->space.capacity;
    free(found);
    return true;
}
