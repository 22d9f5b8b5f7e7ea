/* The guest's timers: alarm, setitimer and timer_create. They are lines in a table; the kernel knows nothing of them. A
 * thread that runs the guest has its own timer, the deadline's, sent for the one that is due first (deadline.c); on the
 * way back from system calls, from waits, and at that interruption it looks what is due, and sends the guest's signals.
 *
 * All times are nanoseconds of CLOCK_MONOTONIC. */
#include "linux.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

bh_syscall bh_sys_alarm, bh_sys_setitimer, bh_sys_getitimer, bh_sys_timer_create, bh_sys_timer_settime,
    bh_sys_timer_gettime, bh_sys_timer_getoverrun, bh_sys_timer_delete;

#define SECOND 1000000000u
#define MICROSECOND 1000u
#define NEVER ((uint64_t)INT64_MAX)
#define MOST 32       /* of timer_create, at a time */
#define REAL 0        /* ITIMER_REAL; the others behind it */
#define FLOOR 100000u /* nanoseconds between looks at what is due: what comes faster is overrun */

struct timer {
    bool made;
    bool silent;    /* SIGEV_NONE */
    bool real;      /* of CLOCK_REALTIME: what absolute times are of */
    int32_t thread; /* SIGEV_THREAD_ID; 0: the process */
    int32_t signal;
    uint64_t value;
    uint64_t due;      /* 0: it is not set */
    uint64_t interval; /* 0: once */
    int32_t overrun;   /* since its signal was sent */
    int32_t told;      /* with the one that was taken last */
};

struct bh_timers {
    struct timer timer[1 + MOST];
    uint64_t looked; /* when timers were looked at last */
};

static struct bh_timers *table(bh_instance *instance) {
    struct bh_linux *state = instance->personality;
    if (!state->timers)
        state->timers = calloc(1, sizeof(*state->timers));
    if (state->timers)
        state->timers->timer[REAL].signal = SIGALRM;
    return state->timers;
}

/* ---- When ---- */

/* Notes when a signal is due first. */
static void set_alarm(bh_instance *instance) {
    const struct bh_timers *timers = instance->personality->timers;
    uint64_t first = 0;
    for (unsigned n = 0; n <= MOST; n++) {
        const struct timer *timer = &timers->timer[n];
        if (timer->due && !timer->silent && (!first || timer->due < first))
            first = timer->due;
    }
    if (first && first < timers->looked + FLOOR)
        first = timers->looked + FLOOR;
    atomic_store(&instance->personality->alarm, first);
    bh_instance_detour(instance, BH_DETOUR_TIMERS, first);
}

bool bh_timers_due(const bh_instance *instance) {
    uint64_t alarm = atomic_load_explicit(&instance->personality->alarm, memory_order_relaxed);
    return __builtin_expect(alarm != 0, 0) && bh_now() >= alarm;
}

static void add_overrun(struct timer *timer, uint64_t more) {
    uint64_t sum = (uint64_t)timer->overrun + more;
    timer->overrun = sum < INT32_MAX ? (int32_t)sum : INT32_MAX;
}

static void fire(bh_instance *instance, unsigned index, uint64_t now) {
    struct timer *timer = &instance->personality->timers->timer[index];
    uint64_t times = timer->interval ? (now - timer->due) / timer->interval + 1 : 1;
    timer->due = timer->interval ? timer->due + times * timer->interval : 0;
    struct bh_signal_origin origin = {.code = index == REAL ? SI_KERNEL : SI_TIMER, .value = timer->value};
    origin.timer = (int32_t)index;
    bool sent = bh_signal_post(instance, timer->thread, timer->signal, &origin);
    if (sent)
        timer->overrun = 0;
    add_overrun(timer, times - sent);
}

void bh_timers_look(bh_instance *instance) {
    struct bh_timers *timers = instance->personality->timers;
    bh_this_thread.ticked = 0;
    if (!bh_timers_due(instance))
        return;
    uint64_t now = bh_now();
    for (unsigned n = 0; n <= MOST; n++)
        if (timers->timer[n].due && !timers->timer[n].silent && timers->timer[n].due <= now)
            fire(instance, n, now);
    timers->looked = now;
    set_alarm(instance);
}

int32_t bh_timers_taken(bh_instance *instance, int32_t index) {
    struct timer *timer = &instance->personality->timers->timer[BH_BOUNDED((uint32_t)index, 1 + MOST)];
    timer->told = timer->overrun;
    return timer->told;
}

bool bh_timers_arm(bh_instance *instance, bool armed) {
    uint64_t alarm = armed ? atomic_load_explicit(&instance->personality->alarm, memory_order_relaxed) : 0;
    return alarm == bh_this_thread.alarm || bh_alarm_set(instance->engine->deadline_signal, alarm);
}

bool bh_timers_enter(bh_instance *instance) { return bh_timers_arm(instance, true); }

