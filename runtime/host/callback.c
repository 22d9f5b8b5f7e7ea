/* Callbacks: functions of the host that a guest calls through ordinary function pointers.
 *
 * The pointer is the address of a thunk in the gate pages, which puts its number into r11d. The number is all that the
 * host gets from it, and any guest can make up any number: it says which of the functions registered with this instance
 * runs, nothing else. */
#include "host/callback.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounded.h"
#include "base/fail.h"
#include "base/guarded.h"
#include "cross/deadline.h"
#include "cross/frame.h"
#include "cross/thread.h"
#include "guest/end.h"
#include "guest/hold.h"
#include "guest/instance.h"
#include "guest/tasks.h"
#include "host/signature.h"
#include "host/value.h"
#include "slot/stubs.h"

#define MAX_STRUCTURES 4096 /* bytes of structures that one callback takes and returns */

struct callback {
    atomic_bool active;
    bool raw;
    bool simple; /* all that it takes and returns are scalars in registers */
    bh_callback_function *function;
    bh_raw_callback_function *raw_function;
    void *context;
    bh_function signature;
};

/* Entries are made once and stay until the instance goes: a callback may remove itself while it runs. */
struct bh_callbacks {
    pthread_mutex_t lock;
    unsigned next; /* where to look for a free number: freed ones rest as long as possible */
    _Atomic(struct callback *) entry[BH_CALLBACK_COUNT];
};

/* The instance's callbacks, made when the first is registered. */
static bh_error table(bh_instance *instance, struct bh_callbacks **result) {
    struct bh_callbacks *callbacks = atomic_load_explicit(&instance->callbacks, memory_order_acquire);
    if (!callbacks) {
        struct bh_callbacks *expected = NULL;
        callbacks = calloc(1, sizeof(*callbacks));
        if (!callbacks)
            return bh_fail(BH_ERROR_MEMORY, "no memory for callbacks");
        pthread_mutex_init(&callbacks->lock, NULL);
        if (!atomic_compare_exchange_strong(&instance->callbacks, &expected, callbacks)) {
            pthread_mutex_destroy(&callbacks->lock);
            free(callbacks);
            callbacks = expected;
        }
    }
    *result = callbacks;
    return BH_OK;
}

void bh_callbacks_discard(bh_instance *instance) {
    struct bh_callbacks *callbacks = atomic_load(&instance->callbacks);
    if (!callbacks)
        return;
    for (unsigned n = 0; n < BH_CALLBACK_COUNT; n++)
        free(atomic_load_explicit(&callbacks->entry[n], memory_order_relaxed));
    pthread_mutex_destroy(&callbacks->lock);
    free(callbacks);
    atomic_store(&instance->callbacks, NULL);
}

void bh_callbacks_cancel(bh_instance *instance) {
    struct bh_callbacks *callbacks = atomic_load_explicit(&instance->callbacks, memory_order_acquire);
    if (!callbacks)
        return;
    pthread_mutex_lock(&callbacks->lock);
    for (unsigned n = 0; n < BH_CALLBACK_COUNT; n++) {
        struct callback *callback = atomic_load_explicit(&callbacks->entry[n], memory_order_relaxed);
        if (callback)
            atomic_store_explicit(&callback->active, false, memory_order_release);
    }
    pthread_mutex_unlock(&callbacks->lock);
}

/* A free number, with the lock held; BH_CALLBACK_COUNT when there is none. */
static unsigned free_number(struct bh_callbacks *callbacks) {
    for (unsigned n = 0; n < BH_CALLBACK_COUNT; n++) {
        unsigned number = (callbacks->next + n) % BH_CALLBACK_COUNT;
        struct callback *callback = atomic_load_explicit(&callbacks->entry[number], memory_order_relaxed);
        if (!callback || !atomic_load_explicit(&callback->active, memory_order_relaxed)) {
            callbacks->next = (number + 1) % BH_CALLBACK_COUNT;
            return number;
        }
    }
    return BH_CALLBACK_COUNT;
}

