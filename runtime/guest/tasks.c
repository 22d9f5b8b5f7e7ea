/* Threads of a guest: those that it makes, and how all of them end. See tasks.h. */
#include "guest/tasks.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/fail.h"
#include "base/fork.h"
#include "cross/enter.h"
#include "cross/frame.h"
#include "cross/thread.h"
#include "guest/engine.h"
#include "guest/identity.h"
#include "guest/instance.h"
#include "guest/module.h"
#include "guest/personality.h"
#include "guest/policy.h"
#include "guest/short.h"
#include "guest/state.h"
#include "slot/pool.h"
#include "slot/slot.h"
#include "verifier/elf.h"

#define HOST_STACK (1024 * 1024) /* the deepest system call needs some 50 KiB; the host's callbacks run here, too */
#define HOST_MAPPINGS 4          /* a host thread's stack, the alternate signal stack, and the guard of each */
#define KICK_INTERVAL 2000000    /* nanoseconds */
#define LAST_TID 0x1fffffff      /* musl keeps flags in the bits above */

static struct timespec soon(void) {
    struct timespec when;
    clock_gettime(CLOCK_MONOTONIC, &when);
    when.tv_nsec += KICK_INTERVAL;
    if (when.tv_nsec >= 1000000000) {
        when.tv_sec++;
        when.tv_nsec -= 1000000000;
    }
    return when;
}

struct bh_task *bh_threads_find(struct bh_threads *threads, int tid) {
    for (struct bh_task *task = threads->made; task; task = task->next)
        if (task->tid == tid)
            return task;
    for (struct bh_task *task = threads->callers; task; task = task->next)
        if (task->tid == tid)
            return task;
    return NULL;
}

int bh_threads_new_tid(struct bh_threads *threads) {
    int tid;
    do {
        tid = threads->next_tid;
        threads->next_tid = tid == LAST_TID ? BH_GUEST_PID + 1 : tid + 1;
    } while (bh_threads_find(threads, tid));
    return tid;
}

/* Who goes out says so first and looks at kicked then, who kicks does it the other way round: either nothing is sent,
 * or it is waited for. */
void bh_threads_kick(struct bh_task *task) {
    atomic_store(&task->interrupt, 1);
    if (atomic_exchange(&task->kicked, true))
        return;
    if (atomic_load(&task->where) != BH_INSIDE || pthread_kill(task->host, task->instance->engine->deadline_signal))
        atomic_store(&task->kicked, false);
}

/* A handler of the host's that left by longjmp may have left the signal blocked. Then it interrupts nothing, and does
 * not come before the task is forgotten. */
static bool take_blocked(int signal) {
    sigset_t mask, only;
    if (pthread_sigmask(SIG_SETMASK, NULL, &mask) || !sigismember(&mask, signal))
        return false;
    sigemptyset(&only);
    sigaddset(&only, signal);
    sigtimedwait(&only, NULL, &(struct timespec){0});
    return true;
}

int bh_threads_move(struct bh_task *task, int where) {
    int before = atomic_exchange(&task->where, where);
    while (where != BH_INSIDE && atomic_load(&task->kicked)) {
        if (take_blocked(task->instance->engine->deadline_signal))
            atomic_store(&task->kicked, false);
        else
            sched_yield();
    }
    return before;
}

/* ---- Ends ---- */

/* False: somebody else has. */
static bool claim(struct bh_threads *threads) {
    int none = 0;
    return atomic_compare_exchange_strong(&threads->ending, &none, 1);
}

/* Interrupts every task but one, and those that run a function of the host, which is not to be disturbed: they look
 * when it returns. True while there are some that will leave by themselves; with all, those outside count among
 * them. */
static bool kick_others(struct bh_threads *threads, const struct bh_task *me, bool all) {
    bool some = false;
    struct bh_task *lists[] = {threads->made, threads->callers};
    for (int n = 0; n < 2; n++) {
        for (struct bh_task *task = lists[n]; task; task = task->next) {
            if (task == me || (n == 1 && !task->depth))
                continue;
            bh_threads_kick(task);
            some |= all || atomic_load(&task->where) != BH_OUTSIDE;
        }
    }
    return some;
}

static void wait_for_others(struct bh_threads *threads, const struct bh_task *me, bool all) {
    pthread_mutex_lock(&threads->lock);
    while (kick_others(threads, me, all)) {
        struct timespec when = soon();
        pthread_cond_timedwait(&threads->changed, &threads->lock, &when);
    }
    pthread_mutex_unlock(&threads->lock);
}

static void publish(bh_instance *instance, const struct bh_outcome *outcome, const struct bh_task *ender) {
    instance->threads->ender = ender;
    bh_instance_end(instance, outcome);
    atomic_store(&instance->threads->ending, 2);
}

