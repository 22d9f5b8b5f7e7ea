/* timer-attacks MODULE: what a guest may do with timers: pointers and numbers of all kinds, as many and as fast as it likes,
 * against its deadline and against its host. MODULE is library.S, whose system calls this host makes. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "../../runtime/Inputs/entries.h"
#include "../../runtime/Inputs/syscalls.h"

#define DEADLINE 30000000 /* nanoseconds */
#define PROMPTLY 1.0      /* seconds */
#define MOST 32
#define HOST (BUFFER + BH_SLOT_SIZE)
#define LAST (bh_instance_base(guest) + BH_SLOT_SIZE - 8)

static const struct itimerval often = {{0, 1}, {0, 1}}, seldom = {{0, 0}, {1000, 0}};
static const struct itimerspec fastest = {{0, 1}, {0, 1}};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void start(unsigned grants) {
    bh_policy *policy;
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_grant(policy, grants));
    start_guest(policy);
    bh_policy_destroy(policy);
}

static void act(int signal, uint64_t handler) {
    const uint64_t action[4] = {handler};
    IS(SYS(rt_sigaction, signal, buffer(action, sizeof(action)), 0, 8), 0);
}

static void test_pointers(void) {
    start(BH_GRANT_CLOCK);
    const uint64_t bad[] = {8, bh_instance_base(guest) + 8, HOST, LAST, (uint64_t)-8, bh_instance_base(guest) - 8};
    const struct itimerspec none = {{0, 0}, {0, 0}};
    IS(SYS(timer_create, CLOCK_MONOTONIC, 0, BUFFER), 0);
    for (size_t n = 0; n < sizeof(bad) / sizeof(*bad); n++) {
        IS(SYS(setitimer, ITIMER_REAL, bad[n], 0), -EFAULT);
        IS(SYS(setitimer, ITIMER_REAL, 0, bad[n]), -EFAULT);
        IS(SYS(getitimer, ITIMER_REAL, bad[n]), -EFAULT);
        IS(SYS(timer_create, CLOCK_MONOTONIC, bad[n], BUFFER), -EFAULT);
        /* An address of the end of the slot has room for a number. */
        if (bad[n] != LAST)
            IS(SYS(timer_create, CLOCK_MONOTONIC, 0, bad[n]), -EFAULT);
        IS(SYS(timer_settime, 0, 0, bad[n], 0), -EFAULT);
        IS(SYS(timer_settime, 0, 0, buffer(&none, sizeof(none)), bad[n]), -EFAULT);
        IS(SYS(timer_gettime, 0, bad[n]), -EFAULT);
    }
    IS(SYS(timer_settime, 0, 0, 0, 0), -EINVAL);
    CHECK(!bh_instance_destroy(guest));
}

