/* Contents and pointers on their way from the guest to the host: copied first, checked on the copy. */
#include <stdlib.h>
#include <string.h>

#include "library.h"

#define MAX_KEPT 4096 /* they are searched one by one */

void bh_bind_out(bh_bind_call *call, const char *what, void *host, bh_address guest, uint64_t size) {
    if (!call->failed && host && size)
        bh_bind_check(call, what, bh_copy_out(call->bind->instance, host, guest, size));
}

void bh_bind_normalize(void *host, uint64_t size, const bh_bind_bools *bools) {
    unsigned char *at = host;
    for (uint64_t n = 0; !bools && n < size; n++)
        at[n] = at[n] != 0;
    for (uint64_t from = 0; bools && from < size; from += bools->size) {
        uint64_t left = size - from; /* less than an element, perhaps, where sizes are bytes */
        for (const bh_bind_bool_run *run = bools->runs; run < bools->runs + bools->count; run++) {
            if (run->offset < left)
                bh_bind_normalize(at + from + run->offset,
                                  run->bytes < left - run->offset ? run->bytes : left - run->offset, run->of);
        }
    }
}

void bh_bind_out_bools(bh_bind_call *call, const char *what, void *host, bh_address guest, uint64_t size,
                       const bh_bind_bools *bools) {
    if (call->failed || !host)
        return;
    bh_bind_out(call, what, host, guest, size);
    bh_bind_normalize(host, size, bools); /* also of what came before a fault */
}

void bh_bind_out_string(bh_bind_call *call, const char *what, char *host, bh_address guest, uint64_t capacity) {
    if (call->failed || !host || !capacity)
        return;
    char *copy = bh_bind_temp(call, what, 1, capacity);
    if (copy && bh_bind_check(call, what, bh_copy_string(call->bind->instance, copy, guest, capacity)))
        bh_bind_commit(call, host, copy, strlen(copy) + 1);
}

static bool null(bh_bind_call *call, const char *what, bh_address guest, unsigned flags) {
    if (!guest && !(flags & BH_BIND_NULLABLE))
        bh_bind_fail(call, BH_BIND_GUEST, what, "is NULL");
    return !guest;
}

/* The guest's block has been copied and is the guest's again. */
static void give_back(bh_bind_call *call, const char *what, bh_address guest, const char *function) {
    bh_function release;
    if (bh_bind_check(call, what,
                      bh_instance_function(call->bind->instance, function ? function : "free", "v(p)", &release)))
        bh_bind_check(call, what, bh_invoke(call->bind->instance, &release, NULL, guest));
}

/* Equal contents that were kept before, or a new entry with those of block, which it owns; NULL when that does not fit.
 */
static void *find_or_add(bh_bind *bind, struct bh_bind_block *block) {
    for (struct bh_bind_block *old = bind->pool; old; old = old->next) {
        if (old->size == block->size && !memcmp(old->bytes, block->bytes, block->size)) {
            free(block);
            return old->bytes;
        }
    }
    if (block->size + sizeof(*block) > bind->library->options.copy_limit - bind->pool_size ||
        bind->pool_count == MAX_KEPT) {
        free(block);
        return NULL;
    }
    bind->pool_count++;
    bind->pool_size += block->size + sizeof(*block);
    block->next = bind->pool;
    bind->pool = block;
    return block->bytes;
}

static void *keep(bh_bind_call *call, const char *what, struct bh_bind_block *block) {
    pthread_mutex_lock(&call->bind->tables);
    void *kept = find_or_add(call->bind, block);
    pthread_mutex_unlock(&call->bind->tables);
    if (!kept)
        bh_bind_fail(call, BH_BIND_GUEST, what, "does not fit: what was kept exceeds copy_limit, or 4096 pieces");
    return kept;
}