/* The thread that started the program has ended, the others go on: the program ends with the last of them. */
static void outlive(bh_instance *instance, struct bh_outcome *outcome) {
    struct bh_threads *threads = instance->threads;
    pthread_mutex_lock(&threads->lock);
    threads->outliving = true;
    while (threads->made && !atomic_load(&threads->ending) && !bh_this_thread.expired) {
        struct timespec when = soon();
        pthread_cond_timedwait(&threads->changed, &threads->lock, &when);
    }
    pthread_mutex_unlock(&threads->lock);
    outcome->reason = bh_this_thread.expired ? LEAVE_DEADLINE : LEAVE_EXIT;
    outcome->status = 0;
    outcome->fault = (struct bh_fault){.kind = BH_FAULT_NONE};
}

bool bh_threads_end(bh_instance *instance, struct bh_outcome *outcome, bool *nested) {
    struct bh_threads *threads = instance->threads;
    const struct bh_task *me = bh_this_task(instance);
    if (outcome->reason == LEAVE_THREAD_EXIT)
        outlive(instance, outcome);
    if (outcome->reason != LEAVE_STOPPED && claim(threads)) {
        publish(instance, outcome, me);
        wait_for_others(threads, me, false);
        return true;
    }
    /* Who claimed the end is about to publish it. */
    pthread_mutex_lock(&threads->lock);
    while (atomic_load(&threads->ending) != 2) {
        struct timespec when = soon();
        pthread_cond_timedwait(&threads->changed, &threads->lock, &when);
    }
    pthread_mutex_unlock(&threads->lock);
    *nested = me && threads->ender == me;
    return false;
}

/* ---- Threads that the guest makes ---- */

/* In this thread's stack is the frame, where the handler and the stubs expect those of live calls. */
static void run_guest(bh_instance *instance, const struct bh_thread_start *start) {
    struct bh_frame frame;
    bh_registers registers = start->registers;
    bool nested;
    bh_frame_init(instance, &frame);
    frame.flags = instance->frame_flags | FRAME_FLAG_START;
    frame.r14 = start->task->thread_pointer;
    frame.nesting = (struct bh_nesting){.depth = 1, .holds = true, .restores = true}; /* the thread ends with it */
    if (bh_thread_prepare(instance->engine->deadline_signal, true)) {
        frame.outcome.reason = LEAVE_FAULT;
        frame.outcome.fault = (struct bh_fault){.kind = BH_FAULT_HOST_LIMIT, .signal = SIGKILL};
    } else if (bh_threads_ending(instance->threads)) {
        frame.outcome.reason = LEAVE_STOPPED;
    } else {
        frame.prev = bh_current_frame;
        const struct bh_crossing to = {frame.base, start->target, start->rsp, frame.flags, frame.prev, &registers};
        bh_frame_cross(&frame, &to, !(frame.flags & FRAME_FLAG_NO_FSGSBASE));
        /* Nobody calls it who could get that error, so it is the instance's. */
        if (frame.outcome.reason == LEAVE_NOT_ENTERED)
            frame.outcome.reason = LEAVE_GS;
    }
    /* The end of this thread is not the end of the instance. */
    if (frame.outcome.reason != LEAVE_RETURN && frame.outcome.reason != LEAVE_THREAD_EXIT &&
        frame.outcome.reason != LEAVE_FORKED)
        bh_threads_end(instance, bh_outcome_of(&frame), &nested);
}

static void *run(void *argument) {
    struct bh_thread_start *copy = argument, start = *copy;
    struct bh_task *task = start.task;
    bh_instance *instance = task->instance;
    struct bh_threads *threads = instance->threads;
    free(copy);
    bh_this_thread.task = task;
    run_guest(instance, &start);
    if (atomic_load_explicit(&bh_forked, memory_order_relaxed))
        return NULL; /* a callback forked, and this is the child: nobody else is there */
    instance->operations->task_exits(task);
    bh_this_thread.task = NULL;

    pthread_mutex_lock(&threads->lock);
    struct bh_task **link = &threads->made;
    while (*link != task)
        link = &(*link)->next;
    *link = task->next;
    threads->made_count -= task->counted;
    task->next = threads->finished;
    threads->finished = task;
    pthread_cond_broadcast(&threads->changed);
    pthread_mutex_unlock(&threads->lock);
    return NULL;
}

/* Joins host threads that have nothing left to do. */
static void reap(bh_instance *instance) {
    struct bh_threads *threads = instance->threads;
    pthread_mutex_lock(&threads->lock);
    struct bh_task *task = threads->finished;
    threads->finished = NULL;
    pthread_mutex_unlock(&threads->lock);
    while (task) {
        struct bh_task *next = task->next;
        pthread_join(task->host, NULL);
        bh_mappings_return(&instance->engine->pool, HOST_MAPPINGS);
        free(task);
        task = next;
    }
}

