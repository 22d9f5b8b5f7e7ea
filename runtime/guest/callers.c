/* Threads of the host that call into a guest that is built for threads, or work on its memory. See tasks.h. */
#include "guest/callers.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/fail.h"
#include "base/fork.h"
#include "cross/thread.h"
#include "guest/end.h"
#include "guest/engine.h"
#include "guest/identity.h"
#include "guest/instance.h"
#include "guest/module.h"
#include "guest/run.h"
#include "guest/tasks.h"
#include "slot/layout.h"
#include "slot/map.h"
#include "slot/slot.h"
#include "slot/space.h"

static void give(struct bh_task *task, struct bh_host_thread *host) {
    bh_host_thread_forget(task->owner);
    bh_host_thread_keep(host);
    task->owner = host;
}

static struct bh_task *new_caller(bh_instance *instance, struct bh_host_thread *host) {
    struct bh_threads *threads = instance->threads;
    struct bh_task *task = calloc(1, sizeof(*task));
    if (!task)
        return NULL;
    task->instance = instance;
    task->tid = threads->callers ? bh_threads_new_tid(threads) : BH_GUEST_PID;
    if (task->tid == BH_GUEST_PID) {
        task->stack_top = instance->slot.stack_top;
        task->stack_bottom = instance->slot.stack_bottom;
    }
    give(task, host);
    task->next = threads->callers;
    threads->callers = task;
    return task;
}

