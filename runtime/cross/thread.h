/* A thread of the host that runs guests; see thread.c. */
#ifndef BULKHEAD_RUNTIME_THREAD_H
#define BULKHEAD_RUNTIME_THREAD_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/local.h"
#include "bulkhead/bulkhead.h"

struct bh_task;

/* A thread of the host, for as long as something remembers it. */
struct bh_host_thread {
    atomic_uint references;
    atomic_bool alive;
};

struct bh_thread {
    uint64_t number; /* for bh_ownership_take; 0 until it is prepared */
    bool prepared;
    bool timer_made;
    int timer_signal;
    timer_t timer;
    uint64_t unblocked;             /* the engines' deadline signals: bit n - 1 for signal n */
    uint64_t deadline;              /* on CLOCK_MONOTONIC; 0: none */
    uint64_t alarm;                 /* when the innermost guest is interrupted for a timer of its own; 0: it is not */
    volatile sig_atomic_t ticked;   /* it was, and has not looked at its timers yet */
    bool paused;                    /* it is not, as long as a function of the host runs */
    volatile sig_atomic_t expired;  /* the deadline passed; tested on the way into guest code */
    uint64_t stack_low, stack_size; /* the alternate signal stack, whoever made it */
    void *stack_map;
    size_t stack_map_size;
    struct bh_task *task;        /* the guest thread that it runs, in modules built for threads; the innermost call's */
    struct bh_host_thread *host; /* NULL until somebody asks for it */
};
extern BH_THREAD_LOCAL struct bh_thread bh_this_thread;

/* Whether this is a signal handler: they all have SA_ONSTACK. */
static inline bool bh_in_handler(void) {
    uint64_t rsp;
    __asm__("movq %%rsp, %0" : "=r"(rsp));
    return rsp - bh_this_thread.stack_low < bh_this_thread.stack_size;
}

/* Makes the calling thread fit to run guests: alternate stack, signal mask. check: look again though it was done
 * before. */
bh_error bh_thread_prepare(int deadline_signal, bool check);
/* The error that a guest was to run in a signal handler. */
bh_error bh_fail_handler(void);

/* What stands for the calling thread; NULL: no memory for it. */
struct bh_host_thread *bh_host_thread_this(void);
void bh_host_thread_keep(struct bh_host_thread *host);
/* host may be NULL. */
void bh_host_thread_forget(struct bh_host_thread *host);

#endif
