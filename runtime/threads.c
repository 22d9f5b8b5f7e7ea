/* Threads of a guest: whose they are, how they begin and how all of them end. See threads.h. */
#include "threads.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "internal.h"

#define HOST_STACK (512 * 1024) /* the deepest system call needs some 50 KiB; a policy's log function runs here, too */
#define HOST_MAPPINGS 4         /* a host thread's stack, the alternate signal stack, and the guard of each */
#define KICK_INTERVAL 2000000   /* nanoseconds */
#define FIRST_TID 2             /* BH_GUEST_PID */
#define LAST_TID 0x1fffffff     /* musl keeps flags in the bits above */

/* linux/threads.c */
void bh_linux_task_exit(struct bh_task *task);

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
        threads->next_tid = tid == LAST_TID ? FIRST_TID + 1 : tid + 1;
    } while (bh_threads_find(threads, tid));
    return tid;
}

void bh_threads_kick(struct bh_threads *threads, struct bh_task *task) {
    atomic_store(&task->interrupt, 1);
    pthread_kill(task->host, task->instance->engine->deadline_signal);
}

/* ---- Ends ---- */

bool bh_threads_claim(bh_instance *instance) {
    int none = 0;
    return !instance->threads || atomic_compare_exchange_strong(&instance->threads->ending, &none, 1);
}

/* Interrupts every task but one, and those that run a function of the host, which is not to be disturbed: they look when it
 * returns. True while there are some that will leave by themselves. */
static bool kick_others(struct bh_threads *threads, const struct bh_task *me) {
    bool some = false;
    for (struct bh_task *task = threads->made; task; task = task->next) {
        if (task == me || task->outside)
            continue;
        bh_threads_kick(threads, task);
        some = true;
    }
    for (struct bh_task *task = threads->callers; task; task = task->next) {
        if (task == me || task->outside || !task->depth)
            continue;
        bh_threads_kick(threads, task);
        some = true;
    }
    return some;
}

static void wait_for_others(struct bh_threads *threads, const struct bh_task *me) {
    pthread_mutex_lock(&threads->lock);
    while (kick_others(threads, me)) {
        struct timespec when = soon();
        pthread_cond_timedwait(&threads->changed, &threads->lock, &when);
    }
    pthread_mutex_unlock(&threads->lock);
}

static void publish(bh_instance *instance, uint32_t reason) {
    struct bh_threads *threads = instance->threads;
    threads->reason = reason;
    instance->state = reason == LEAVE_EXIT ? BH_INSTANCE_EXITED : BH_INSTANCE_DEAD;
    atomic_store(&threads->ending, 2);
}

/* The thread that started the program has ended, the others go on: the program ends with the last of them. */
static uint32_t outlive(bh_instance *instance) {
    struct bh_threads *threads = instance->threads;
    uint32_t reason = LEAVE_STOPPED;
    pthread_mutex_lock(&threads->lock);
    threads->outliving = true;
    while (threads->made && !atomic_load(&threads->ending) && !bh_this_thread.expired) {
        struct timespec when = soon();
        pthread_cond_timedwait(&threads->changed, &threads->lock, &when);
    }
    pthread_mutex_unlock(&threads->lock);
    if (bh_threads_claim(instance)) {
        reason = bh_this_thread.expired ? LEAVE_DEADLINE : LEAVE_EXIT;
        if (reason == LEAVE_EXIT)
            instance->exit_status = 0;
        else
            instance->fault_pc = 0;
    }
    return reason;
}

void bh_threads_left(bh_instance *instance, struct bh_frame *frame) {
    struct bh_threads *threads = instance->threads;
    if (frame->reason == LEAVE_RETURN)
        return;
    if (frame->reason == LEAVE_THREAD_EXIT)
        frame->reason = outlive(instance);
    /* Nobody could claim this one in time: its stub is assembly. */
    if (frame->reason == LEAVE_BAD_HOSTCALL && !bh_threads_claim(instance))
        frame->reason = LEAVE_STOPPED;
    if (frame->reason == LEAVE_STOPPED) {
        /* Who claimed the end is about to publish it. */
        pthread_mutex_lock(&threads->lock);
        while (atomic_load(&threads->ending) != 2) {
            struct timespec when = soon();
            pthread_cond_timedwait(&threads->changed, &threads->lock, &when);
        }
        pthread_mutex_unlock(&threads->lock);
        frame->reason = threads->reason;
        return;
    }
    bh_settle_fault(instance, frame);
    if (frame->reason == LEAVE_BAD_HOSTCALL)
        frame->reason = LEAVE_FAULT;
    publish(instance, frame->reason);
    wait_for_others(threads, bh_this_task(instance));
}

/* ---- Threads that the guest makes ---- */

struct start {
    struct bh_task *task;
    struct bh_frame frame;
};