static bool map_stack(bh_instance *instance, struct bh_task *task) {
    struct bh_threads *threads = instance->threads;
    struct bh_space *space = &instance->slot.space;
    uint64_t size = instance->slot.stack_top - instance->slot.stack_bottom;
    bool mapped = false;
    pthread_mutex_lock(&threads->state);
    uint64_t guard = bh_space_gap(space, size + BH_STACK_GUARD_SIZE);
    if (guard && bh_slot_room(&instance->slot, 2)) {
        uint64_t bottom = guard + BH_STACK_GUARD_SIZE, top = bottom + size;
        mapped =
            bh_slot_map(instance->slot.base + bottom, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (mapped) {
            bh_space_add(space, bottom, top, PROT_READ | PROT_WRITE, BH_PIECE_STACK, false);
            bh_space_add(space, guard, bottom, PROT_NONE, BH_PIECE_GUARD, false);
            task->stack_bottom = instance->slot.base + bottom;
            task->stack_top = instance->slot.base + top;
            task->stack_pointer = task->stack_top - BH_STACK_SCRATCH_SIZE;
        } else {
            instance->slot.poisoned = true;
        }
    }
    pthread_mutex_unlock(&threads->state);
    return mapped;
}

/* Runs the module's own function that makes a guest thread. */
static bh_error attach(bh_instance *instance, struct bh_task *task) {
    struct bh_threads *threads = instance->threads;
    if (!threads->attach)
        return bh_fail(BH_ERROR_BUSY,
                       "'%s' does not export bulkhead_thread_attach: only one thread of the host can call it; "
                       "link it by bulkhead-clang --library -pthread",
                       instance->module->image.name);
    if (!task->stack_top && !map_stack(instance, task))
        return bh_fail(BH_ERROR_LIMIT,
                       "no room for the stack of another guest thread (the slot is full, or out of mappings)");
    bh_registers registers;
    memset(&registers, 0, sizeof(registers));
    registers.integer[0] = task->stack_bottom;
    registers.integer[1] = task->stack_top - task->stack_bottom;
    bh_error error = bh_call_held(instance, threads->attach, task->stack_pointer & ~(uint64_t)63, false, &registers);
    if (!error && !registers.rax)
        error = bh_fail(BH_ERROR_MEMORY, "the guest has no memory for another thread");
    if (!error)
        task->thread_pointer = registers.rax;
    return error;
}

static void enter(struct bh_task *task) {
    task->host = pthread_self();
    task->outer = bh_this_thread.task;
    atomic_store(&task->interrupt, 0);
    atomic_store(&task->where, BH_INSIDE);
    atomic_signal_fence(memory_order_seq_cst); /* the handler follows these links */
    bh_this_thread.task = task;
}

bh_error bh_callers_take(bh_instance *instance) {
    struct bh_threads *threads = instance->threads;
    /* Other threads' locks stay locked for ever in the child. */
    if (atomic_load_explicit(&bh_forked, memory_order_relaxed))
        return bh_fail(BH_ERROR_FORKED, "the engine belongs to the parent process");
    bh_error error = bh_thread_prepare(instance->engine->deadline_signal, false);
    if (error)
        return error;
    struct bh_host_thread *host = bh_host_thread_this();
    if (!host)
        return bh_fail(BH_ERROR_MEMORY, "no memory for a thread");

    pthread_mutex_lock(&threads->lock);
    struct bh_task *task = bh_this_task(instance);
    bool nested = task != NULL, fresh = false;
    bool open = !threads->closing || (threads->starting && pthread_equal(threads->starter, pthread_self()));
    if (!nested && open) {
        /* This thread's own; else one whose thread is gone; else a new one. A program runs once, wherever. */
        for (struct bh_task *at = threads->callers; at; at = at->next)
            if (!at->depth && (at->owner == host || !bh_is_library(instance)))
                task = at;
        for (struct bh_task *at = threads->callers; at && !task; at = at->next)
            if (!at->depth && !atomic_load(&at->owner->alive))
                task = at;
        if (task)
            give(task, host);
        else if (!threads->callers || bh_is_library(instance))
            task = new_caller(instance, host);
        fresh = task && !task->thread_pointer && task->tid != BH_GUEST_PID;
    }
    if (task) {
        task->depth++;
        if (!nested)
            enter(task);
    }
    pthread_mutex_unlock(&threads->lock);
    if (!task)
        return bh_fail(BH_ERROR_BUSY, "the instance is running, or being reset or destroyed");
    error = fresh ? attach(instance, task) : BH_OK;
    if (error)
        bh_callers_give(instance);
    return error;
}

void bh_callers_give(bh_instance *instance) {
    struct bh_threads *threads = instance->threads;
    struct bh_task *task = bh_this_task(instance);
    if (atomic_load_explicit(&bh_forked, memory_order_relaxed)) {
        bh_this_thread.task = task->outer;
        return;
    }
    /* Later a signal would interrupt the host in whatever it waits for next. */
    if (task->depth == 1)
        bh_threads_move(task, BH_OUTSIDE);
    pthread_mutex_lock(&threads->lock);
    if (!--task->depth) {
        bh_this_thread.task = task->outer;
        pthread_cond_broadcast(&threads->changed);
    }
    pthread_mutex_unlock(&threads->lock);
}

/* ---- Those that work on its memory ---- */

bh_error bh_callers_visit(bh_instance *instance) {
    struct bh_threads *threads = instance->threads;
    if (atomic_load_explicit(&bh_forked, memory_order_relaxed))
        return bh_fail(BH_ERROR_FORKED, "the engine belongs to the parent process");
    const struct bh_task *task = bh_this_task(instance);
    if (task && task->frame)
        return bh_fail(BH_ERROR_BUSY, "the log of refused calls runs in a system call of the instance");
    pthread_mutex_lock(&threads->lock);
    bool open = !threads->closing;
    threads->visitors += open;
    pthread_mutex_unlock(&threads->lock);
    if (!open)
        return bh_fail(BH_ERROR_BUSY, "the instance is being reset or destroyed");
    pthread_mutex_lock(&threads->state);
    return BH_OK;
}

void bh_callers_leave(bh_instance *instance) {
    struct bh_threads *threads = instance->threads;
    pthread_mutex_unlock(&threads->state);
    pthread_mutex_lock(&threads->lock);
    threads->visitors--;
    pthread_mutex_unlock(&threads->lock);
}

bh_error bh_callers_leave_killing(bh_instance *instance, const struct bh_fault *fault) {
    struct bh_threads *threads = instance->threads;
    pthread_mutex_unlock(&threads->state);
    bh_error error = bh_instance_kill(instance, fault);
    pthread_mutex_lock(&threads->lock);
    threads->visitors--;
    pthread_mutex_unlock(&threads->lock);
    return error;
}
