/* A call of the guest's to a function of the host.
 *
 * It is made by the thread whose call into the library runs or, in a module built with -pthread, by threads that the
 * guest made. Those run apart: they hold no lock of the bind's while guest code or the host's function runs, have no
 * part in the scratch memory, and may not call the library, for whose lock the thread that waits for them may hold. */
#include <stdlib.h>

#include "library.h"

/* The host's function, of which the scope's end waits for as long as it runs. NULL: it has gone. */
static void (*begin_apart(bh_bind_call *call, struct bh_bind_callback *callback))(void) {
    pthread_mutex_lock(&call->bind->tables);
    void (*host)(void) = atomic_load(&callback->host);
    callback->running += host != NULL;
    pthread_mutex_unlock(&call->bind->tables);
    if (host) {
        call->running = callback;
        bh_bind_enter_apart(call);
    }
    return host;
}

static void end_apart(bh_bind_call *call) {
    if (!call->running)
        return;
    bh_bind_leave_apart(call);
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
        host = begin_apart(call, callback);
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
    end_apart(call);
    call->source = BH_BIND_HOST;
}

int bh_bind_callback_end(bh_bind_call *call) {
    end_apart(call);
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
