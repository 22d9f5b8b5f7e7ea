/* Failures of calls, and each thread's record of the last one. */
#include <stdio.h>
#include <stdlib.h>

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
static BH_BIND_THREAD_LOCAL bh_bind_kind bare_kind;

/* Made when it is first written to: most threads need none. */
static BH_BIND_THREAD_LOCAL bh_bind_error *last;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool key_made;

static void thread_exits(void *unused) {
    (void)unused;
    free(last);
    last = NULL;
}

static void make_key(void) { key_made = !pthread_key_create(&key, thread_exits); }

static void make_last(void) {
    pthread_once(&once, make_key);
    if (key_made && !pthread_setspecific(key, &last))
        last = calloc(1, sizeof(*last));
}

const bh_bind_error *bh_bind_last_error(void) { return last ? last : &bare[bare_kind]; }

void bh_bind_set_error(const bh_bind_error *error) {
    if (error->kind && !last)
        make_last();
    bare_kind = error->kind;
    if (last)
        *last = *error;
}

void bh_bind_clear_error(void) { bh_bind_set_error(&bare[BH_BIND_OK]); }

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
