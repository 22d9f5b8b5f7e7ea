/* What the parts of the runtime know of each other. Host code includes bulkhead/bulkhead.h instead. */
#ifndef BULKHEAD_RUNTIME_INTERNAL_H
#define BULKHEAD_RUNTIME_INTERNAL_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#include "base/descriptor.h"
#include "base/fail.h"
#include "base/fork.h"
#include "base/guarded.h"
#include "base/limit.h"
#include "base/mapping.h"
#include "base/ownership.h"
#include "base/raised.h"
#include "bulkhead/bulkhead.h"
#include "cross/blocking.h"
#include "cross/chain.h"
#include "cross/deadline.h"
#include "cross/frame.h"
#include "cross/gs.h"
#include "cross/thread.h"
#include "slot/image.h"
#include "slot/layout.h"
#include "slot/map.h"
#include "slot/pagemap.h"
#include "slot/park.h"
#include "slot/parked.h"
#include "slot/pool.h"
#include "slot/restore.h"
#include "slot/slot.h"
#include "slot/space.h"
#include "slot/stubs.h"
#include "guest/hostcall.h"
#include "guest/tasks.h"
#include "cross/enter.h"
#include "verifier/elf.h"

/* ---- engine.c, slot.c ---- */

struct bh_engine {
    struct bh_pool pool;
    unsigned modules;     /* under the pool's lock */
    bh_policy *no_policy; /* grants nothing */
    bool refuse_handlers;
    bool refill_return_stack;
    bool trust_handlers;
    _Atomic uint64_t looks_due; /* handlers.c */
    bool fsgsbase;
    bool avx;
    bool fnstenv_keeps;
    int deadline_signal;
};

/* ---- module.c ---- */

struct bh_module {
    bh_engine *engine;
    struct bh_image image;
    uint8_t *file;
    size_t file_size;
    struct bh_verify_facts facts;
    uint64_t verify_ns;
    struct bh_symbols *symbols; /* of its code */
};

/* ---- policy.c, policy_file.c ---- */

struct bh_grant {
    char *guest_path;         /* absolute, no trailing slash; "" for the root */
    struct bh_kept directory; /* O_PATH */
    bool write;
};

#define BH_MAX_THREADS 4096 /* that a policy can grant */
#define BH_LEAST_FILES 3    /* descriptors that a policy allows: the streams */
#define BH_MAX_FILES 1024

struct bh_policy {
    atomic_uint references;
    struct bh_grant *grants;
    unsigned grant_count;
    int stream[3]; /* host descriptors, -1 when not granted */
    unsigned allowed;
    char **environment;
    unsigned environment_count;
    char *directory; /* where guests begin, clean; NULL: the root */
    uint64_t memory_limit;
    unsigned thread_limit;
    unsigned descriptor_limit; /* 0: the default */
    uint64_t stack_size;
    unsigned mapping_limit;
    uint64_t deadline; /* what instances begin with */
    bh_refused_call *log;
    void *log_context;
};

bh_policy *bh_policy_share(const bh_policy *policy);

/* ---- instance.c ---- */

enum { BH_INSTANCE_READY, BH_INSTANCE_EXITED, BH_INSTANCE_DEAD };
enum {
    BH_DETOUR_STATE = 1,    /* not ready */
    BH_DETOUR_DEADLINE = 2, /* there is one */
    BH_DETOUR_POINTERS = 8, /* pointers among arguments are looked at */
    BH_DETOUR_TIMERS = 16,  /* the guest has set one */
    BH_DETOUR_MODULE = 4,   /* it is built for threads, or GS is set by system calls */
};

struct bh_linux;

/* Runs a library's start code; the caller holds the instance. */
bh_error bh_instance_start(bh_instance *instance);

struct bh_instance {
    bh_engine *engine;
    bh_module *module;
    bh_policy *policy;
    struct bh_ownership ownership; /* of modules not built for threads */
    _Atomic int state;             /* set by bh_instance_set_state */
    _Atomic uint32_t detour;       /* BH_DETOUR_*: why calls cannot take the short way in (enter.h); none: 0 */
    _Atomic uint64_t deadline;     /* nanoseconds a call, 0: none */
    struct bh_share *shares;       /* host memory mapped into the slot */
    uint64_t stack_pointer;        /* where a call's frames may begin: below the argument block */
    uint32_t frame_flags;
    uint32_t end_reason; /* LEAVE_*: how the instance ended, once state says so */
    struct bh_fault end;
    int exit_status, callback_status;
    _Atomic(struct bh_callbacks *) callbacks; /* callback.c; NULL while there are none */
    struct bh_block *blocks;                  /* memory.c */
    uint64_t host_calls, refused;
    struct bh_linux *personality;
    struct bh_threads *threads; /* NULL when the module is not built for them */
    struct bh_slot slot;
};

