/* Pointers on their way from the host to the guest. */
#include <stdlib.h>
#include <string.h>

#include "library.h"

#define MAX_PINS 65536

/* NULL where the contract allows it, or the breach. */
static bh_address nothing(bh_bind_call *call, const char *what, unsigned flags) {
    if (!(flags & BH_BIND_NULLABLE))
        bh_bind_fail(call, BH_BIND_HOST, what, "is NULL");
    return 0;
}

static bh_address scratch_room(bh_bind_call *call, const char *what, uint64_t size) {
    bh_bind *bind = call->bind;
    uint64_t rounded = (size + 15) & ~UINT64_C(15);
    if (!bind->scratch) {
        bh_address scratch;
        if (!bh_bind_check(call, what, bh_allocate(bind->instance, BH_BIND_SCRATCH_SIZE, &scratch)))
            return 0;
        bind->scratch = scratch;
    }
    if (rounded > BH_BIND_SCRATCH_SIZE - bind->scratch_used)
        return 0;
    bh_address room = bind->scratch + bind->scratch_used;
    bind->scratch_used += rounded;
    return room;
}

bh_address bh_bind_room(bh_bind_call *call, const char *what, uint64_t size, bool keep) {
    bh_address room = 0;
    if (size > call->bind->library->options.copy_limit)
        bh_bind_fail(call, BH_BIND_HOST, what, "is larger than copy_limit");
    if (call->failed)
        return 0;
    size = size ? size : 1;
    if (!keep && !call->apart && size <= BH_BIND_SCRATCH_SIZE)
        room = scratch_room(call, what, size);
    if (room || call->failed)
        return room;
    struct bh_bind_guest_block *block = keep ? NULL : bh_bind_temp(call, what, 1, sizeof(*block));
    if (call->failed || !bh_bind_check(call, what, bh_allocate(call->bind->instance, size, &room)))
        return 0;
    if (block) {
        *block = (struct bh_bind_guest_block){call->blocks, room};
        call->blocks = block;
    }
    return room;
}

void bh_bind_release_rooms(bh_bind_call *call) {
    bh_error error = call->error.error;
    /* In a dead instance nothing can be freed, and trying would overwrite the thread's error, which says how it died.
     */
    bool dead = error == BH_ERROR_FAULT || error == BH_ERROR_DEADLINE || error == BH_ERROR_EXITED ||
                error == BH_ERROR_CALLBACK || error == BH_ERROR_DEAD || (call->failed && call->callback);
    if (!call->apart)
        call->bind->scratch_used = call->scratch_mark;
    /* Freeing may run the guest's code. That it fails then is for the next call to find out. */
    for (struct bh_bind_guest_block *block = call->blocks; block && !dead; block = block->next)
        bh_free(call->bind->instance, block->address);
    call->blocks = NULL;
}

static bh_address find_pin(bh_bind *bind, const void *host, uint64_t size) {
    bh_address guest = 0;
    pthread_mutex_lock(&bind->tables);
    for (size_t n = 0; n < bind->pin_count && !guest; n++) {
        if (bind->pins[n].host == host && bind->pins[n].size >= size)
            guest = bind->pins[n].guest;
    }
    pthread_mutex_unlock(&bind->tables);
    return guest;
}

static bool add_pin(bh_bind *bind, struct bh_bind_pin pin) {
    bool there = true;
    pthread_mutex_lock(&bind->tables);
    if (bind->pin_count == bind->pin_room) {
        size_t wanted = bind->pin_room ? bind->pin_room * 2 : 16;
        struct bh_bind_pin *pins = wanted > MAX_PINS ? NULL : realloc(bind->pins, wanted * sizeof(*pins));
        there = pins;
        bind->pins = pins ? pins : bind->pins;
        bind->pin_room = pins ? wanted : bind->pin_room;
    }
    if (there)
        bind->pins[bind->pin_count++] = pin;
    pthread_mutex_unlock(&bind->tables);
    return there;
}

