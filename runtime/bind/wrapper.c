/* One call through a wrapper. */
#include <pthread.h>

#include "library.h"

void bh_bind_begin(bh_bind_call *call, bh_bind *bind, unsigned index) {
    bh_bind_clear_call(call);
    call->function = "";
    if (!bind) {
        call->failed = true; /* bh_bind_default has recorded why, or an instance handle was NULL */
        if (!bh_bind_last_error()->kind)
            bh_bind_set_error(&(bh_bind_error){.kind = BH_BIND_HOST, .function = "", .text = "no instance"});
        return;
    }
    call->apart = bh_bind_is_apart(bind); /* whoever holds the lock may wait for this thread */
    if (!call->apart) {
        pthread_mutex_lock(&bind->lock);
        if (!bind->depth++)
            atomic_store(&bind->owner, bh_bind_this_thread());
    }
    call->bind = bind;
    call->source = BH_BIND_HOST;
    call->index = index;
    call->function = bind->library->description->entries[index].name;
    if (call->apart) {
        bh_bind_fail(call, BH_BIND_HOST, "the library",
                     "cannot be called in a callback that one of its own threads runs");
        return;
    }
    call->scratch_mark = bind->scratch_used;
    if (!bind->instance)
        bh_bind_fail(call, BH_BIND_HOST, "the instance", "could not be restarted");
}

bool bh_bind_run(bh_bind_call *call, const bh_value *arguments, bh_value *result) {
    bh_bind *bind = call->bind;
    if (call->failed)
        return false;
    const bh_bind_entry *entry = &bind->library->description->entries[call->index];
    bh_function *function = &bind->functions[call->index];
    if (!bind->found[call->index]) {
        if (!bh_bind_check(call, "the call",
                           bh_instance_function(bind->instance, entry->symbol, entry->signature, function)))
            return false;
        bind->found[call->index] = true;
    }
    call->source = BH_BIND_GUEST;
    bh_error error = bh_call(bind->instance, function, arguments, result);
    if (error && !bh_bind_take_pending(call, error))
        bh_bind_fail_with(call, BH_BIND_CALL, "the call", error);
    return !call->failed;
}

bool bh_bind_end(bh_bind_call *call) {
    bh_bind *bind = call->bind;
    bh_bind_handler *handler = NULL;
    void *context = NULL;
    bh_bind_deliver(call);
    bh_bind_release(call);
    if (bind) {
        handler = bind->library->options.handler;
        context = bind->library->options.handler_context;
    }
    if (bind && !call->apart) {
        if (call->failed) {
            bh_bind_free_blocks(call->held);
        } else if (call->held) {
            bh_bind_free_blocks(bind->held[call->index]);
            bind->held[call->index] = call->held;
        }
        if (!--bind->depth)
            atomic_store(&bind->owner, NULL);
        pthread_mutex_unlock(&bind->lock);
    }
    if (call->failed && call->error.kind)
        bh_bind_set_error(&call->error);
    if (call->failed && handler)
        handler(context, bind, call->error.kind ? &call->error : bh_bind_last_error());
    return !call->failed;
}
