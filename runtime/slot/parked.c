/* The list of parked slots; see parked.h. */
#include "slot/parked.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/fork.h"
#include "slot/image.h"
#include "slot/map.h"
#include "slot/pool.h"

#define PARKED_MOST 32

/* Of all engines: vm.max_map_count is the process's. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t giving_up = PTHREAD_MUTEX_INITIALIZER; /* taken before lock */
static struct bh_parked *parked;                              /* the latest first */
static unsigned count;

/* Takes the entry that *link points to off the list; the lock is held. */
static struct bh_parked *unlink_at(struct bh_parked **link) {
    struct bh_parked *found = *link;
    *link = found->next;
    count--;
    atomic_fetch_sub_explicit(&found->slot.pool->parked_mappings, found->slot.promised, memory_order_relaxed);
    return found;
}

/* The oldest of a pool or an image; NULL: of any. */
static struct bh_parked *take_oldest(const struct bh_pool *pool, const struct bh_image *image) {
    struct bh_parked **oldest = NULL, *found = NULL;
    pthread_mutex_lock(&lock);
    for (struct bh_parked **link = &parked; *link; link = &(*link)->next)
        if ((!pool || (*link)->slot.pool == pool) && (!image || (*link)->slot.image == image))
            oldest = link;
    if (oldest)
        found = unlink_at(oldest);
    pthread_mutex_unlock(&lock);
    return found;
}

static void unmap(struct bh_parked *entry) {
    struct bh_pool *pool = entry->slot.pool;
    bool unmapped = bh_slot_unmap(entry->slot.base, BH_SLOT_SIZE);
    bh_pool_give(pool, entry->slot.number, !unmapped);
    bh_mappings_return(pool, entry->slot.promised);
    free(entry->slot.space.piece);
    free(entry);
}

bool bh_parked_give_up(const struct bh_pool *pool, const struct bh_image *image) {
    /* Another thread may have held a lock when the process forked. */
    if (atomic_load(&bh_forked))
        return false;
    /* One at a time: who finds none left knows that none is being unmapped either, and may destroy the module. */
    pthread_mutex_lock(&giving_up);
    struct bh_parked *entry = take_oldest(pool, image);
    if (entry)
        unmap(entry);
    pthread_mutex_unlock(&giving_up);
    return entry != NULL;
}

void bh_parked_add(struct bh_parked *entry) {
    atomic_fetch_add_explicit(&entry->slot.pool->parked_mappings, entry->slot.promised, memory_order_relaxed);
    pthread_mutex_lock(&lock);
    entry->next = parked;
    parked = entry;
    count++;
    /* Under the same lock: whoever sees no instance of the module finds its parked slots. */
    atomic_fetch_sub(&entry->slot.image->slots, 1);
    bool full = count > PARKED_MOST;
    pthread_mutex_unlock(&lock);
    if (full)
        bh_parked_give_up(NULL, NULL);
}

struct bh_parked *bh_parked_find(struct bh_image *image, uint64_t stack_size) {
    struct bh_parked *found = NULL;
    pthread_mutex_lock(&lock);
    for (struct bh_parked **link = &parked; *link; link = &(*link)->next)
        if ((*link)->slot.image == image && (*link)->slot.stack_top - (*link)->slot.stack_bottom == stack_size) {
            found = unlink_at(link);
            atomic_fetch_add(&image->slots, 1);
            break;
        }
    pthread_mutex_unlock(&lock);
    return found;
}