static bh_address pinned_room(bh_bind_call *call, const char *what, const void *host, uint64_t size) {
    bh_address room = find_pin(call->bind, host, size);
    if (room || !(room = bh_bind_room(call, what, size, true)))
        return room;
    if (add_pin(call->bind, (struct bh_bind_pin){host, room, size}))
        return room;
    bh_free(call->bind->instance, room);
    bh_bind_fail(call, BH_BIND_HOST, what, "cannot be pinned: too many structures are (bh_bind_forget)");
    return 0;
}

/* One of host's places, which is no pin any more; 0 when there is none. */
static bh_address remove_pin(bh_bind *bind, const void *host) {
    bh_address guest = 0;
    pthread_mutex_lock(&bind->tables);
    for (size_t n = 0; n < bind->pin_count && !guest; n++) {
        if (bind->pins[n].host == host) {
            guest = bind->pins[n].guest;
            bind->pins[n] = bind->pins[--bind->pin_count];
        }
    }
    pthread_mutex_unlock(&bind->tables);
    return guest;
}

static void unpin(bh_bind *bind, const void *host) {
    bh_address guest;
    while ((guest = remove_pin(bind, host))) {
        if (bind->instance)
            bh_free(bind->instance, guest);
    }
}

void bh_bind_unpin(bh_bind_call *call, const void *host) {
    if (!call->failed && host)
        unpin(call->bind, host);
}

void bh_bind_forget(bh_bind *bind, const void *host) {
    if (!bind || !host)
        return;
    bool locked = !bh_bind_is_apart(bind);
    if (locked)
        pthread_mutex_lock(&bind->lock);
    bh_bind_forget_user(bind, host);
    unpin(bind, host);
    if (locked)
        pthread_mutex_unlock(&bind->lock);
}

bh_address bh_bind_image(bh_bind_call *call, const char *what, const void *host, const void *bytes, uint64_t size,
                         unsigned flags) {
    if (call->failed)
        return 0;
    if (!host)
        return nothing(call, what, size ? flags : BH_BIND_NULLABLE); /* nothing at NULL is no breach */
    bh_address room = flags & BH_BIND_PINNED ? pinned_room(call, what, host, size)
                                             : bh_bind_room(call, what, size, (flags & BH_BIND_KEEP) != 0);
    if (!room)
        return 0;
    bool copied = bh_bind_check(call, what,
                                !size   ? BH_OK
                                : bytes ? bh_copy_in(call->bind->instance, room, bytes, size)
                                        : bh_fill(call->bind->instance, room, 0, size));
    return copied ? room : 0;
}

bh_address bh_bind_in(bh_bind_call *call, const char *what, const void *host, uint64_t size, unsigned flags) {
    return bh_bind_image(call, what, host, host, size, flags);
}

bh_address bh_bind_string(bh_bind_call *call, const char *what, const char *host, uint64_t limit, unsigned flags) {
    if (call->failed)
        return 0;
    if (!host)
        return nothing(call, what, flags);
    uint64_t most = limit ? limit : call->bind->library->options.copy_limit;
    uint64_t length = strnlen(host, most);
    if (length == most) {
        bh_bind_fail(call, BH_BIND_HOST, what, "is a string longer than its contract allows");
        return 0;
    }
    return bh_bind_image(call, what, host, host, length + 1, flags);
}

bh_address bh_bind_handle(bh_bind_call *call, const char *what, const void *host) {
    bh_address handle = (uint64_t)(uintptr_t)host, address = handle & BH_BIND_HANDLE_ADDRESS;
    if (call->failed || !host)
        return 0;
    if (!(handle & BH_BIND_HANDLE_BIT) || bh_check_range(call->bind->instance, address, 1)) {
        bh_bind_fail(call, BH_BIND_HOST, what,
                     "is no handle of this instance: without another contract, only what the library "
                     "gave can be passed back");
        return 0;
    }
    if (handle != (call->bind->life | address)) {
        bh_bind_fail(call, BH_BIND_HOST, what,
                     "is a handle of an instance that is no more: it was restarted or destroyed");
        return 0;
    }
    return address;
}
