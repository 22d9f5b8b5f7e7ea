/* One call through a wrapper: its bracket, its failure, what it delivers at the end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "library.h"

/* For threads without memory for a record of their own. */
static const bh_bind_error bare[] = {
    [BH_BIND_OK] = {.kind = BH_BIND_OK, .function = ""},
    [BH_BIND_HOST] = {.kind = BH_BIND_HOST,
                      .function = "",
                      .text = "the host's call breaks a contract (no memory for more than that)"},
    [BH_BIND_GUEST] = {.kind = BH_BIND_GUEST,
                       .function = "",
                       .text = "the library breaks a contract (no memory for more than that)"},
    [BH_BIND_CALL] = {.kind = BH_BIND_CALL, .function = "", .text = "the call failed (no memory for more than that)"},
};
static BH_THREAD_LOCAL bh_bind_kind bare_kind;

const void *bh_bind_this_thread(void) { return &bare_kind; }

const bh_bind_error *bh_bind_last_error(void) {
    const bh_bind_error *last = bh_thread_record(BH_RECORD_BIND);
    return last ? last : &bare[bare_kind];
}

static void set_last(const bh_bind_error *error) {
    bh_bind_error *last =
        error->kind ? bh_thread_record_make(BH_RECORD_BIND, sizeof(*last)) : bh_thread_record(BH_RECORD_BIND);
    bare_kind = error->kind;
    if (last)
        *last = *error;
}

void bh_bind_clear_error(void) { set_last(&bare[BH_BIND_OK]); }

static void record(bh_bind_call *call, bh_bind_kind kind, bh_error error, const char *what, const char *problem) {
    if (call->failed)
        return;
    call->failed = true;
    call->error.kind = kind;
    call->error.error = error;
    call->error.function = call->function;
    snprintf(call->error.text, sizeof(call->error.text), "%s%s%s %s", call->function, *call->function ? ": " : "", what,
             problem);
}

void bh_bind_fail(bh_bind_call *call, bh_bind_kind kind, const char *what, const char *problem) {
    record(call, kind, BH_OK, what, problem);
}

void bh_bind_fail_with(bh_bind_call *call, bh_bind_kind kind, const char *what, bh_error error) {
    char text[360];
    const bh_error_detail *detail = bh_last_error();
    snprintf(text, sizeof(text), "failed: %s", detail->error == error ? detail->text : bh_error_text(error));
    record(call, kind, error, what, text);
}

bool bh_bind_check(bh_bind_call *call, const char *what, bh_error error) {
    if (error)
        bh_bind_fail_with(call, error == BH_ERROR_RANGE ? BH_BIND_GUEST : BH_BIND_CALL, what, error);
    return !error;
}

void bh_bind_clear_call(bh_bind_call *call) {
    memset(call, 0, offsetof(bh_bind_call, error));
    call->error.kind = BH_BIND_OK;
    call->error.error = BH_OK;
}

void bh_bind_begin(bh_bind_call *call, bh_bind *bind, unsigned index) {
    bh_bind_clear_call(call);
    call->function = "";
    if (!bind) {
        call->failed = true; /* bh_bind_default has recorded why, or an instance handle was NULL */
        if (!bh_bind_last_error()->kind)
            set_last(&(bh_bind_error){.kind = BH_BIND_HOST, .function = "", .text = "no instance"});
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

void bh_bind_deliver(bh_bind_call *call) {
    if (!call->failed) {
        for (struct bh_bind_commit *commit = call->commits; commit; commit = commit->next)
            memcpy(commit->host, commit->bytes, commit->size);
    } else {
        for (struct bh_bind_taken *taken = call->taken; taken; taken = taken->next)
            free(taken->memory);
    }
}

void bh_bind_release(bh_bind_call *call) {
    if (call->bind) {
        bh_bind_release_callbacks(call);
        bh_bind_release_tokens(call);
        bh_bind_release_rooms(call);
    }
    bh_bind_free_blocks(call->temps);
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
        set_last(&call->error);
    if (call->failed && handler)
        handler(context, bind, call->error.kind ? &call->error : bh_bind_last_error());
    return !call->failed;
}