static void test_numbers(void) {
    static const uint64_t odd[] = {MOST - 1, MOST, MOST + 1, UINT32_MAX, INT32_MAX, (uint64_t)1 << 31, UINT32_MAX - 1};
    struct itimerspec setting = fastest;
    struct sigevent event = {.sigev_signo = SIGALRM, .sigev_notify = 3};
    start(BH_GRANT_CLOCK);
    IS(SYS(timer_create, CLOCK_MONOTONIC, buffer(&event, sizeof(event)), BUFFER + 256), -EINVAL);
    event.sigev_notify = SIGEV_THREAD;
    IS(SYS(timer_create, CLOCK_MONOTONIC, buffer(&event, sizeof(event)), BUFFER + 256), 0);
    IS(SYS(timer_delete, 0), 0);
    for (size_t n = 0; n < sizeof(odd) / sizeof(*odd); n++) {
        IS(SYS(timer_settime, odd[n], 0, buffer(&setting, sizeof(setting)), 0), -EINVAL);
        IS(SYS(timer_gettime, odd[n], BUFFER), -EINVAL);
        IS(SYS(timer_getoverrun, odd[n]), -EINVAL);
        IS(SYS(timer_delete, odd[n]), -EINVAL);
        IS(SYS(setitimer, odd[n] > 2 ? odd[n] : 3, 0, 0), -EINVAL);
        IS(SYS(getitimer, odd[n] > 2 ? odd[n] : 3, BUFFER), -EINVAL);
    }
    for (int n = 0; n < MOST; n++)
        IS(SYS(timer_create, CLOCK_REALTIME, 0, BUFFER), 0);
    IS(SYS(timer_create, CLOCK_REALTIME, 0, BUFFER), -EAGAIN);
    IS(SYS(timer_delete, 7), 0);
    IS(SYS(timer_create, CLOCK_BOOTTIME, 0, BUFFER), 0);
    int32_t id = 0;
    CHECK(!bh_copy_out(guest, &id, BUFFER, sizeof(id)) && id == 7);
    /* Of processor time there are none. */
    IS(SYS(timer_create, CLOCK_PROCESS_CPUTIME_ID, 0, BUFFER), -EINVAL);
    IS(SYS(timer_create, CLOCK_THREAD_CPUTIME_ID, 0, BUFFER), -EINVAL);
    IS(SYS(setitimer, ITIMER_PROF, buffer(&seldom, sizeof(seldom)), 0), -EINVAL);
    IS(SYS(setitimer, ITIMER_VIRTUAL, BUFFER, 0), -EINVAL);
    IS(SYS(setitimer, ITIMER_VIRTUAL, 0, BUFFER), 0);
    /* Times beyond time. */
    setting = (struct itimerspec){{INT64_MAX, 999999999}, {INT64_MAX, 999999999}};
    IS(SYS(timer_settime, 3, 0, buffer(&setting, sizeof(setting)), 0), 0);
    IS(SYS(timer_settime, 3, 1 /* TIMER_ABSTIME */, BUFFER, 0), 0);
    IS(SYS(timer_gettime, 3, BUFFER), 0);
    const struct itimerval far = {{INT64_MAX, 999999}, {INT64_MAX, 999999}};
    IS(SYS(setitimer, ITIMER_REAL, buffer(&far, sizeof(far)), 0), 0);
    IS(SYS(getitimer, ITIMER_REAL, BUFFER), 0);
    IS(SYS(alarm, UINT32_MAX) > 1000, 1);
    IS(SYS(alarm, 0), UINT32_MAX);
    CHECK(!bh_instance_destroy(guest));
}

/* Without the clock: none is set. */
static void test_no_clock(void) {
    start(0);
    IS(SYS(alarm, 0), 0);
    IS(SYS(alarm, 1), -EPERM);
    IS(SYS(setitimer, ITIMER_REAL, buffer(&often, sizeof(often)), 0), -EPERM);
    IS(SYS(setitimer, ITIMER_REAL, BUFFER, HOST), -EPERM); /* it was not set, so nothing is told */
    IS(SYS(timer_create, CLOCK_REALTIME, 0, BUFFER), 0);
    IS(SYS(timer_settime, 0, 0, buffer(&fastest, sizeof(fastest)), 0), -EPERM);
    IS(SYS(timer_settime, 0, 1, buffer(&fastest, sizeof(fastest)), 0), -EPERM);
    IS(SYS(timer_settime, 0, 1, BUFFER, HOST), -EPERM);
    check_fresh_usage(guest, 6);
    IS(SYS(getitimer, ITIMER_REAL, BUFFER), 0);
    struct itimerval now;
    CHECK(!bh_copy_out(guest, &now, BUFFER, sizeof(now)) && !now.it_value.tv_sec && !now.it_value.tv_usec);
    CHECK(!bh_instance_destroy(guest));
}

/* All of them, a nanosecond apart. */
static void set_all(void) {
    act(SIGALRM, 1);
    for (int n = 0; n < MOST; n++) {
        IS(SYS(timer_create, CLOCK_MONOTONIC, 0, BUFFER), 0);
        IS(SYS(timer_settime, n, 0, buffer(&fastest, sizeof(fastest)), 0), 0);
    }
    IS(SYS(setitimer, ITIMER_REAL, buffer(&often, sizeof(often)), 0), 0);
}

static void expires(int line, bool failed, double begin) {
    if (!failed || bh_last_error()->error != BH_ERROR_DEADLINE || now() - begin > PROMPTLY) {
        printf("line %d: %s, after %f s\n", line, bh_last_error()->text, now() - begin);
        failures++;
    }
}

static void test_deadlines(void) {
    bh_value result;
    start(BH_GRANT_CLOCK);
    for (int how = 0; how < 3; how++) {
        set_all();
        CHECK(!bh_instance_set_deadline(guest, DEADLINE));
        double begin = now();
        if (how == 0)
            expires(__LINE__, invoke(guest, "loop_forever", "v()", &result, 0, 0), begin);
        else if (how == 1)
            expires(__LINE__, SYS(poll, 0, 0, -1) == INT64_MIN, begin);
        else
            expires(__LINE__, SYS(pause, 0) == INT64_MIN, begin);
        CHECK(!bh_instance_set_deadline(guest, 0) && !bh_instance_reset(guest));
    }
    CHECK(!bh_instance_destroy(guest));
}