static inline bool bh_is_library(const bh_instance *instance) {
    return instance->module->image.elf.note_flags & BH_NOTE_FLAG_LIBRARY;
}

static inline void bh_instance_detour(bh_instance *instance, uint32_t detour, bool needed) {
    if (needed)
        atomic_fetch_or(&instance->detour, detour);
    else
        atomic_fetch_and(&instance->detour, ~detour);
}

static inline bool bh_in_slot(const bh_instance *instance, uint64_t address, uint64_t size) {
    return bh_slot_has(&instance->slot, address, size);
}

/* ---- share.c ---- */

/* Forgets what the host shared with the instance; its memory is or will be unmapped by the caller. */
void bh_shares_forget(bh_instance *instance);

/* ---- call.c ---- */

/* A call in three steps. begin takes the instance (or finds that this thread has it already, in a nested call), fills
 * everything of the frame but rsp and the call's own flags, and arms the deadline; after an error nothing is held.
 * cross (enter.h) enters at address with the registers and turns what comes out into an error. end gives the instance
 * back. */
bh_error bh_call_begin(bh_instance *instance, struct bh_frame *frame);
/* What the short way in does (enter.h) when the calling thread is not biased to the instance. */
bool bh_call_take(bh_instance *instance);
/* The error of a call that did not return. */
bh_error bh_call_conclude(struct bh_frame *frame);
void bh_call_end(struct bh_frame *frame);
/* Where the call's frames may begin, a multiple of 16: the stack's top, or below what the guest was using when it made
 * the callback that this call is nested in. Not necessarily inside the slot's mapped part. */
uint64_t bh_call_stack(const bh_instance *instance, const struct bh_frame *frame);
/* A whole call by a caller that holds the instance. sp is the stack's top; with start it is rsp, and nothing is put
 * there. */
bh_error bh_call_held(bh_instance *instance, uint64_t address, uint64_t sp, bool start, bh_registers *registers);
/* Runs from the entry point with rsp = sp. The caller holds the instance. */
bh_error bh_call_start(bh_instance *instance, uint64_t sp);
void bh_instance_set_state(bh_instance *instance, int state);
/* Records how the instance ended: the reason and what goes with it, then the state. */
void bh_instance_end(bh_instance *instance, const struct bh_frame *frame);
/* Ends it from outside the guest, and returns that as an error. The state lock is not held. */
bh_error bh_instance_kill(bh_instance *instance, const struct bh_fault *fault);
/* Whether the calling thread runs a call of the instance. */
bool bh_call_running(const bh_instance *instance);
/* Whether the frame's call was made in a callback of another call of the same instance. */
bool bh_call_nested(const struct bh_frame *frame);
/* Whether the frame's guest may go on after host code ran in its call: no deadline passed, and the instance was not
 * ended in a nested call or by another thread. Otherwise sets the frame's reason. */
bh_error bh_call_resumable(struct bh_frame *frame);
/* Where one thread at a time may be: takes the instance, or finds it BH_ERROR_BUSY. In a module built for threads:
 * makes the calling thread one of the guest's. */
bool bh_instance_lock(bh_instance *instance, bh_error *error);
void bh_instance_unlock(bh_instance *instance);
/* For what the host does to the instance's memory by itself. The calling thread may be in a callback of the instance.
 * With threads: under the state lock, whatever runs meanwhile. */
bool bh_instance_visit(bh_instance *instance, bool *taken, bh_error *error);
void bh_instance_depart(bh_instance *instance, bool taken);
/* The same after the kernel refused a mapping over the slot: ends the instance before anybody can reset it or call it,
 * and returns that as an error. */
bh_error bh_instance_depart_killing(bh_instance *instance, bool taken);
/* ---- signature.c, function.c ---- */

/* Words of bh_registers, as bh_parameter.piece counts them; and where else values are. */
enum {
    BH_PASS_INTEGER = 0,
    BH_PASS_VECTOR = 6,
    BH_PASS_RAX = 14,
    BH_PASS_RDX = 15,
    BH_PASS_XMM0 = 16,
    BH_PASS_XMM1 = 17,
    BH_PASS_ST0 = 64,
    BH_PASS_MEMORY = 255
};
/* Everything of *function but its address. */
bh_error bh_signature_parse(const char *text, bh_function *function);
/* Between a scalar (not 'e') and the register or stack word that holds it. The slow ones are for types of less than 32
 * bits, which callers extend. */
void bh_value_set_slowly(bh_value *value, uint64_t word);
uint64_t bh_value_word_slowly(const bh_value *value);
static inline void bh_value_set(bh_value *value, const bh_parameter *parameter, uint64_t word) {
    value->type = parameter->type;
    if (parameter->size == 8)
        value->as.m = word;
    else if (parameter->size == 4)
        value->as.m = (uint32_t)word;
    else
        bh_value_set_slowly(value, word);
}
static inline uint64_t bh_value_word(const bh_value *value, const bh_parameter *parameter) {
    /* As wide as it was written: a wider read would wait for the store. */
    return parameter->size == 8 ? value->as.m : parameter->size == 4 ? value->as.u : bh_value_word_slowly(value);
}