/* block holds the copy; it goes where flags say. */
static void *deliver(bh_bind_call *call, const char *what, struct bh_bind_block *block, bh_address guest,
                     unsigned flags, const char *free_function) {
    if (flags & BH_BIND_KEEP)
        return keep(call, what, block);
    if (!(flags & BH_BIND_TAKE)) {
        block->next = call->held;
        call->held = block;
        return block->bytes;
    }
    /* The host frees it by free(), so it must be a block of its own. */
    struct bh_bind_taken *taken = bh_bind_temp(call, what, 1, sizeof(*taken));
    void *copy = taken ? malloc(block->size ? block->size : 1) : NULL;
    if (copy) {
        memcpy(copy, block->bytes, block->size);
        *taken = (struct bh_bind_taken){call->taken, copy};
        call->taken = taken;
        give_back(call, what, guest, free_function);
    } else {
        bh_bind_fail_with(call, BH_BIND_CALL, what, BH_ERROR_MEMORY);
    }
    free(block);
    return call->failed ? NULL : copy;
}

static struct bh_bind_block *new_block(bh_bind_call *call, const char *what, uint64_t size) {
    if (!bh_bind_allow(call, what, size))
        return NULL;
    struct bh_bind_block *block = malloc(sizeof(*block) + size);
    if (block)
        *block = (struct bh_bind_block){.size = size};
    else
        bh_bind_fail_with(call, BH_BIND_CALL, what, BH_ERROR_MEMORY);
    return block;
}

char *bh_bind_take_string(bh_bind_call *call, const char *what, bh_address guest, uint64_t limit, unsigned flags,
                          const char *free_function) {
    bh_instance *instance = call->failed ? NULL : call->bind->instance;
    uint64_t most = limit || call->failed ? limit : call->bind->library->options.string_limit;
    size_t length;
    if (call->failed || null(call, what, guest, flags) ||
        !bh_bind_check(call, what, bh_string_length(instance, guest, most, &length)))
        return NULL;
    struct bh_bind_block *block = new_block(call, what, length + 1);
    if (!block)
        return NULL;
    /* It may have changed since it was measured: what counts is the copy, which ends where the measure said, or before.
     */
    if (!bh_bind_check(call, what, bh_copy_string(instance, (char *)block->bytes, guest, length + 1))) {
        free(block);
        return NULL;
    }
    block->size = strlen((char *)block->bytes) + 1;
    return deliver(call, what, block, guest, flags, free_function);
}

/* With bools, where has_bools: as for bh_bind_out_bools. */
static void *take(bh_bind_call *call, const char *what, bh_address guest, uint64_t size, unsigned flags,
                  const char *free_function, bool has_bools, const bh_bind_bools *bools) {
    if (call->failed || null(call, what, guest, flags))
        return NULL;
    struct bh_bind_block *block = new_block(call, what, size);
    if (!block)
        return NULL;
    if (size && !bh_bind_check(call, what, bh_copy_out(call->bind->instance, block->bytes, guest, size))) {
        free(block);
        return NULL;
    }
    if (has_bools)
        bh_bind_normalize(block->bytes, size, bools);
    return deliver(call, what, block, guest, flags, free_function);
}

void *bh_bind_take(bh_bind_call *call, const char *what, bh_address guest, uint64_t size, unsigned flags,
                   const char *free_function) {
    return take(call, what, guest, size, flags, free_function, false, NULL);
}

void *bh_bind_take_bools(bh_bind_call *call, const char *what, bh_address guest, uint64_t size, unsigned flags,
                         const char *free_function, const bh_bind_bools *bools) {
    return take(call, what, guest, size, flags, free_function, true, bools);
}

void *bh_bind_take_handle(bh_bind_call *call, const char *what, bh_address guest) {
    if (call->failed || !guest)
        return NULL;
    if (bh_check_range(call->bind->instance, guest, 1)) {
        bh_bind_fail_with(call, BH_BIND_GUEST, what, BH_ERROR_RANGE);
        return NULL;
    }
    return (void *)(uintptr_t)(call->bind->life | guest);
}

void *bh_bind_take_cursor(bh_bind_call *call, const char *what, bh_address at, const void *host, bh_address guest,
                          uint64_t size, uint64_t left) {
    if (call->failed || (!at && !guest && !left))
        return NULL;
    if (!guest || at - guest > size || left > size - (at - guest)) {
        bh_bind_fail(call, BH_BIND_GUEST, what, "has left its buffer");
        return NULL;
    }
    return (char *)(uintptr_t)host + (at - guest);
}