static bh_error add(bh_instance *instance, const struct callback *wanted, bh_address *address) {
    struct bh_callbacks *callbacks;
    bool taken;
    bh_error error = table(instance, &callbacks);
    /* An entry is written over: nobody may be reading it. With threads, readers take the lock. */
    if (error || !bh_instance_visit(instance, &taken, &error))
        return error;
    pthread_mutex_lock(&callbacks->lock);
    unsigned number = free_number(callbacks);
    struct callback *callback = NULL;
    if (number == BH_CALLBACK_COUNT) {
        error =
            bh_fail(BH_ERROR_LIMIT, "all %d callbacks of the instance are registered; destroy some", BH_CALLBACK_COUNT);
    } else {
        callback = atomic_load_explicit(&callbacks->entry[number], memory_order_relaxed);
        if (!callback)
            callback = calloc(1, sizeof(*callback));
        if (!callback)
            error = bh_fail(BH_ERROR_MEMORY, "no memory for a callback");
    }
    if (!error) {
        callback->raw = wanted->raw;
        callback->simple = wanted->simple;
        callback->function = wanted->function;
        callback->raw_function = wanted->raw_function;
        callback->context = wanted->context;
        callback->signature = wanted->signature;
        atomic_store_explicit(&callback->active, true, memory_order_release);
        atomic_store_explicit(&callbacks->entry[number], callback, memory_order_release);
        *address = instance->slot.base + BH_GATE_CALLBACKS + number * BH_BUNDLE_SIZE;
    }
    pthread_mutex_unlock(&callbacks->lock);
    bh_instance_leave(instance, taken);
    return error;
}

static bool is_simple(const bh_function *signature) {
    if (!bh_may_be_simple(signature))
        return false;
    for (unsigned n = 0; n < signature->count; n++)
        if (!bh_is_in_register(&signature->argument[n]))
            return false;
    return true;
}

bh_error bh_callback_create(bh_instance *instance, const char *signature, bh_callback_function *function, void *context,
                            bh_address *address) {
    struct callback wanted = {.function = function, .context = context};
    if (!instance || !signature || !function || !address)
        return bh_fail(BH_ERROR_ARGUMENT,
                       "bh_callback_create: an instance, a signature, a function and a place for the address "
                       "are needed");
    bh_error error = bh_signature_parse(signature, &wanted.signature);
    if (error)
        return error;
    uint64_t structures = wanted.signature.result.type == '{' ? wanted.signature.result.size + 16 : 0;
    for (unsigned n = 0; n < wanted.signature.count; n++)
        structures += wanted.signature.argument[n].type == '{' ? wanted.signature.argument[n].size + 16u : 0u;
    if (structures > MAX_STRUCTURES)
        return bh_fail(BH_ERROR_SIGNATURE, "signature '%s': more than %d bytes of structures by value in a callback",
                       signature, MAX_STRUCTURES);
    wanted.simple = is_simple(&wanted.signature);
    return add(instance, &wanted, address);
}

bh_error bh_callback_create_raw(bh_instance *instance, bh_raw_callback_function *function, void *context,
                                bh_address *address) {
    struct callback wanted = {.raw = true, .raw_function = function, .context = context};
    if (!instance || !function || !address)
        return bh_fail(BH_ERROR_ARGUMENT,
                       "bh_callback_create_raw: an instance, a function and a place for the address are needed");
    return add(instance, &wanted, address);
}

bh_error bh_callback_destroy(bh_instance *instance, bh_address address) {
    if (!instance)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_callback_destroy: no instance");
    struct bh_callbacks *callbacks = atomic_load_explicit(&instance->callbacks, memory_order_acquire);
    uint64_t offset = address - instance->slot.base - BH_GATE_CALLBACKS;
    struct callback *callback = NULL;
    if (callbacks && offset < BH_CALLBACK_COUNT * BH_BUNDLE_SIZE && offset % BH_BUNDLE_SIZE == 0) {
        pthread_mutex_lock(&callbacks->lock);
        callback = atomic_load_explicit(&callbacks->entry[offset / BH_BUNDLE_SIZE], memory_order_relaxed);
        if (callback && !atomic_exchange(&callback->active, false))
            callback = NULL;
        pthread_mutex_unlock(&callbacks->lock);
    }
    if (!callback)
        return bh_fail(BH_ERROR_NOT_FOUND, "0x%llx is no callback of the instance", (unsigned long long)address);
    return BH_OK;
}

/* ---- The call itself ---- */

static int end_with(struct bh_frame *frame, bh_fault_kind kind, int signal, uint64_t address) {
    frame->outcome.fault =
        (struct bh_fault){.kind = kind, .signal = signal, .address = address, .sp = frame->rsp, .bp = frame->rbp};
    frame->outcome.reason = LEAVE_FAULT;
    return 1;
}

/* Host memory for the structures of one call, handed out piece by piece. */
struct room {
    _Alignas(16) uint8_t bytes[MAX_STRUCTURES];
    unsigned used;
};

static void *take_room(struct room *room, uint64_t size) {
    void *at = room->bytes + room->used;
    room->used += ((unsigned)size + 15) & ~15u;
    return at;
}

