/* Waiting for signals, and the stack on which handlers run. */
#include "linux.h"

#include <sys/syscall.h>
#include <time.h>

bh_syscall bh_sys_pause, bh_sys_rt_sigsuspend, bh_sys_rt_sigtimedwait, bh_sys_sigaltstack;

#define GUEST_MINSIGSTKSZ 2048

static const struct timespec forever = {INT64_MAX / 1000000000, 0}; /* what the kernel's clocks reach */

/* One wait, over when a signal or an interruption comes, or the time does. The state lock is given up meanwhile: who
 * sends a signal holds it, so none is lost between a look and the wait. 0 when the time is over, or -EINTR. */
static int64_t wait_until(bh_instance *instance, const struct timespec *end) {
    struct bh_task *task = bh_task_of(instance);
    bh_state_unlock(instance);
    int64_t result = bh_blocking_syscall(&task->interrupt, SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME,
                                         (uint64_t)(uintptr_t)end, 0, 0, 0);
    bh_state_lock(instance);
    return result;
}

/* Whether the guest does not go on, whatever comes: its end, or its deadline. */
static bool over(bh_instance *instance) { return bh_this_thread.expired || bh_threads_ending(instance->threads); }

static int64_t wait_for_handler(bh_instance *instance) {
    while (bh_timers_look(instance), !bh_signal_due(instance) && !over(instance)) {
        bh_timers_arm(instance, true);
        if (bh_alone(instance))
            return bh_end(instance, BH_FAULT_DEADLOCK, SIGABRT);
        atomic_store(&bh_task_of(instance)->interrupt, 0);
        /* The end of the instance is not announced under the state lock. */
        if (!over(instance))
            wait_until(instance, &forever);
    }
    return -EINTR;
}

int64_t bh_sys_pause(bh_instance *instance, const uint64_t a[6]) { return wait_for_handler(instance); }

int64_t bh_sys_rt_sigsuspend(bh_instance *instance, const uint64_t a[6]) {
    uint64_t mask;
    if (a[1] != sizeof(mask))
        return -EINVAL;
    if (!bh_get(instance, &mask, a[0], sizeof(mask)))
        return -EFAULT;
    bh_signal_mask_for_call(bh_task_of(instance), mask);
    return wait_for_handler(instance);
}

/* Of the signals in the set, or -EAGAIN when the time is over, or -EINTR for the handler of another one. */
static int64_t await(bh_instance *instance, uint64_t set, const struct timespec *end, struct bh_signal_origin *origin) {
    struct bh_task *task = bh_task_of(instance);
    bool late = false;
    for (;;) {
        bh_timers_look(instance);
        bh_timers_arm(instance, true);
        int signal = bh_signal_take(instance, set, origin);
        if (signal)
            return signal;
        if (bh_signal_due(instance) || over(instance))
            return -EINTR;
        if (late || (end && !end->tv_sec))
            return -EAGAIN;
        if (!end && bh_alone(instance))
            return bh_end(instance, BH_FAULT_DEADLOCK, SIGABRT);
        atomic_store(&task->interrupt, 0);
        task->awaited = set;
        if (!over(instance))
            late = !wait_until(instance, end ? end : &forever);
        task->awaited = 0;
    }
}

int64_t bh_sys_rt_sigtimedwait(bh_instance *instance, const uint64_t a[6]) {
    const uint64_t never = (uint64_t)1 << (SIGKILL - 1) | (uint64_t)1 << (SIGSTOP - 1);
    struct bh_signal_origin origin;
    struct timespec length, end = {0, 0};
    siginfo_t info;
    uint64_t set;
    if (a[3] != sizeof(set))
        return -EINVAL;
    if (!bh_get(instance, &set, a[0], sizeof(set)) || (a[2] && !bh_get(instance, &length, a[2], sizeof(length))))
        return -EFAULT;
    if (a[2] && !bh_time_valid(&length))
        return -EINVAL;
    if (a[2] && (length.tv_sec || length.tv_nsec)) {
        if (!bh_clock_granted(instance))
            return bh_refuse(instance, EPERM, "rt_sigtimedwait", "a time needs the clock");
        if (!bh_time_after(&length, &end))
            end = forever;
    }
    int64_t signal = await(instance, set & ~never, a[2] ? &end : NULL, &origin);
    if (signal <= 0)
        return signal;
    bh_signal_describe(&info, (int)signal, &origin);
    return !a[1] || bh_put(instance, a[1], &info, sizeof(info)) ? signal : -EFAULT;
}

/* Kept for handlers that ask for it. Whether there is memory shows when one is entered. */
int64_t bh_sys_sigaltstack(bh_instance *instance, const uint64_t a[6]) {
    struct bh_task *task = bh_task_of(instance);
    bool on = bh_signal_on_alternate(task);
    stack_t wanted, old = {.ss_sp = (void *)(uintptr_t)task->alternate, .ss_size = task->alternate_size};
    old.ss_flags = !task->alternate_size ? SS_DISABLE : on ? SS_ONSTACK : 0;
    if (a[0]) {
        if (!bh_get(instance, &wanted, a[0], sizeof(wanted)))
            return -EFAULT;
        if (on)
            return -EPERM;
        if (wanted.ss_flags && wanted.ss_flags != SS_ONSTACK && wanted.ss_flags != SS_DISABLE)
            return -EINVAL;
        if (wanted.ss_flags == SS_DISABLE)
            wanted = (stack_t){0};
        else if (wanted.ss_size < GUEST_MINSIGSTKSZ)
            return -ENOMEM;
        else if (!bh_in_slot(instance, (uint64_t)(uintptr_t)wanted.ss_sp, wanted.ss_size))
            return -EFAULT;
    }
    if (a[1] && !bh_put(instance, a[1], &old, sizeof(old)))
        return -EFAULT;
    if (a[0]) {
        task->alternate = (uint64_t)(uintptr_t)wanted.ss_sp;
        task->alternate_size = wanted.ss_size;
    }
    return 0;
}
