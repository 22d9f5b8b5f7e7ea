/* Functions of the host that the guest calls: their registration, and one such call.
 *
 * They are called by the thread whose call into the library runs or, in a module built with -pthread, by threads that
 * the guest made. Those run apart: they hold no lock of the bind's while guest code or the host's function runs, have
 * no part in the scratch memory, and may not call the library, for whose lock the thread that waits for them may hold.
 *
 * A guest thread can be on its way into a callback that goes away at this moment. So the entry of a callback that went
 * away stays until the instance ends, to be used again only for functions of the same type: who comes late finds
 * nobody, or a function that it could have called anyway. */
#include <stdlib.h>

#include "library.h"

/* The calls that this thread runs apart, innermost first. */
static BH_THREAD_LOCAL bh_bind_call *apart;

bool bh_bind_is_apart(const bh_bind *bind) {
    const bh_bind_call *call = apart;
    while (call && call->bind != bind)
        call = call->outer;
    return call;
}

bh_bind *bh_bind_apart_in(const bh_bind_library *library) {
    for (const bh_bind_call *call = apart; call; call = call->outer) {
        if (call->bind->library == library)
            return call->bind;
    }
    return NULL;
}

/* ---- Registration ---- */

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

/* ---- A call ---- */

/* The host's function, of which the scope's end waits for as long as it runs. NULL: it has gone. */
static void (*enter_apart(bh_bind_call *call, struct bh_bind_callback *callback))(void) {
    pthread_mutex_lock(&call->bind->tables);
    void (*host)(void) = atomic_load(&callback->host);
    callback->running += host != NULL;
    pthread_mutex_unlock(&call->bind->tables);
    if (host) {
        call->running = callback;
        call->outer = apart;
        apart = call;
    }
    return host;
}

static void leave_apart(bh_bind_call *call) {
    if (!call->running)
        return;
    apart = call->outer;
    pthread_mutex_lock(&call->bind->tables);
    call->running->running--;
    bh_bind_release_uses(call);
    pthread_cond_broadcast(&call->bind->quiet);
    pthread_mutex_unlock(&call->bind->tables);
    call->running = NULL;
}

void (*bh_bind_callback_begin(bh_bind_call *call, void *context, const char *name))(void) {
    struct bh_bind_callback *callback = context;
    bh_bind *bind = callback->bind;
    void (*host)(void) = NULL;
    bh_bind_clear_call(call);
    call->bind = bind;
    call->function = name;
    call->callback = true;
    call->source = BH_BIND_GUEST;
    call->apart = atomic_load(&bind->owner) != bh_bind_this_thread();
    if (!call->apart) {
        call->scratch_mark = bind->scratch_used;
        host = atomic_load(&callback->host);
    } else if (bind->library->options.thread_callbacks) {
        host = enter_apart(call, callback);
    } else {
        bh_bind_fail(call, BH_BIND_GUEST, "the callback",
                     "was called by a thread of the guest, which bh_bind_options.thread_callbacks "
                     "does not allow");
    }
    if (!host)
        bh_bind_fail(call, BH_BIND_GUEST, "the callback", "was called after its function had returned");
    return host;
}

void bh_bind_callback_returned(bh_bind_call *call) {
    leave_apart(call);
    call->source = BH_BIND_HOST;
}

int bh_bind_callback_end(bh_bind_call *call) {
    leave_apart(call);
    bh_bind_deliver(call);
    bh_bind_release(call);
    bh_bind_free_blocks(call->held);
    if (!call->failed)
        return 0;
    pthread_mutex_lock(&call->bind->tables);
    call->bind->pending = call->error;
    pthread_mutex_unlock(&call->bind->tables);
    return BH_BIND_VIOLATION;
}

bool bh_bind_take_pending(bh_bind_call *call, bh_error error) {
    bh_bind *bind = call->bind;
    /* A thread of the guest may have ended the instance between two calls. */
    if (error != BH_ERROR_CALLBACK && error != BH_ERROR_DEAD)
        return false;
    pthread_mutex_lock(&bind->tables);
    bool taken = bind->pending.kind;
    if (taken) {
        call->failed = true;
        call->error = bind->pending;
        bind->pending = (bh_bind_error){.kind = BH_BIND_OK};
    }
    pthread_mutex_unlock(&bind->tables);
    return taken;
}

void bh_bind_put(bh_bind_call *call, const char *what, bh_address guest, const void *host, uint64_t size) {
    if (!call->failed && size)
        bh_bind_check(call, what, bh_copy_in(call->bind->instance, guest, host, size));
}