bool bh_woken(bh_instance *instance) {
    if (bh_interrupted(instance))
        return true;
    if (!bh_this_thread.ticked)
        return false;
    bh_state_lock(instance);
    bh_timers_look(instance);
    bool due = bh_signal_due(instance);
    bh_state_unlock(instance);
    bh_timers_arm(instance, true);
    return due;
}

void bh_timers_discard(bh_instance *instance) {
    free(instance->personality->timers);
    instance->personality->timers = NULL;
    bh_instance_detour(instance, BH_DETOUR_TIMERS, false);
}

/* ---- Setting ---- */

static uint64_t sum(uint64_t a, uint64_t b) {
    uint64_t result;
    return __builtin_add_overflow(a, b, &result) || result > NEVER ? NEVER : result;
}

static uint64_t nanoseconds(const struct timespec *time) {
    uint64_t seconds = (uint64_t)time->tv_sec;
    return seconds >= NEVER / SECOND ? NEVER : seconds * SECOND + (uint64_t)time->tv_nsec;
}

static struct timespec time_of(uint64_t nanoseconds) {
    return (struct timespec){(time_t)(nanoseconds / SECOND), (long)(nanoseconds % SECOND)};
}

/* Until it is due; 0: it is not set. */
static uint64_t left(const struct timer *timer) {
    uint64_t now = bh_now();
    if (!timer->due || timer->due > now)
        return timer->due ? timer->due - now : 0;
    if (timer->interval)
        return timer->interval - (now - timer->due) % timer->interval;
    return timer->silent ? 0 : 1;
}

/* 0, or -errno and nothing is changed. */
static int64_t set(bh_instance *instance, struct timer *timer, uint64_t due, uint64_t interval, const char *call) {
    if (due && !bh_clock_granted(instance))
        return bh_refuse(instance, EPERM, call, "a time needs the clock");
    const struct timer before = *timer;
    timer->due = due;
    timer->interval = due ? interval : 0;
    timer->overrun = timer->told = 0;
    set_alarm(instance);
    if (bh_timers_arm(instance, true))
        return 0;
    *timer = before;
    set_alarm(instance);
    return -EAGAIN;
}

int64_t bh_sys_alarm(bh_instance *instance, const uint64_t a[6]) {
    struct bh_timers *timers = table(instance);
    if (!timers)
        return -ENOMEM;
    struct timer *timer = &timers->timer[REAL];
    uint64_t rest = left(timer), wait = (uint32_t)a[0] * (uint64_t)SECOND;
    int64_t error = set(instance, timer, wait ? sum(bh_now(), wait) : 0, 0, "alarm");
    if (error)
        return error;
    /* As the kernel rounds: what is left is never nothing. */
    return (int64_t)(rest / SECOND + (rest && (rest < SECOND || rest % SECOND >= SECOND / 2)));
}

static bool is_micro(const struct timeval *time) {
    return time->tv_sec >= 0 && time->tv_usec >= 0 && time->tv_usec < 1000000;
}

static uint64_t of_micro(const struct timeval *time) {
    return nanoseconds(&(struct timespec){time->tv_sec, time->tv_usec * 1000});
}

static struct timeval micro_of(uint64_t nanoseconds) {
    uint64_t all = (nanoseconds + MICROSECOND - 1) / MICROSECOND;
    return (struct timeval){(time_t)(all / 1000000), (suseconds_t)(all % 1000000)};
}

int64_t bh_sys_setitimer(bh_instance *instance, const uint64_t a[6]) {
    struct itimerval wanted = {0}, old = {0};
    struct bh_timers *timers = table(instance);
    int64_t error = 0;
    if (!timers)
        return -ENOMEM;
    if (a[1] && !bh_get(instance, &wanted, a[1], sizeof(wanted)))
        return -EFAULT;
    if (!is_micro(&wanted.it_value) || !is_micro(&wanted.it_interval) || (uint32_t)a[0] > ITIMER_PROF)
        return -EINVAL;
    struct timer *timer = &timers->timer[REAL];
    uint64_t wait = of_micro(&wanted.it_value);
    if ((uint32_t)a[0] != ITIMER_REAL) {
        if (wait)
            return bh_refuse(instance, EINVAL, "setitimer", "timers of processor time");
    } else {
        old = (struct itimerval){micro_of(timer->interval), micro_of(left(timer))};
        error = set(instance, timer, wait ? sum(bh_now(), wait) : 0, of_micro(&wanted.it_interval), "setitimer");
    }
    return error || !a[2] || bh_put(instance, a[2], &old, sizeof(old)) ? error : -EFAULT;
}

int64_t bh_sys_getitimer(bh_instance *instance, const uint64_t a[6]) {
    struct bh_timers *timers = table(instance);
    if (!timers)
        return -ENOMEM;
    if ((uint32_t)a[0] > ITIMER_PROF)
        return -EINVAL;
    const struct timer *timer = &timers->timer[REAL];
    struct itimerval now = {0};
    if ((uint32_t)a[0] == ITIMER_REAL)
        now = (struct itimerval){micro_of(timer->interval), micro_of(left(timer))};
    return bh_put(instance, a[1], &now, sizeof(now)) ? 0 : -EFAULT;
}

