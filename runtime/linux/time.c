/* Clocks, by policy, and sleeping. */
#include "linux.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>

bh_syscall bh_sys_clock_gettime, bh_sys_clock_getres, bh_sys_gettimeofday, bh_sys_time, bh_sys_nanosleep,
    bh_sys_clock_nanosleep, bh_sys_times, bh_sys_getrusage;

#define SECOND 1000000000

bool bh_clock_granted(const bh_instance *instance) { return instance->policy->allowed & BH_GRANT_CLOCK; }

bool bh_time_valid(const struct timespec *time) {
    return time->tv_sec >= 0 && time->tv_nsec >= 0 && time->tv_nsec < SECOND;
}

bool bh_time_after(const struct timespec *length, struct timespec *end) {
    clock_gettime(CLOCK_MONOTONIC, end);
    end->tv_nsec += length->tv_nsec;
    bool carry = end->tv_nsec >= SECOND;
    end->tv_nsec -= carry ? SECOND : 0;
    return !__builtin_add_overflow(end->tv_sec + carry, length->tv_sec, &end->tv_sec);
}

/* The clocks a guest may name; the machine's uptime and other processes' clocks are not among them. */
static int host_clock(uint64_t clock) {
    switch ((int32_t)clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE: return CLOCK_REALTIME;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME: return CLOCK_MONOTONIC;
    case CLOCK_PROCESS_CPUTIME_ID:
    case CLOCK_THREAD_CPUTIME_ID: return CLOCK_THREAD_CPUTIME_ID;
    default: return -1;
    }
}

int64_t bh_sys_clock_gettime(bh_instance *instance, const uint64_t a[6]) {
    struct timespec now;
    int clock = host_clock(a[0]);
    if (clock < 0)
        return -EINVAL;
    if (!bh_clock_granted(instance))
        return bh_refuse(instance, EPERM, "clock_gettime", NULL);
    clock_gettime(clock, &now);
    return bh_put(instance, a[1], &now, sizeof(now)) ? 0 : -EFAULT;
}

int64_t bh_sys_clock_getres(bh_instance *instance, const uint64_t a[6]) {
    struct timespec resolution = {0, 1};
    if (host_clock(a[0]) < 0)
        return -EINVAL;
    return !a[1] || bh_put(instance, a[1], &resolution, sizeof(resolution)) ? 0 : -EFAULT;
}

int64_t bh_sys_gettimeofday(bh_instance *instance, const uint64_t a[6]) {
    struct timeval now;
    if (!bh_clock_granted(instance))
        return bh_refuse(instance, EPERM, "gettimeofday", NULL);
    gettimeofday(&now, NULL);
    if (a[0] && !bh_put(instance, a[0], &now, sizeof(now)))
        return -EFAULT;
    const struct timezone zone = {0, 0};
    return !a[1] || bh_put(instance, a[1], &zone, sizeof(zone)) ? 0 : -EFAULT;
}

int64_t bh_sys_time(bh_instance *instance, const uint64_t a[6]) {
    if (!bh_clock_granted(instance))
        return bh_refuse(instance, EPERM, "time", NULL);
    int64_t now = time(NULL);
    return !a[0] || bh_put(instance, a[0], &now, sizeof(now)) ? now : -EFAULT;
}

static int64_t sleep_for(bh_instance *instance, clockid_t clock, int flags, uint64_t request, uint64_t rest) {
    struct timespec want, left;
    if (!bh_get(instance, &want, request, sizeof(want)))
        return -EFAULT;
    left = want; /* for a sleep that did not even begin */
    if (!bh_time_valid(&want))
        return -EINVAL;
    if (!bh_clock_granted(instance))
        return bh_refuse(instance, EPERM, "nanosleep", NULL);
    for (;;) {
        int64_t error =
            bh_blocking_syscall(&bh_task_of(instance)->interrupt, SYS_clock_nanosleep, (uint64_t)clock, (uint64_t)flags,
                                (uint64_t)(uintptr_t)&want, (uint64_t)(uintptr_t)&left, 0, 0);
        if (error != -EINTR)
            return error;
        if (bh_woken(instance))
            break;
        if (!(flags & TIMER_ABSTIME))
            want = left;
    }
    if (rest && !(flags & TIMER_ABSTIME))
        bh_put(instance, rest, &left, sizeof(left));
    return -EINTR;
}

int64_t bh_sys_nanosleep(bh_instance *instance, const uint64_t a[6]) {
    return sleep_for(instance, CLOCK_MONOTONIC, 0, a[0], a[1]);
}

int64_t bh_sys_clock_nanosleep(bh_instance *instance, const uint64_t a[6]) {
    int clock = host_clock(a[0]);
    if ((clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) || (a[1] & ~(uint64_t)TIMER_ABSTIME))
        return -EINVAL;
    return sleep_for(instance, clock, (int)a[1], a[2], a[3]);
}

/* CPU time is this thread's: the guest is all that the guest knows of. */
static int64_t cpu_time(void) {
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return used.tv_sec * (int64_t)SECOND + used.tv_nsec;
}

int64_t bh_sys_times(bh_instance *instance, const uint64_t a[6]) {
    struct timespec now;
    struct tms times = {0};
    if (!bh_clock_granted(instance))
        return bh_refuse(instance, EPERM, "times", NULL);
    clock_gettime(CLOCK_MONOTONIC, &now);
    times.tms_utime = cpu_time() / (SECOND / 100);
    if (a[0] && !bh_put(instance, a[0], &times, sizeof(times)))
        return -EFAULT;
    return (now.tv_sec * (int64_t)SECOND + now.tv_nsec - (int64_t)instance->personality->start_time) / (SECOND / 100);
}

int64_t bh_sys_getrusage(bh_instance *instance, const uint64_t a[6]) {
    struct rusage usage = {0};
    if (!bh_clock_granted(instance))
        return bh_refuse(instance, EPERM, "getrusage", NULL);
    int64_t used = cpu_time();
    usage.ru_utime.tv_sec = used / SECOND;
    usage.ru_utime.tv_usec = used % SECOND / 1000;
    usage.ru_maxrss = (long)(instance->slot.space.peak >> 10);
    return bh_put(instance, a[1], &usage, sizeof(usage)) ? 0 : -EFAULT;
}