static void *run(void *argument) {
    struct start *start = argument;
    struct bh_task *task = start->task;
    bh_instance *instance = task->instance;
    struct bh_threads *threads = instance->threads;
    /* In this thread's stack, where the handler and the stubs expect frames of live calls. */
    struct bh_frame frame = start->frame;
    free(start);

    bh_this_thread.task = task;
    if (bh_thread_prepare(instance->engine, true)) {
        frame.reason = LEAVE_STOPPED;
        if (bh_threads_claim(instance)) {
            instance->fault = BH_FAULT_HOST_LIMIT;
            instance->fault_signal = SIGKILL;
            instance->fault_address = instance->fault_pc = 0;
            frame.reason = LEAVE_FAULT;
        }
    } else if (bh_threads_ending(threads)) {
        frame.reason = LEAVE_STOPPED;
    } else {
        bh_run_frame(instance, &frame, frame.target);
    }
    /* The end of this thread is not the end of the instance. */
    if (frame.reason != LEAVE_RETURN && frame.reason != LEAVE_THREAD_EXIT)
        bh_threads_left(instance, &frame);
    bh_linux_task_exit(task);
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
        bh_mappings_return(instance->engine, HOST_MAPPINGS);
        free(task);
        task = next;
    }
}

static int create_host_thread(struct bh_task *task, struct start *start) {
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

int bh_threads_start(bh_instance *instance, const struct bh_frame *frame, struct bh_task *task) {
    struct bh_threads *threads = instance->threads;
    struct start *start = aligned_alloc(_Alignof(struct start), sizeof(*start));
    if (!start)
        return -EAGAIN;
    reap(instance);
    if (!bh_mappings_take(instance->engine, HOST_MAPPINGS)) {
        free(start);
        return -EAGAIN;
    }
    start->task = task;
    start->frame = *frame;
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
        bh_mappings_return(instance->engine, HOST_MAPPINGS);
        free(start);
        return -EAGAIN;
    }
    return 0;
}

/* ---- Threads of the host that call in ---- */

static struct bh_host_thread *this_host(void) {
    struct bh_host_thread *host = bh_this_thread.host;
    if (!host) {
        host = calloc(1, sizeof(*host));
        if (host) {
            atomic_init(&host->references, 1);
            atomic_init(&host->alive, true);
            bh_this_thread.host = host;
        }
    }
    return host;
}

static void forget(struct bh_host_thread *host) {
    if (host && atomic_fetch_sub(&host->references, 1) == 1)
        free(host);
}

void bh_threads_host_exits(struct bh_host_thread *host) {
    if (host)
        atomic_store(&host->alive, false);
    forget(host);
}

static void give(struct bh_task *task, struct bh_host_thread *host) {
    forget(task->owner);
    atomic_fetch_add(&host->references, 1);
    task->owner = host;
}

static struct bh_task *new_caller(bh_instance *instance, struct bh_host_thread *host) {
    struct bh_threads *threads = instance->threads;
    struct bh_task *task = calloc(1, sizeof(*task));
    if (!task)
        return NULL;
    task->instance = instance;
    task->tid = threads->callers ? bh_threads_new_tid(threads) : FIRST_TID;
    if (task->tid == FIRST_TID) {
        task->stack_top = instance->stack_top;
        task->stack_bottom = instance->stack_bottom;
    }
    give(task, host);
    task->next = threads->callers;
    threads->callers = task;
    return task;
}

static bool is_library(const bh_instance *instance) {
    return instance->module->elf.note_flags & BH_NOTE_FLAG_LIBRARY;
}

