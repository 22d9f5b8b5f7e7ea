/* Threads of a guest.
 *
 * A task is one thread of the guest, whichever host thread it runs on. There are two sorts: those that the guest made
 * (clone), each on a host thread that the runtime starts for it, and those that stand for host threads which call in. A
 * module that is not built for threads has one task, which does little more than hold its signal mask.
 *
 * Locks, in this order: threads->state, which guards what the system calls work on (descriptors, the map of the slot,
 * signals) and is given up while a call blocks; threads->lock, which guards the lists and counts below. Signal handlers
 * take neither.
 *
 * Ending: the first call that faults, exits, or passes a deadline claims the end (bh_threads_end), writes down what
 * happened and publishes it; every other task leaves at its next chance, which it is given by a signal. A signal that
 * finds the task in guest code unwinds it, one that finds it in a blocking system call of the host interrupts that, and
 * one that comes in between is lost: so whoever waits for tasks repeats them. */
#ifndef BULKHEAD_RUNTIME_THREADS_H
#define BULKHEAD_RUNTIME_THREADS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "bulkhead/bulkhead.h"
#include "cross/thread.h"

#define BH_MAX_SIGNAL_DEPTH 16
#define BH_GUEST_SIGNALS 64

struct bh_fault;
struct bh_frame;
struct bh_outcome;
struct bh_host_thread;
struct bh_saved_context;

/* A descriptor of the host that a call of the guest is using. */
struct bh_busy {
    int host;
    bool close_after;         /* the guest has closed it meanwhile */
    struct bh_memory *memory; /* of what it has closed */
    struct bh_pipe *pipe;     /* of which that is an end */
};

/* Where a task's host thread is. Only one that is inside may be interrupted: the host's functions wait for things of
 * their own. */
enum {
    BH_INSIDE,  /* in the guest, or in the runtime */
    BH_QUIET,   /* in a function of the host during a system call */
    BH_OUTSIDE, /* in a callback, or on the way out: other calls do not wait for it either */
};

struct bh_task {
    struct bh_task *next;
    bh_instance *instance;
    int tid;       /* the guest's number for it */
    char name[16]; /* and name; ends with 0 */
    pthread_t host;
    struct bh_frame *frame;  /* of the system call being handled */
    uint64_t thread_pointer; /* what r14 starts with; the guest's to choose */
    uint64_t clear_tid;      /* written and woken when it exits, as for Linux; 0: nothing */
    uint64_t robust_list;
    uint64_t stack_top, stack_bottom; /* of a host thread's task */
    uint64_t stack_pointer;           /* where its calls' frames may begin */
    struct bh_host_thread *owner;     /* of a host thread's task: who uses it */
    struct bh_task *outer;            /* what the host thread was before, in a call within a call */
    bool counted;                     /* in made_count */
    unsigned depth;                   /* calls of the host that it is in */
    atomic_int where;                 /* BH_INSIDE, ... */
    /* signal.c; under the state lock */
    uint64_t mask;
    uint64_t kept_mask; /* mask before a call that has one of its own, for as long as mask_kept says so */
    bool mask_kept;
    _Atomic uint64_t pending;
    uint64_t awaited;                   /* the signals that it waits for, blocked or not */
    uint64_t alternate, alternate_size; /* its alternate stack for handlers; size 0: none */
    struct bh_signal_origin {           /* of a pending signal */
        int32_t code;
        uint64_t value;
        int32_t timer, overrun; /* timers.c; timer 0: it is of none, whatever the code says */
    } origin[BH_GUEST_SIGNALS + 1];
    struct bh_saved_context *saved[BH_MAX_SIGNAL_DEPTH];
    unsigned saved_count;
    bool restart; /* sigreturn: the interrupted call is to be made again */
    /* blocking.c */
    atomic_int interrupt; /* leave a blocking call, or do not begin one */
    atomic_bool kicked;   /* a signal for it is on its way: one at a time, for they queue up in the kernel */
    struct bh_busy *busy; /* the host's descriptors that it is blocked on; under the state lock */
    unsigned busy_count;
};

struct bh_threads {
    pthread_mutex_t state, lock;
    pthread_cond_t changed;
    struct bh_task *made;     /* by the guest, and running */
    struct bh_task *finished; /* to be joined */
    struct bh_task *callers;  /* of host threads; inside where depth > 0 */
    unsigned made_count;
    int next_tid;
    bool outliving; /* a program's first thread has ended, others go on */
    bool closing;   /* no call may begin: the instance is being reset or destroyed */
    bool starting;  /* none but those of the thread that resets it, which runs the start code */
    pthread_t starter;
    unsigned visitors; /* threads of the host that work on its memory (bh_callers_visit) */
    atomic_int ending; /* 0, then 1 (claimed), then 2 (published) */
    atomic_int hurry; /* a deadline passed on a thread that may wait for the state lock: who holds it is not to finish a
                         long call */
    const struct bh_task *ender; /* whose call was the end, once published */
    bh_address attach;           /* the module's function that makes a guest thread; 0: it has none */
};

/* The guest thread that the calling host thread is in this instance; NULL when it is in no call into it. Nearly always
 * the first that is looked at: the others are calls within calls. */
static inline struct bh_task *bh_this_task(const bh_instance *instance) {
    struct bh_task *task = bh_this_thread.task;
    while (task && task->instance != instance)
        task = task->outer;
    return task;
}

/* Whether this instance's module is built for threads: only then there is a struct bh_threads, and r14 is the thread
 * pointer. */
bh_error bh_threads_create(bh_instance *instance);
/* Stops every guest thread and waits until none is left, its callbacks included. BH_ERROR_BUSY while a host thread is
 * in a call, or when a guest thread itself asks in a callback (then nothing is done); afterwards no call begins. */
bh_error bh_threads_close(bh_instance *instance);
/* After close, for a reset: forgets all that was. Calls of the calling thread may begin, to run the start code. */
void bh_threads_renew(bh_instance *instance);
/* Ends what close began. */
void bh_threads_open(bh_instance *instance);
/* The last step: nothing of the guest runs any more. */
void bh_threads_destroy(bh_instance *instance);

/* Says where the calling thread is from now on; where it was before. Once it is no longer inside no signal for it is on
 * its way. */
int bh_threads_move(struct bh_task *task, int where);
/* After guest code was left for a reason that ends the instance, and not in the child of a fork: ends it and waits
 * until all other threads have left it, but for those outside. False when another call has ended it; *nested says then
 * whether that was one of this thread. */
bool bh_threads_end(bh_instance *instance, struct bh_outcome *outcome, bool *nested);
static inline bool bh_threads_ending(const struct bh_threads *threads) {
    return threads && atomic_load_explicit(&threads->ending, memory_order_acquire) == 2;
}

static inline bool bh_threads_hurry(const struct bh_threads *threads) {
    return threads && atomic_load_explicit(&threads->hurry, memory_order_relaxed);
}

/* How a guest thread starts: at target, with these registers. */
struct bh_thread_start {
    struct bh_task *task;
    uint64_t target, rsp;
    bh_registers registers;
};
/* Starts it, on a host thread of its own. 0 or -errno. */
int bh_threads_start(bh_instance *instance, const struct bh_thread_start *start);
/* The task with this number, while threads->lock is held. */
struct bh_task *bh_threads_find(struct bh_threads *threads, int tid);
int bh_threads_new_tid(struct bh_threads *threads);
/* Interrupts what a task waits for, if it is inside and does. threads->lock is held. */
void bh_threads_kick(struct bh_task *task);

#endif