/* The guest's bytes at address, or false and the call's end. */
static bool read_guest(struct bh_frame *frame, void *to, uint64_t address, uint64_t size) {
    if (bh_in_slot(frame->instance, address, size) && !bh_guarded_copy(to, (const void *)(uintptr_t)address, size))
        return true;
    end_with(frame, BH_FAULT_ACCESS, SIGSEGV, address);
    return false;
}

static bool take_argument(struct bh_frame *frame, const bh_registers *registers, const bh_parameter *parameter,
                          bh_value *value, struct room *room) {
    const uint64_t *word = (const uint64_t *)(const void *)registers;
    bool memory = parameter->piece[0] == BH_PASS_MEMORY;
    if (__builtin_expect(!memory && parameter->type != '{', 1)) {
        bh_value_set(value, parameter, word[parameter->piece[0]]);
        return true;
    }
    value->type = parameter->type;
    if (parameter->type == 'e') {
        value->as.e = 0;
        return read_guest(frame, &value->as.e, registers->stack + parameter->stack, 10);
    }
    if (parameter->type == '{') {
        value->as.s = take_room(room, parameter->size);
        if (memory)
            return read_guest(frame, value->as.s, registers->stack + parameter->stack, parameter->size);
        uint64_t pair[2] = {word[parameter->piece[0]], 0};
        if (parameter->piece[1] != BH_PASS_MEMORY)
            pair[1] = word[parameter->piece[1]];
        memcpy(value->as.s, pair, parameter->size);
        return true;
    }
    uint64_t bits;
    if (!read_guest(frame, &bits, registers->stack + parameter->stack, 8))
        return false;
    bh_value_set(value, parameter, bits);
    return true;
}

static void return_st0(struct bh_frame *frame, const void *bytes) {
    memcpy(frame->fnsave, bytes, 10);
    if (frame->flags & FRAME_FLAG_X87)
        frame->flags |= FRAME_FLAG_RETURN_ST0;
}

static bool give_result(struct bh_frame *frame, bh_registers *registers, const bh_parameter *parameter,
                        bh_address memory, bh_value *value) {
    uint64_t *word = (uint64_t *)(void *)registers;
    uint64_t pair[2] = {0, 0};
    value->type = parameter->type;
    if (parameter->type == 'v')
        return true;
    if (parameter->type == 'e') {
        return_st0(frame, &value->as.e);
        return true;
    }
    if (parameter->type != '{') {
        word[parameter->piece[0]] = bh_value_word(value, parameter);
        return true;
    }
    if (parameter->piece[0] == BH_PASS_MEMORY) {
        registers->rax = memory;
        if (bh_in_slot(frame->instance, memory, parameter->size) &&
            !bh_guarded_copy((void *)(uintptr_t)memory, value->as.s, parameter->size))
            return true;
        end_with(frame, BH_FAULT_ACCESS, SIGSEGV, memory);
        return false;
    }
    memcpy(pair, value->as.s, parameter->size);
    if (parameter->piece[0] == BH_PASS_ST0) {
        return_st0(frame, pair);
        return true;
    }
    word[parameter->piece[0]] = pair[0];
    if (parameter->piece[1] != BH_PASS_MEMORY)
        word[parameter->piece[1]] = pair[1];
    return true;
}

/* 0, or the status that ends the guest's call; *faulted when the frame says already how it ends. */
static int run_typed(struct bh_frame *frame, const struct callback *callback, bh_registers *registers, bool *faulted) {
    const bh_function *signature = &callback->signature;
    const bh_parameter parameter = signature->result; /* the callback may go away while it runs */
    bh_address memory = registers->integer[0];
    bh_value values[BH_MAX_ARGUMENTS], result;
    struct room room;
    room.used = 0;
    for (unsigned n = 0; n < signature->count; n++) {
        if (!take_argument(frame, registers, &signature->argument[n], &values[n], &room)) {
            *faulted = true;
            return 0;
        }
    }
    memset(&result, 0, sizeof(result));
    result.type = parameter.type;
    void *structure = NULL;
    if (parameter.type == '{') {
        structure = take_room(&room, parameter.size);
        memset(structure, 0, parameter.size);
        result.as.s = structure;
    }
    bool paused = bh_host_begin();
    int status = callback->function(callback->context, frame->instance, values, &result);
    bh_host_end(paused);
    if (status)
        return status;
    if (structure)
        result.as.s = structure;
    *faulted = !give_result(frame, registers, &parameter, memory, &result);
    return 0;
}

