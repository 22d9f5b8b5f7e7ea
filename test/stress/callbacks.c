/* What the host does while a guest waits for it. */
#include <sys/mman.h>
#include <unistd.h>

#include "stress.h"

#define ADDED 100
#define STATUS 77
#define DEEPEST (BH_MAX_DEPTH + 2)

_Thread_local struct worker *this_worker;

int background(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    result->as.l = arguments[0].as.l + 1;
    usleep(200);
    return 0;
}

static void nested(struct worker *worker, struct entry *entry, long argument) {
    bh_value value = {0};
    uint64_t allowed = (SET(BH_OK) | always_allowed(entry)) & ~SET(BH_ERROR_BUSY);
    if (worker->depth >= BH_MAX_DEPTH)
        allowed |= SET(BH_ERROR_LIMIT);
    bh_error error = note_end(entry, call(entry, "add", "l(ll)", &value, (uint64_t)argument, 7, 0));
    if (!expect("nested call", entry, error, allowed))
        return;
    require(value.as.l == argument + 7, "a nested call returned %lld instead of %ld", (long long)value.as.l, argument + 7);
    if (worker->depth < DEEPEST && (worker->depth < 3 ? draw(worker, 2) : draw(worker, 8)))
        call_with_callback(worker, entry, worker->depth < 3 ? (int)draw(worker, CALLBACK_STOP) : CALLBACK_NESTED);
}

static void meddle(struct entry *entry) {
    bh_address block, address;
    bh_instance *instance = entry->instance;
    expect("reset in a callback", entry, bh_instance_reset(instance), SET(BH_ERROR_BUSY));
    expect("destroy in a callback", entry, bh_instance_destroy(instance), SET(BH_ERROR_BUSY));
    if (expect("register in a callback", entry, bh_callback_create(instance, "l(l)", background, NULL, &address), SET(BH_OK)))
        expect("withdraw in a callback", entry, bh_callback_destroy(instance, address), SET(BH_OK));
    uint64_t allowed = SET(BH_OK) | SET(BH_ERROR_MEMORY) | (always_allowed(entry) & ~SET(BH_ERROR_BUSY)) | SET(BH_ERROR_LIMIT);
    if (expect("allocate in a callback", entry, note_end(entry, bh_allocate(instance, 100, &block)), allowed))
        expect("free in a callback", entry, note_end(entry, bh_free(instance, block)), allowed);
}

/* A fault of the host's own: its handler makes the page accessible, so that the access succeeds. */
static void touch_trap(struct worker *worker) {
    *(volatile char *)worker->trap = 1;
    require(*worker->trap == 1, "a fault of the host's was not mended");
    mprotect(worker->trap, PAGE, PROT_NONE);
}

static void call_other(struct worker *worker) {
    struct entry *other = &pool[draw(worker, SHARED)];
    bh_value value = {0};
    if (other == worker->inside || !acquire(other))
        return;
    struct entry *before = worker->inside;
    worker->inside = other;
    bh_error error = call(other, "add", "l(ll)", &value, 1, 2, 0);
    if (expect("call of another instance", other, error, SET(BH_OK) | SET(BH_ERROR_LIMIT) | always_allowed(other)))
        require(value.as.l == 3, "another instance returned %lld instead of 3", (long long)value.as.l);
    worker->inside = before;
    release(other);
}

/* Finds the worker by itself: when an instance was reset meanwhile a number may be another thread's callback. */
static int serve(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    struct worker *worker = this_worker;
    int kind = *(const int *)context;
    result->as.l = arguments[0].as.l + ADDED;
    if (!worker || !worker->inside || worker->inside->instance != instance)
        return 0;
    struct entry *entry = worker->inside;
    switch (kind) {
    case CALLBACK_NESTED:
        nested(worker, entry, arguments[0].as.l);
        break;
    case CALLBACK_BUSY:
        meddle(entry);
        break;
    case CALLBACK_HOST_FAULT:
        touch_trap(worker);
        break;
    case CALLBACK_STOP:
        return STATUS;
    case CALLBACK_NESTED_FAULT:
        expect("nested fault", entry, note_end(entry, call(entry, "fail", "l(ip)", NULL, 0, 0, 0)),
               SET(BH_ERROR_FAULT) | (always_allowed(entry) & ~SET(BH_ERROR_BUSY)));
        break;
    case CALLBACK_OTHER:
        call_other(worker);
        break;
    default:
        break;
    }
    return 0;
}

static int serve_raw(void *context, bh_instance *instance, bh_registers *registers) {
    bh_value argument = {.type = 'l', .as.l = (int64_t)registers->integer[0]}, result = {.type = 'l'};
    int status = serve(context, instance, &argument, &result);
    registers->rax = result.as.m;
    return status;
}

void call_with_callback(struct worker *worker, struct entry *entry, int kind) {
    static const int kinds[CALLBACK_KINDS] = {0, 1, 2, 3, 4, 5, 6};
    static const char *const names[CALLBACK_KINDS] = {"callback adds", "callback nests", "callback meddles", "callback faults",
                                                      "callback ends", "callback's call faults", "callback elsewhere"};
    void *context = (void *)(uintptr_t)&kinds[kind];
    struct entry *before = worker->inside;
    bool raw = draw(worker, 2), within = worker->depth > 0;
    bh_address address;
    bh_value value = {0};
    /* A thread in a callback of the instance is never refused. */
    uint64_t busy = within || !entry->shared ? 0 : SET(BH_ERROR_BUSY);
    bh_error error = raw ? bh_callback_create_raw(entry->instance, serve_raw, context, &address)
                         : bh_callback_create(entry->instance, "l(l)", serve, context, &address);
    if (!expect("register callback", entry, error, SET(BH_OK) | busy))
        return;
    uint64_t always = always_allowed(entry) & ~(within ? SET(BH_ERROR_BUSY) : 0), allowed = SET(BH_OK) | always;
    if (kind == CALLBACK_STOP)
        allowed = SET(BH_ERROR_CALLBACK) | always;
    else if (kind == CALLBACK_NESTED_FAULT)
        allowed = SET(BH_ERROR_FAULT) | always;
    if (entry->shared)
        allowed |= SET(BH_ERROR_FAULT); /* a reset before the call withdraws the callback */
    if (worker->depth >= BH_MAX_DEPTH)
        allowed |= SET(BH_ERROR_LIMIT);
    /* What the callback called may be what ended it. */
    if (kind == CALLBACK_NESTED || kind == CALLBACK_BUSY || within)
        allowed |= always_allowed(entry) | (entry->dead ? SET(BH_ERROR_DEAD) | SET(BH_ERROR_FAULT) : 0);
    long argument = (long)draw(worker, 1000000);
    worker->inside = entry;
    worker->depth++;
    error = note_end(entry, call(entry, "call_back", "l(pl)", &value, address, (uint64_t)argument, 0));
    worker->depth--;
    worker->inside = before;
    if (expect(names[kind], entry, error, allowed))
        require(value.as.l == 4 * argument + ADDED, "a callback's result arrived as %lld instead of %ld", (long long)value.as.l,
                4 * argument + ADDED);
    else if (error == BH_ERROR_CALLBACK && kind == CALLBACK_STOP)
        require(bh_last_error()->callback_status == STATUS, "a callback's status is %d", bh_last_error()->callback_status);
    expect("withdraw callback", entry, bh_callback_destroy(entry->instance, address),
           SET(BH_OK) | (entry->shared ? SET(BH_ERROR_NOT_FOUND) : 0));
}