/* Calls and callbacks whose arguments and result are all scalars in registers have short ways: of those this is true,
 * and each argument bh_is_in_register. The rest takes the longer way, types that do not fit included. */
static inline bool bh_may_be_simple(const bh_function *function) {
    return !function->stack_size && !function->memory_result && function->result.piece[0] != BH_PASS_ST0 &&
           function->result.type != '{';
}

static inline bool bh_is_in_register(const bh_parameter *parameter) {
    return parameter->piece[0] < BH_PASS_RAX && parameter->type != '{';
}

/* ---- callback.c, gate.c ---- */

extern const char bh_stub_callback[];
/* Called by the stub on the host's stack. Zero: go back to the guest; else leave it. */
int bh_hostcall_callback(struct bh_frame *frame, uint32_t number, bh_registers *registers);
/* Withdraws all callbacks, at a reset: another thread may be registering one at this moment. */
void bh_callbacks_cancel(bh_instance *instance);
/* Frees them, when the instance goes. */
void bh_callbacks_discard(bh_instance *instance);

/* ---- memory.c ---- */

/* Forgets the host's blocks: they go with the instance's memory. */
void bh_blocks_discard(bh_instance *instance);

/* ---- start.c ---- */

/* Writes argc, argv, the environment and the auxiliary vector to the top of the stack; *sp is the start's rsp. */
bh_error bh_start_stack(bh_instance *instance, int argc, const char *const argv[], uint64_t *sp);

bh_error bh_signals_check(bh_engine *engine);
/* For creations: the same, but not at each of many that follow one another quickly, nor where the host's handlers are
 * trusted. */
bh_error bh_signals_check_sometimes(bh_engine *engine);
/* A real-time signal for deadlines: the first of SIGRTMAX - 2 and below that nobody has, or an engine has it
 * already. */
int bh_signals_free(void);
void bh_fault_handler(int signal, siginfo_t *info, void *context);
void bh_deadline_handler(int signal, siginfo_t *info, void *context);
/* ---- symbols.c ---- */

/* Sorts the symbols of a module that was parsed; free() ends them. */
bh_error bh_symbols_make(bh_module *module);

/* Fills detail, whose error is set, from the fault; suffix ends the text. */
void bh_describe_fault(bh_instance *instance, const struct bh_fault *fault, bh_error_detail *detail,
                       const char *suffix);
/* The function that a code address in the slot lies in, made printable; "" when unknown. */
/* Whether a module has a function that a host may have meant by a name that it does not export: *other then. */
enum bh_alike { BH_ALIKE_NONE, BH_ALIKE_HIDDEN, BH_ALIKE_MANGLED };
enum bh_alike bh_symbols_alike(const bh_module *module, const char *name, char *other, size_t capacity);
void bh_symbol_name(const bh_instance *instance, uint64_t address, char *name, size_t capacity, uint64_t *offset);
/* backtrace.c: fills detail's backtrace by what the guest's stack looks like. */
void bh_backtrace(bh_instance *instance, const struct bh_fault *fault, bh_error_detail *detail);

/* The guest thread that the calling host thread is in this instance; NULL when it is in no call into it. Nearly always
 * the first that is looked at: the others are calls within calls. */
static inline struct bh_task *bh_this_task(const bh_instance *instance) {
    struct bh_task *task = bh_this_thread.task;
    while (task && task->instance != instance)
        task = task->outer;
    return task;
}

/* ---- linux/ ---- */

bh_error bh_linux_create(bh_instance *instance);
void bh_linux_destroy(bh_instance *instance);
/* A call begins: its guest is interrupted when a timer of its own is due. False and errno when that cannot be. */
bool bh_linux_enter(bh_instance *instance);
/* mmap and munmap of fresh memory on the host's behalf, under the policy's limits. Between bh_instance_visit and
 * bh_instance_depart. The address or 0; a negated errno, or BH_LEAVE when the kernel's refusal ends the instance
 * (bh_instance_depart_killing instead of bh_instance_depart). */
int64_t bh_linux_map(bh_instance *instance, uint64_t size);
int64_t bh_linux_unmap(bh_instance *instance, uint64_t address, uint64_t size);
void bh_linux_task_discard(struct bh_task *task);
/* The last line that the guest wrote to its standard error, printable; "" when there is none. */
void bh_linux_said(const bh_instance *instance, char *line, size_t capacity);
/* Guards the map of the slot and what system calls work on, where several threads may run calls. */
void bh_state_lock(bh_instance *instance);
void bh_state_unlock(bh_instance *instance);

#endif
