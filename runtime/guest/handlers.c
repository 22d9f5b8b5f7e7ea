/* Signal handlers of the whole process: the engine's own, and the audit of everybody else's.
 *
 * A handler without SA_ONSTACK would run on rsp as it is, which may be the guest's stack: its frame, with whatever it
 * computes, would lie in guest memory. glibc's sigaction hides two signals and installs its cancellation handler that
 * way, so the audit asks the kernel. */
#include "guest/handlers.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/fail.h"
#include "cross/chain.h"
#include "guest/engine.h"
#include "guest/fault.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

int bh_signals_free(void) {
    for (int signal = SIGRTMAX - 2; signal >= SIGRTMIN; signal--) {
        struct bh_kernel_action action = {0};
        if (!bh_kernel_sigaction(signal, NULL, &action) &&
            (bh_action_is_default(&action) || action.handler == bh_deadline_handler))
            return signal;
    }
    return SIGRTMAX - 2;
}

static bh_error take_deadline_signal(int signal, const struct bh_kernel_action *found) {
    if (found->handler == bh_deadline_handler)
        return BH_OK;
    if (!bh_action_is_default(found))
        return bh_fail(BH_ERROR_SIGNALS,
                       "signal %d, which deadlines need, has a handler; choose another one in "
                       "bh_engine_options.deadline_signal",
                       signal);
    return bh_handler_install(signal, bh_deadline_handler);
}

bh_error bh_signals_check(bh_engine *engine) {
    bh_error error = BH_OK;
    pthread_mutex_lock(&lock);
    for (int signal = 1; signal <= BH_KERNEL_SIGNALS && !error; signal++) {
        struct bh_kernel_action action = {0};
        if (signal == SIGKILL || signal == SIGSTOP || bh_kernel_sigaction(signal, NULL, &action))
            continue;
        if (bh_fault_owns(signal)) {
            error = bh_chain_begin(signal, &action, bh_fault_handler);
        } else if (signal == engine->deadline_signal) {
            error = take_deadline_signal(signal, &action);
        } else if (!bh_action_is_default(&action) && !(action.flags & SA_ONSTACK)) {
            if (engine->refuse_handlers) {
                error = bh_fail(BH_ERROR_SIGNALS,
                                "the handler of signal %d (%s) lacks SA_ONSTACK and would run on the "
                                "guest's stack",
                                signal, strsignal(signal));
            } else {
                action.flags |= SA_ONSTACK;
                error = bh_action_put(signal, &action);
            }
        }
    }
    pthread_mutex_unlock(&lock);
    return error;
}

/* A look takes 62 system calls, as long as all the rest of a creation. Handlers are installed now and then, so a host
 * that makes thousands of instances a second loses nothing when only some of them look: the first LOOKS, then one in
 * each LOOK_INTERVAL. */
#define LOOKS 16
#define LOOK_INTERVAL 1000000 /* nanoseconds */

static bool time_to_look(bh_engine *engine) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    uint64_t now = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
    /* When the looks so far would all have been due, at one in each interval. */
    uint64_t due = atomic_load_explicit(&engine->looks_due, memory_order_relaxed), next;
    do {
        if (due > now + (LOOKS - 1) * LOOK_INTERVAL)
            return false;
        next = (due > now ? due : now) + LOOK_INTERVAL;
    } while (!atomic_compare_exchange_weak_explicit(&engine->looks_due, &due, next, memory_order_relaxed,
                                                    memory_order_relaxed));
    return true;
}

bh_error bh_signals_check_sometimes(bh_engine *engine) {
    if (engine->trust_handlers || !time_to_look(engine))
        return BH_OK;
    bh_error error = bh_signals_check(engine);
    /* What is wrong is found again by the next one, however soon that comes. */
    if (error)
        atomic_store_explicit(&engine->looks_due, 0, memory_order_relaxed);
    return error;
}