static bool map_stack(bh_instance *instance, struct bh_task *task) {
    struct bh_threads *threads = instance->threads;
    struct bh_space *space = &instance->space;
    uint64_t size = instance->stack_top - instance->stack_bottom;
    bool mapped = false;
    pthread_mutex_lock(&threads->state);
    uint64_t guard = bh_space_gap(space, size + BH_STACK_GUARD_SIZE);
    if (guard && bh_instance_room(instance, 2)) {
        uint64_t bottom = guard + BH_STACK_GUARD_SIZE, top = bottom + size;
        mapped = bh_slot_map(instance->base + bottom, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (mapped) {
            bh_space_add(space, bottom, top, PROT_READ | PROT_WRITE, BH_PIECE_STACK, false);
            bh_space_add(space, guard, bottom, PROT_NONE, BH_PIECE_GUARD, false);
            task->stack_bottom = instance->base + bottom;
            task->stack_top = instance->base + top;
            task->stack_pointer = task->stack_top - BH_STACK_SCRATCH_SIZE;
        } else {
            instance->poisoned = true;
        }
    }
    pthread_mutex_unlock(&threads->state);
    return mapped;
}

/* Runs the module's own function that makes a guest thread. */
static bh_error attach(bh_instance *instance, struct bh_task *task) {
    struct bh_threads *threads = instance->threads;
    if (!threads->attach)
        return bh_fail(BH_ERROR_BUSY, "'%s' does not export bulkhead_thread_attach: only one thread of the host can call it; "
                                      "link it by bulkhead-clang --library -pthread", instance->module->name);
    if (!task->stack_top && !map_stack(instance, task))
        return bh_fail(BH_ERROR_LIMIT, "no room for the stack of another guest thread (the slot is full, or out of mappings)");
    struct bh_frame frame = {0};
    frame.rdi = task->stack_bottom;
    frame.rsi = task->stack_top - task->stack_bottom;
    frame.rsp = (task->stack_pointer & ~(uint64_t)63) - 8;
    if (bh_guarded_copy((void *)(uintptr_t)frame.rsp, &instance->return_gate, 8))
        return bh_fail(BH_ERROR_RANGE, "the guest's stack is not accessible: it unmapped or protected it");
    bh_error error = bh_call_frame(instance, &frame, threads->attach);
    if (!error && !frame.rax)
        error = bh_fail(BH_ERROR_MEMORY, "the guest has no memory for another thread");
    if (!error)
        task->thread_pointer = frame.rax;
    return error;
}

static void enter(struct bh_task *task) {
    task->host = pthread_self();
    task->outer = bh_this_thread.task;
    atomic_store(&task->interrupt, 0);
    bh_this_thread.task = task;
}

bh_error bh_threads_enter(bh_instance *instance) {
    struct bh_threads *threads = instance->threads;
    bh_error error = bh_thread_prepare(instance->engine, false);
    if (error)
        return error;
    struct bh_host_thread *host = this_host();
    if (!host)
        return bh_fail(BH_ERROR_MEMORY, "no memory for a thread");

    pthread_mutex_lock(&threads->lock);
    struct bh_task *task = bh_this_task(instance);
    bool nested = task != NULL, fresh = false;
    if (!nested && !threads->closing) {
        /* This thread's own; else one whose thread is gone; else a new one. A program runs once, wherever. */
        for (struct bh_task *at = threads->callers; at; at = at->next)
            if (!at->depth && (at->owner == host || !is_library(instance)))
                task = at;
        for (struct bh_task *at = threads->callers; at && !task; at = at->next)
            if (!at->depth && !atomic_load(&at->owner->alive))
                task = at;
        if (task)
            give(task, host);
        else if (!threads->callers || is_library(instance))
            task = new_caller(instance, host);
        fresh = task && !task->thread_pointer && task->tid != FIRST_TID;
    }
    if (task) {
        task->depth++;
        if (!nested)
            enter(task);
    }
    pthread_mutex_unlock(&threads->lock);
    if (!task)
        return bh_fail(BH_ERROR_BUSY, "the instance is running, or being destroyed");
    error = fresh ? attach(instance, task) : BH_OK;
    if (error)
        bh_threads_leave(instance);
    return error;
}

void bh_threads_leave(bh_instance *instance) {
    struct bh_threads *threads = instance->threads;
    struct bh_task *task = bh_this_task(instance);
    pthread_mutex_lock(&threads->lock);
    if (!--task->depth) {
        bh_this_thread.task = task->outer;
        pthread_cond_broadcast(&threads->changed);
    }
    pthread_mutex_unlock(&threads->lock);
}

/* ---- The whole ---- */

bh_error bh_threads_create(bh_instance *instance) {
    if (!(instance->module->elf.note_flags & BH_NOTE_FLAG_THREADS))
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
    threads->next_tid = FIRST_TID + 1;
    bool function;
    if (is_library(instance) && bh_elf_export(&instance->module->elf, "bulkhead_thread_attach", &threads->attach, &function) &&
        function)
        threads->attach += instance->base + BH_IMAGE_OFFSET;
    else
        threads->attach = 0;
    instance->threads = threads;
    return BH_OK;
}

bh_error bh_threads_close(bh_instance *instance) {
    struct bh_threads *threads = instance->threads;
    bool busy = false;
    pthread_mutex_lock(&threads->lock);
    for (struct bh_task *task = threads->callers; task; task = task->next)
        busy |= task->depth > 0;
    threads->closing |= !busy;
    pthread_mutex_unlock(&threads->lock);
    if (busy)
        return bh_fail(BH_ERROR_BUSY, "a thread of the host is in a call into the instance");
    if (bh_threads_claim(instance))
        publish(instance, LEAVE_STOPPED);
    wait_for_others(threads, NULL);
    reap(instance);
    return BH_OK;
}

void bh_threads_destroy(bh_instance *instance) {
    struct bh_threads *threads = instance->threads;
    if (!threads)
        return;
    while (threads->callers) {
        struct bh_task *task = threads->callers;
        threads->callers = task->next;
        bh_linux_task_discard(task);
        forget(task->owner);
        free(task);
    }
    pthread_cond_destroy(&threads->changed);
    pthread_mutex_destroy(&threads->state);
    pthread_mutex_destroy(&threads->lock);
    free(threads);
    instance->threads = NULL;
}