/* What the host waits for is not interrupted, whether the guest is there or not. */
static bool host_rests(void) {
    const struct timespec time = {0, 20000000};
    return !nanosleep(&time, NULL) && !poll(NULL, 0, 20);
}

static void test_host(void) {
    int before = entries_of("/proc/self/fd");
    start(BH_GRANT_CLOCK);
    set_all();
    CHECK(host_rests());
    IS(SYS(getpid, 0), 2);
    CHECK(host_rests());
    CHECK(!bh_instance_set_deadline(guest, 1000000000));
    IS(SYS(getpid, 0), 2);
    CHECK(host_rests());
    CHECK(!bh_instance_set_deadline(guest, UINT64_MAX)); /* beyond time itself */
    IS(SYS(getpid, 0), 2);
    CHECK(!bh_instance_reset(guest));
    CHECK(host_rests());
    IS(SYS(timer_delete, 0), -EINVAL);
    set_all();
    CHECK(!bh_instance_destroy(guest));
    CHECK(host_rests() && entries_of("/proc/self/fd") == before);
}

static void ends(int line, bool failed) {
    if (!failed || bh_last_error()->fault != BH_FAULT_SIGNAL) {
        printf("line %d: %s\n", line, bh_last_error()->text);
        failures++;
    }
}

/* Who says that its own signal is a timer's, of which there is none. */
static void test_claimed(void) {
    start(BH_GRANT_CLOCK);
    siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_TIMER};
    for (int timer = -1; timer < 99; timer += 33) {
        const uint64_t set = (uint64_t)1 << (SIGUSR1 - 1);
        info.si_timerid = timer;
        IS(SYS(rt_sigprocmask, SIG_BLOCK, buffer(&set, sizeof(set)), 0, 8), 0);
        IS(SYS(rt_sigqueueinfo, 2, SIGUSR1, buffer(&info, sizeof(info))), 0);
        IS(SYS(rt_sigtimedwait, buffer(&set, sizeof(set)), BUFFER + 64, 0, 8), SIGUSR1);
    }
    CHECK(!bh_instance_destroy(guest));
}

/* A timer that nobody handles ends the guest, whatever it does; one of an earlier life does not. */
static void test_unhandled(void) {
    const struct itimerval soon = {{0, 0}, {0, 1000}};
    bh_value result;
    start(BH_GRANT_CLOCK);
    IS(SYS(setitimer, ITIMER_REAL, buffer(&soon, sizeof(soon)), 0), 0);
    ends(__LINE__, invoke(guest, "loop_forever", "v()", &result, 0, 0));
    CHECK(!bh_instance_reset(guest));
    IS(SYS(setitimer, ITIMER_REAL, buffer(&soon, sizeof(soon)), 0), 0);
    ends(__LINE__, SYS(poll, 0, 0, -1) == INT64_MIN);
    CHECK(!bh_instance_reset(guest));
    IS(SYS(setitimer, ITIMER_REAL, buffer(&soon, sizeof(soon)), 0), 0);
    CHECK(!bh_instance_reset(guest) && !bh_instance_set_deadline(guest, DEADLINE));
    expires(__LINE__, invoke(guest, "loop_forever", "v()", &result, 0, 0), now());
    /* A wait that only a timer could end is none without it. */
    CHECK(!bh_instance_set_deadline(guest, 0) && !bh_instance_reset(guest));
    act(SIGALRM, 1);
    IS(SYS(setitimer, ITIMER_REAL, buffer(&soon, sizeof(soon)), 0), 0);
    IS(SYS(pause, 0), INT64_MIN);
    CHECK(bh_last_error()->fault == BH_FAULT_DEADLOCK);
    CHECK(!bh_instance_destroy(guest));
}

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    setvbuf(stdout, NULL, _IONBF, 0);
    open_module(argv[1], 4);
    test_pointers();
    test_numbers();
    test_no_clock();
    test_deadlines();
    test_host();
    test_claimed();
    test_unhandled();
    close_module();
    return failures != 0;
}