/* ---- timer_create ---- */

static struct timer *find(bh_instance *instance, uint64_t id) {
    struct bh_timers *timers = instance->personality->timers;
    if (!timers || (uint32_t)id >= MOST)
        return NULL;
    struct timer *timer = &timers->timer[1 + BH_BOUNDED((uint32_t)id, MOST)];
    return timer->made ? timer : NULL;
}

/* What the kernel reads of struct sigevent. */
struct event {
    uint64_t value;
    int32_t signal, notify, thread;
    uint8_t rest[44];
};

/* 0 or -errno. */
static int64_t describe(bh_instance *instance, struct timer *timer, const struct event *event) {
    bool to_thread = event->notify == (SIGEV_SIGNAL | SIGEV_THREAD_ID);
    *timer = (struct timer){.made = true,
                            .silent = event->notify == SIGEV_NONE,
                            .signal = event->signal,
                            .value = event->value,
                            .thread = to_thread ? event->thread : 0};
    if (timer->silent)
        return 0;
    if (!to_thread && event->notify != SIGEV_SIGNAL && event->notify != SIGEV_THREAD)
        return -EINVAL;
    if (event->signal < 1 || event->signal > BH_GUEST_SIGNALS ||
        (to_thread && !bh_signal_has_thread(instance, event->thread)))
        return -EINVAL;
    return 0;
}

static bool is_clock(uint64_t clock) {
    return (int32_t)clock == CLOCK_REALTIME || (int32_t)clock == CLOCK_MONOTONIC || (int32_t)clock == CLOCK_BOOTTIME;
}

int64_t bh_sys_timer_create(bh_instance *instance, const uint64_t a[6]) {
    struct event event = {.signal = SIGALRM, .notify = SIGEV_SIGNAL};
    struct bh_timers *timers = table(instance);
    struct timer made;
    int32_t id = 0;
    if (!is_clock(a[0]))
        return bh_refuse(instance, EINVAL, "timer_create", "a clock that guests have no timers of");
    if (a[1] && !bh_get(instance, &event, a[1], sizeof(event)))
        return -EFAULT;
    while (timers && id < MOST && timers->timer[1 + id].made)
        id++;
    if (!timers || id == MOST)
        return -EAGAIN;
    int64_t error = describe(instance, &made, &event);
    if (error)
        return error;
    if (!a[1])
        made.value = (uint64_t)id;
    made.real = (int32_t)a[0] == CLOCK_REALTIME;
    if (!bh_put(instance, a[2], &id, sizeof(id)))
        return -EFAULT;
    timers->timer[1 + id] = made;
    return 0;
}

static void put_setting(struct itimerspec *setting, const struct timer *timer) {
    *setting = (struct itimerspec){time_of(timer->interval), time_of(left(timer))};
}

/* An absolute time of the timer's clock, which nobody sets meanwhile. */
static uint64_t monotonic(const struct timer *timer, uint64_t time) {
    struct timespec real;
    if (!timer->real)
        return time;
    clock_gettime(CLOCK_REALTIME, &real);
    uint64_t now = nanoseconds(&real);
    return time > now ? sum(bh_now(), time - now) : 1;
}

int64_t bh_sys_timer_settime(bh_instance *instance, const uint64_t a[6]) {
    struct itimerspec wanted, old;
    if (!a[2])
        return -EINVAL;
    if (!bh_get(instance, &wanted, a[2], sizeof(wanted)))
        return -EFAULT;
    struct timer *timer = find(instance, a[0]);
    if (!bh_time_valid(&wanted.it_value) || !bh_time_valid(&wanted.it_interval) || !timer)
        return -EINVAL;
    put_setting(&old, timer);
    uint64_t due = nanoseconds(&wanted.it_value);
    if (due)
        due = a[1] & TIMER_ABSTIME ? monotonic(timer, due) : sum(bh_now(), due);
    int64_t error = set(instance, timer, due, nanoseconds(&wanted.it_interval), "timer_settime");
    return error || !a[3] || bh_put(instance, a[3], &old, sizeof(old)) ? error : -EFAULT;
}

int64_t bh_sys_timer_gettime(bh_instance *instance, const uint64_t a[6]) {
    const struct timer *timer = find(instance, a[0]);
    struct itimerspec now;
    if (!timer)
        return -EINVAL;
    put_setting(&now, timer);
    return bh_put(instance, a[1], &now, sizeof(now)) ? 0 : -EFAULT;
}

int64_t bh_sys_timer_getoverrun(bh_instance *instance, const uint64_t a[6]) {
    const struct timer *timer = find(instance, a[0]);
    return timer ? timer->told : -EINVAL;
}

int64_t bh_sys_timer_delete(bh_instance *instance, const uint64_t a[6]) {
    struct timer *timer = find(instance, a[0]);
    if (!timer)
        return -EINVAL;
    *timer = (struct timer){0};
    set_alarm(instance);
    return 0;
}
