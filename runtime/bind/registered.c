/* Functions of the host that the guest may call: their registration.
 *
 * A guest thread can be on its way into a callback that goes away at this moment. So the entry of a callback that went
 * away stays until the instance ends, to be used again only for functions of the same type: who comes late finds
 * nobody, or a function that it could have called anyway. */
#include <stdlib.h>

#include "library.h"

static struct bh_bind_callback *find(bh_bind *bind, void (*host)(void), bh_callback_function *trampoline) {
    for (struct bh_bind_callback *callback = bind->callbacks; callback; callback = callback->next) {
        if (atomic_load(&callback->host) == host && callback->trampoline == trampoline && !callback->scope)
            return callback;
    }
    return NULL;
}

/* An entry for the same type of function that nobody uses any more, or a new one; NULL when there is no memory. */
static struct bh_bind_callback *take_entry(bh_bind *bind, bh_callback_function *trampoline) {
    struct bh_bind_callback **link = &bind->retired, *callback;
    while ((callback = *link) && callback->trampoline != trampoline)
        link = &callback->next;
    if (callback) {
        *link = callback->next;
        return callback;
    }
    callback = calloc(1, sizeof(*callback));
    if (callback) {
        callback->bind = bind;
        callback->trampoline = trampoline;
    }
    return callback;
}

static void retire(struct bh_bind_callback *callback) {
    atomic_store(&callback->host, NULL);
    callback->next = callback->bind->retired;
    callback->bind->retired = callback;
}

bh_address bh_bind_function(bh_bind_call *call, const char *what, void (*host)(void), const char *signature,
                            bh_callback_function *trampoline, unsigned flags) {
    bh_bind *bind = call->bind;
    if (call->failed)
        return 0;
    if (!host) {
        if (!(flags & BH_BIND_NULLABLE))
            bh_bind_fail(call, BH_BIND_HOST, what, "is NULL");
        return 0;
    }
    if ((uint64_t)(uintptr_t)host & BH_BIND_HANDLE_BIT)
        return bh_bind_handle(call, what, (const void *)(uintptr_t)host);
    pthread_mutex_lock(&bind->tables);
    struct bh_bind_callback *callback = flags & BH_BIND_SCOPED ? NULL : find(bind, host, trampoline);
    bool found = callback;
    if (!found && (callback = take_entry(bind, trampoline))) {
        callback->scope = flags & BH_BIND_SCOPED ? call : NULL;
        atomic_store(&callback->host, host);
    }
    pthread_mutex_unlock(&bind->tables);
    if (found)
        return callback->address;
    if (!callback) {
        bh_bind_fail_with(call, BH_BIND_CALL, what, BH_ERROR_MEMORY);
        return 0;
    }
    bool registered = bh_bind_check(
        call, what, bh_callback_create(bind->instance, signature, trampoline, callback, &callback->address));
    pthread_mutex_lock(&bind->tables);
    if (registered) {
        callback->next = bind->callbacks;
        bind->callbacks = callback;
    } else {
        retire(callback);
    }
    pthread_mutex_unlock(&bind->tables);
    return registered ? callback->address : 0;
}

void bh_bind_release_callbacks(bh_bind_call *call) {
    bh_bind *bind = call->bind;
    pthread_mutex_lock(&bind->tables);
    struct bh_bind_callback **link = &bind->callbacks, *callback;
    while ((callback = *link)) {
        if (callback->scope != call) {
            link = &callback->next;
            continue;
        }
        *link = callback->next;
        bh_callback_destroy(bind->instance, callback->address);
        atomic_store(&callback->host, NULL);
        /* What the host's function uses may end with the call. */
        while (callback->running)
            pthread_cond_wait(&bind->quiet, &bind->tables);
        retire(callback);
        link = &bind->callbacks; /* which may have changed meanwhile */
    }
    pthread_mutex_unlock(&bind->tables);
}

static void free_list(struct bh_bind_callback *callback) {
    struct bh_bind_callback *next;
    for (; callback; callback = next) {
        next = callback->next;
        free(callback);
    }
}

void bh_bind_free_callbacks(bh_bind *bind) {
    free_list(bind->callbacks);
    free_list(bind->retired);
    bind->callbacks = bind->retired = NULL;
}