static const struct callback *find(const bh_instance *instance, uint32_t number) {
    struct bh_callbacks *callbacks = atomic_load_explicit(&instance->callbacks, memory_order_acquire);
    if (__builtin_expect(!callbacks || number >= BH_CALLBACK_COUNT, 0))
        return NULL;
    const struct callback *callback =
        atomic_load_explicit(&callbacks->entry[BH_BOUNDED(number, BH_CALLBACK_COUNT)], memory_order_acquire);
    return __builtin_expect(callback && atomic_load_explicit(&callback->active, memory_order_acquire), 1) ? callback
                                                                                                          : NULL;
}

/* Whether the guest goes on after a callback that returned status: 0, or 1 and the frame says why it does not. */
static inline int finish(struct bh_frame *frame, const bh_instance *instance, int status) {
    if (__builtin_expect(instance->state == BH_INSTANCE_READY && !bh_this_thread.expired && !status, 1))
        return 0;
    frame->outcome.fault = (struct bh_fault){.sp = frame->rsp, .bp = frame->rbp};
    if (bh_call_resumable(frame))
        return 1;
    frame->outcome.status = status;
    frame->outcome.reason = LEAVE_CALLBACK;
    return 1;
}

/* Apart from raw ones, for which the room on the stack would be in the way. */
static __attribute__((noinline)) int run_and_finish_typed(struct bh_frame *frame, const struct callback *callback,
                                                          bh_registers *registers) {
    bh_instance *instance = frame->instance;
    bool faulted = false;
    int status = run_typed(frame, callback, registers, &faulted);
    return faulted || finish(frame, instance, status);
}

static __attribute__((noinline)) int run_and_finish_simple(struct bh_frame *frame, const struct callback *callback,
                                                           bh_registers *registers) {
    uint64_t *word = (uint64_t *)(void *)registers;
    const bh_function *signature = &callback->signature;
    const bh_parameter parameter = signature->result; /* the callback may go away while it runs */
    bh_instance *instance = frame->instance;
    bh_value values[BH_PASS_RAX], result; /* as many as there are registers for arguments */
    for (unsigned n = 0; n < signature->count && n < BH_PASS_RAX; n++)
        bh_value_set(&values[n], &signature->argument[n], word[signature->argument[n].piece[0]]);
    result.type = parameter.type;
    result.as.m = 0;
    bool paused = bh_host_begin();
    int status = callback->function(callback->context, instance, values, &result);
    bh_host_end(paused);
    result.type = parameter.type;
    if (!status && parameter.type != 'v')
        word[parameter.piece[0]] = bh_value_word(&result, &parameter);
    return finish(frame, instance, status);
}

static inline int run(struct bh_frame *frame, const struct callback *callback, uint32_t number,
                      bh_registers *registers) {
    bh_instance *instance = frame->instance;
    if (__builtin_expect(!callback, 0))
        return end_with(frame, BH_FAULT_CALLBACK, SIGSYS, number);

    registers->rax = registers->rdx = registers->xmm0 = registers->xmm1 = 0;
    registers->stack = frame->base + (uint32_t)(frame->rsp + 8);
    registers->vectors = 8;
    if (callback->simple)
        return run_and_finish_simple(frame, callback, registers);
    if (!callback->raw)
        return run_and_finish_typed(frame, callback, registers);
    bool paused = bh_host_begin();
    int status = callback->raw_function(callback->context, instance, registers);
    bh_host_end(paused);
    return finish(frame, instance, status);
}

/* Where several threads run calls, one may destroy a callback and make another while this one looks at it: so it looks
 * at a copy. */
static __attribute__((noinline)) int run_copy(struct bh_frame *frame, uint32_t number, bh_registers *registers) {
    bh_instance *instance = frame->instance;
    struct bh_callbacks *callbacks = atomic_load_explicit(&instance->callbacks, memory_order_acquire);
    struct callback copy;
    const struct callback *callback = NULL;
    if (callbacks) {
        pthread_mutex_lock(&callbacks->lock);
        callback = find(instance, number);
        if (callback) {
            copy.raw = callback->raw;
            copy.simple = callback->simple;
            copy.function = callback->function;
            copy.raw_function = callback->raw_function;
            copy.context = callback->context;
            copy.signature = callback->signature;
        }
        pthread_mutex_unlock(&callbacks->lock);
    }
    struct bh_task *task = bh_this_task(instance);
    int before = bh_threads_move(task, BH_OUTSIDE);
    int leave = run(frame, callback ? &copy : NULL, number, registers);
    bh_threads_move(task, before);
    /* Who ended the instance after run looked did not wait for this thread if it was still outside. */
    return leave || bh_call_resumable(frame);
}

int bh_hostcall_callback(struct bh_frame *frame, uint32_t number, bh_registers *registers) {
    if (__builtin_expect(frame->instance->threads != NULL, 0))
        return run_copy(frame, number, registers);
    return run(frame, find(frame->instance, number), number, registers);
}