static int create_host_thread(struct bh_task *task, struct bh_thread_start *start) {
    pthread_attr_t attributes;
    sigset_t all, old;
    int error = pthread_attr_init(&attributes);
    if (error)
        return error;
    error = pthread_attr_setstacksize(&attributes, HOST_STACK);
    /* The host's signals are for the host's threads: here only faults and interruptions arrive (bh_thread_prepare). */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    if (!error)
        error = pthread_create(&task->host, &attributes, run, start);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

int bh_threads_start(bh_instance *instance, const struct bh_thread_start *wanted) {
    struct bh_threads *threads = instance->threads;
    struct bh_task *task = wanted->task;
    struct bh_thread_start *start = malloc(sizeof(*start));
    if (!start)
        return -EAGAIN;
    reap(instance);
    if (!bh_mappings_take(&instance->engine->pool, HOST_MAPPINGS)) {
        free(start);
        return -EAGAIN;
    }
    *start = *wanted;
    int error = EAGAIN;
    pthread_mutex_lock(&threads->lock);
    if (threads->made_count < instance->policy->thread_limit && !atomic_load(&threads->ending))
        error = create_host_thread(task, start);
    if (!error) {
        task->next = threads->made;
        threads->made = task;
        threads->made_count++;
        task->counted = true;
    }
    pthread_mutex_unlock(&threads->lock);
    if (error) {
        bh_mappings_return(&instance->engine->pool, HOST_MAPPINGS);
        free(start);
        return -EAGAIN;
    }
    return 0;
}

/* ---- The whole ---- */

/* The tasks of host threads. */
static void forget_callers(struct bh_threads *threads) {
    while (threads->callers) {
        struct bh_task *task = threads->callers;
        threads->callers = task->next;
        task->instance->operations->task_forgotten(task);
        bh_host_thread_forget(task->owner);
        free(task);
    }
}

bh_error bh_threads_create(bh_instance *instance) {
    if (!(instance->module->image.elf.note_flags & BH_NOTE_FLAG_THREADS))
        return BH_OK;
    struct bh_threads *threads = calloc(1, sizeof(*threads));
    if (!threads)
        return bh_fail(BH_ERROR_MEMORY, "no memory for an instance");
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&threads->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&threads->state, NULL);
    pthread_mutex_init(&threads->lock, NULL);
    threads->next_tid = BH_GUEST_PID + 1;
    bool function;
    if (bh_is_library(instance) &&
        bh_elf_export(&instance->module->image.elf, "bulkhead_thread_attach", &threads->attach, &function) && function)
        threads->attach += instance->slot.base + BH_IMAGE_OFFSET;
    else
        threads->attach = 0;
    instance->threads = threads;
    return BH_OK;
}

bh_error bh_threads_close(bh_instance *instance) {
    struct bh_threads *threads = instance->threads;
    if (atomic_load_explicit(&bh_forked, memory_order_relaxed))
        return bh_fail(BH_ERROR_FORKED, "the engine belongs to the parent process");
    pthread_mutex_lock(&threads->lock);
    bool busy = threads->closing || threads->visitors || bh_this_task(instance);
    for (struct bh_task *task = threads->callers; task; task = task->next)
        busy |= task->depth > 0;
    threads->closing |= !busy;
    pthread_mutex_unlock(&threads->lock);
    if (busy)
        return bh_fail(BH_ERROR_BUSY, "a thread of the host is in a call into the instance, or changes it");
    const struct bh_outcome stopped = {.reason = LEAVE_STOPPED};
    if (claim(threads))
        publish(instance, &stopped, NULL);
    wait_for_others(threads, NULL, true);
    reap(instance);
    return BH_OK;
}

void bh_threads_renew(bh_instance *instance) {
    struct bh_threads *threads = instance->threads;
    pthread_mutex_lock(&threads->lock);
    forget_callers(threads);
    threads->next_tid = BH_GUEST_PID + 1;
    threads->outliving = false;
    threads->ender = NULL;
    threads->starting = true;
    threads->starter = pthread_self();
    atomic_store(&threads->ending, 0);
    atomic_store(&threads->hurry, 0);
    pthread_mutex_unlock(&threads->lock);
}

void bh_threads_open(bh_instance *instance) {
    struct bh_threads *threads = instance->threads;
    pthread_mutex_lock(&threads->lock);
    threads->closing = threads->starting = false;
    pthread_mutex_unlock(&threads->lock);
}

void bh_threads_destroy(bh_instance *instance) {
    struct bh_threads *threads = instance->threads;
    if (!threads)
        return;
    forget_callers(threads);
    pthread_cond_destroy(&threads->changed);
    pthread_mutex_destroy(&threads->state);
    pthread_mutex_destroy(&threads->lock);
    free(threads);
    instance->threads = NULL;
}
