/* Pointers on their way from the host to the guest. */
#include <stdlib.h>
#include <string.h>

#include "bind.h"

#define MAX_TOKENS 65536
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
    if (!keep && size <= BH_BIND_SCRATCH_SIZE)
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
    /* In a dead instance nothing can be freed, and trying would overwrite the thread's error, which says how it died. */
    bool dead = error == BH_ERROR_FAULT || error == BH_ERROR_DEADLINE || error == BH_ERROR_EXITED || error == BH_ERROR_CALLBACK ||
                error == BH_ERROR_DEAD || (call->failed && call->callback);
    call->bind->scratch_used = call->scratch_mark;
    /* Freeing may run the guest's code. That it fails then is for the next call to find out. */
    for (struct bh_bind_guest_block *block = call->blocks; block && !dead; block = block->next)
        bh_free(call->bind->instance, block->address);
    call->blocks = NULL;
}

static bh_address pinned_room(bh_bind_call *call, const char *what, const void *host, uint64_t size) {
    bh_bind *bind = call->bind;
    for (size_t n = 0; n < bind->pin_count; n++) {
        if (bind->pins[n].host == host && bind->pins[n].size >= size)
            return bind->pins[n].guest;
    }
    bh_address room = bh_bind_room(call, what, size, true);
    if (!room)
        return 0;
    if (bind->pin_count == bind->pin_room) {
        size_t wanted = bind->pin_room ? bind->pin_room * 2 : 16;
        struct bh_bind_pin *pins = wanted > MAX_PINS ? NULL : realloc(bind->pins, wanted * sizeof(*pins));
        if (!pins) {
            bh_bind_fail(call, BH_BIND_HOST, what, "cannot be pinned: too many structures are (bh_bind_forget)");
            return 0;
        }
        bind->pins = pins;
        bind->pin_room = wanted;
    }
    bind->pins[bind->pin_count++] = (struct bh_bind_pin){host, room, size};
    return room;
}

static void unpin(bh_bind *bind, const void *host) {
    for (size_t n = bind->pin_count; n-- > 0;) {
        if (bind->pins[n].host != host)
            continue;
        bh_address guest = bind->pins[n].guest;
        bind->pins[n] = bind->pins[--bind->pin_count];
        if (bind->instance)
            bh_free(bind->instance, guest);
        n = n > bind->pin_count ? bind->pin_count : n; /* the guest's free may have called back */
    }
}

void bh_bind_unpin(bh_bind_call *call, const void *host) {
    if (!call->failed && host)
        unpin(call->bind, host);
}

void bh_bind_forget(bh_bind *bind, const void *host) {
    if (!bind || !host)
        return;
    pthread_mutex_lock(&bind->lock);
    for (size_t n = 0; n < bind->token_count; n++) {
        if (bind->tokens[n] == host)
            bind->tokens[n] = NULL;
    }
    unpin(bind, host);
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
    bool copied = bh_bind_check(call, what, !size ? BH_OK
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
    bh_address address = (uint64_t)(uintptr_t)host;
    if (call->failed || !host)
        return 0;
    if (!(address & BH_BIND_HANDLE_BIT) || bh_check_range(call->bind->instance, address & ~BH_BIND_HANDLE_BIT, 1)) {
        bh_bind_fail(call, BH_BIND_HOST, what, "is no handle of this instance: without another contract, only what the library "
                                               "gave can be passed back");
        return 0;
    }
    return address & ~BH_BIND_HANDLE_BIT;
}

bh_address bh_bind_user(bh_bind_call *call, const char *what, const void *host, unsigned flags) {
    bh_bind *bind = call->bind;
    if (call->failed)
        return 0;
    if (!host)
        return nothing(call, what, flags);
    size_t place = bind->token_count;
    for (size_t n = bind->token_count; n-- > 0;) {
        if (bind->tokens[n] == host)
            return n + 1;
        place = bind->tokens[n] ? place : n;
    }
    if (place == bind->token_room) {
        size_t wanted = place ? place * 2 : 64;
        const void **tokens = wanted > MAX_TOKENS ? NULL : realloc(bind->tokens, wanted * sizeof(*tokens));
        if (!tokens) {
            bh_bind_fail(call, BH_BIND_HOST, what, "has no token left: too many host pointers are in use (bh_bind_forget)");
            return 0;
        }
        bind->tokens = tokens;
        bind->token_room = wanted;
    }
    bind->tokens[place] = host;
    bind->token_count += place == bind->token_count;
    return place + 1;
}

bh_address bh_bind_function(bh_bind_call *call, const char *what, void (*host)(void), const char *signature,
                            bh_callback_function *trampoline, unsigned flags) {
    bh_bind *bind = call->bind;
    if (call->failed)
        return 0;
    if (!host)
        return nothing(call, what, flags);
    if ((uint64_t)(uintptr_t)host & BH_BIND_HANDLE_BIT)
        return bh_bind_handle(call, what, (const void *)(uintptr_t)host);
    for (struct bh_bind_callback *callback = bind->callbacks; callback && !(flags & BH_BIND_SCOPED); callback = callback->next) {
        if (callback->host == host && callback->trampoline == trampoline && !callback->scope)
            return callback->address;
    }
    struct bh_bind_callback *callback = calloc(1, sizeof(*callback));
    if (!callback) {
        bh_bind_fail_with(call, BH_BIND_CALL, what, BH_ERROR_MEMORY);
        return 0;
    }
    *callback = (struct bh_bind_callback){.bind = bind, .host = host, .trampoline = trampoline,
                                          .scope = flags & BH_BIND_SCOPED ? call : NULL};
    if (!bh_bind_check(call, what, bh_callback_create(bind->instance, signature, trampoline, callback, &callback->address))) {
        free(callback);
        return 0;
    }
    callback->next = bind->callbacks;
    bind->callbacks = callback;
    return callback->address;
}

void bh_bind_release_callbacks(bh_bind_call *call) {
    struct bh_bind_callback **link = &call->bind->callbacks, *callback;
    while ((callback = *link)) {
        if (callback->scope != call) {
            link = &callback->next;
            continue;
        }
        *link = callback->next;
        bh_callback_destroy(call->bind->instance, callback->address);
        free(callback);
    }
}
