/* What the parts of the runtime know of each other. Host code includes bulkhead/bulkhead.h instead. */
#ifndef BULKHEAD_RUNTIME_INTERNAL_H
#define BULKHEAD_RUNTIME_INTERNAL_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <time.h>

#include "bulkhead/bulkhead.h"
#include "frame.h"
#include "space.h"
#include "threads.h"
#include "verifier/elf.h"

#define BH_HIDDEN __attribute__((visibility("hidden")))
#define BH_PAGE_ROUND(x) (((uint64_t)(x) + BH_PAGE_SIZE - 1) & ~(uint64_t)(BH_PAGE_SIZE - 1))

/* ---- error.c ---- */

/* Fills the thread's detail and returns error. */
bh_error bh_fail(bh_error error, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same with errno and its text appended. */
bh_error bh_fail_errno(bh_error error, const char *format, ...) __attribute__((format(printf, 2, 3)));
bh_error_detail *bh_error_slot(void);

/* ---- engine.c, slot.c ---- */

enum { BH_SLOT_FREE, BH_SLOT_USED, BH_SLOT_POISONED };

struct bh_engine {
    pthread_mutex_t lock; /* slots, counts */
    unsigned slot_count;
    unsigned char *slot_state;
    unsigned next_slot;
    char *reservation;
    size_t reservation_size;
    uint64_t first_slot; /* address of slot 0, a multiple of 4 GiB */
    int context_fd;      /* one page a slot, shared between the host's alias and the guests' read-only views */
    char *context_alias;
    int gate_fd;
    unsigned mapping_limit;
    atomic_uint mappings; /* promised to instances: reserved before they are made */
    unsigned modules;
    bool refuse_handlers;
    bool refill_return_stack;
    bool fsgsbase;
    bool avx;
    int deadline_signal;
};

/* The child of a fork shares context pages with its parent: it must not run guests. */
extern atomic_bool bh_forked;

bh_error bh_slot_take(bh_engine *engine, unsigned *slot);
void bh_slot_release(bh_engine *engine, unsigned slot, bool poisoned);
/* mmap over [at, at + size) of a slot, never elsewhere; false (and errno) when the kernel refuses, in which case the range
 * may be in any state: the caller poisons the slot. */
bool bh_slot_map(uint64_t at, uint64_t size, int protection, int flags, int fd, uint64_t offset);
/* Returns [at, at + size) to the state of unused address space. */
bool bh_slot_unmap(uint64_t at, uint64_t size);
/* Reserves n mappings of the engine's limit; false when it is exhausted. */
bool bh_mappings_take(bh_engine *engine, unsigned n);
void bh_mappings_return(bh_engine *engine, unsigned n);

/* ---- module.c ---- */

struct bh_module {
    bh_engine *engine;
    char *name;
    uint8_t *file;
    size_t file_size;
    struct bh_elf elf;
    struct bh_verify_facts facts;
    uint64_t verify_ns;
    int image_fd;           /* sealed: the image from image_lo to image_hi, code included */
    atomic_uint instances;
};

/* Maps the image into the instance's slot, relocates it and records its pieces. */
bh_error bh_module_map(bh_module *module, bh_instance *instance);

/* ---- policy.c ---- */

struct bh_grant {
    char *guest_path; /* absolute, no trailing slash; "" for the root */
    int fd;           /* the directory, O_PATH */
    bool write;
};

struct bh_policy {
    atomic_uint references;
    struct bh_grant *grants;
    unsigned grant_count;
    int stream[3]; /* host descriptors, -1 when not granted */
    unsigned allowed;
    char **environment;
    unsigned environment_count;
    uint64_t memory_limit;
    unsigned thread_limit;
    uint64_t stack_size;
    unsigned mapping_limit;
    bh_refused_call *log;
    void *log_context;
};

bh_policy *bh_policy_share(const bh_policy *policy);

/* ---- instance.c ---- */

enum { BH_INSTANCE_READY, BH_INSTANCE_EXITED, BH_INSTANCE_DEAD };

struct bh_linux;

/* Room for `more` pieces in the instance's map: under its own limit and under the engine's. */
bool bh_instance_room(bh_instance *instance, unsigned more);

struct bh_instance {
    bh_engine *engine;
    bh_module *module;
    bh_policy *policy;
    unsigned slot;
    uint64_t base;
    uint64_t *context;      /* the host's alias of the context page */
    atomic_flag running;
    _Atomic int state;
    bool poisoned;          /* the slot must not be used again */
    _Atomic uint64_t deadline; /* nanoseconds a call, 0: none */
    struct bh_space space;
    unsigned promised;      /* mappings taken from the engine's limit for this instance */
    uint64_t stack_top;     /* addresses */
    uint64_t stack_bottom;
    uint64_t stack_pointer; /* where a call's frames may begin: below the argument block */
    uint64_t return_gate;
    uint32_t frame_flags;
    int exit_status;
    bh_fault_kind fault;    /* of the last LEAVE_FAULT; the handler fills these */
    int fault_signal;
    uint64_t fault_address, fault_pc;
    uint64_t host_calls, refused;
    struct bh_linux *personality;
    struct bh_threads *threads; /* NULL when the module is not built for them */
};

static inline bool bh_in_slot(const bh_instance *instance, uint64_t address, uint64_t size) {
    return address - instance->base < BH_SLOT_SIZE && size <= BH_SLOT_SIZE - (address - instance->base);
}

/* ---- call.c ---- */

/* Enters the guest with frame's registers at address, and turns what comes out into an error. The caller holds
 * instance->running and has set frame's rsp and arguments. */
bh_error bh_call_frame(bh_instance *instance, struct bh_frame *frame, uint64_t address);
/* Enters the guest with frame's registers, whatever the instance's state, and comes back when it is left. */
void bh_run_frame(bh_instance *instance, struct bh_frame *frame, uint64_t address);
/* Fills in what is known of a fault that only frame tells of. */
void bh_settle_fault(bh_instance *instance, const struct bh_frame *frame);
bool bh_instance_lock(bh_instance *instance, bh_error *error);
void bh_instance_unlock(bh_instance *instance);
/* Confines a code address that a guest had a hand in. Called last, on a value that no guest can change any more. */
static inline uint64_t bh_confine(uint64_t base, uint64_t address) {
    return base + ((uint32_t)address & ~(uint32_t)(BH_BUNDLE_SIZE - 1));
}

/* ---- start.c ---- */

/* Writes argc, argv, the environment and the auxiliary vector to the top of the stack; *sp is the start's rsp. */
bh_error bh_start_stack(bh_instance *instance, int argc, const char *const argv[], uint64_t *sp);

/* ---- thread.c, fault.c, signals.c, deadline.c ---- */

struct bh_thread {
    bool prepared;
    bool timer_made, timer_armed;
    timer_t timer;
    volatile sig_atomic_t expired; /* the deadline passed; tested on the way into guest code */
    void *stack_map;
    size_t stack_map_size;
    struct bh_task *task;         /* the guest thread that it runs, in a module built for threads */
    struct bh_host_thread *host;
};
extern _Thread_local struct bh_thread bh_this_thread __attribute__((tls_model("initial-exec")));

/* Makes the calling thread fit to run guests: alternate stack, signal mask. check: look again though it was done before. */
bh_error bh_thread_prepare(bh_engine *engine, bool check);
bh_error bh_signals_check(bh_engine *engine);
bool bh_fault_owns(int signal);
void bh_fault_handler(int signal, siginfo_t *info, void *context);
void bh_deadline_handler(int signal, siginfo_t *info, void *context);
/* Passes a signal that is not a guest's to whoever had it before. */
void bh_signals_chain(int signal, siginfo_t *info, void *context);
bh_error bh_deadline_start(bh_instance *instance);
void bh_deadline_stop(bh_instance *instance);

/* ---- symbols.c ---- */

void bh_describe_fault(bh_instance *instance, bh_error_detail *detail);

/* ---- linux/ ---- */

/* The guest thread that the calling host thread is in this instance; NULL when it is in no call into it. Nearly always the
 * first that is looked at: the others are calls within calls. */
static inline struct bh_task *bh_this_task(const bh_instance *instance) {
    struct bh_task *task = bh_this_thread.task;
    while (task && task->instance != instance)
        task = task->outer;
    return task;
}
/* Where frames of calls may begin: the calling thread's guest stack. */
static inline uint64_t bh_stack_pointer(const bh_instance *instance) {
    return instance->threads ? bh_this_task(instance)->stack_pointer : instance->stack_pointer;
}

bh_error bh_linux_create(bh_instance *instance);
void bh_linux_destroy(bh_instance *instance);
void bh_linux_task_discard(struct bh_task *task);

#endif
