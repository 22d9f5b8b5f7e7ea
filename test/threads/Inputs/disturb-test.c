/* disturb-test CASE MODULE (disturb.c): what threads of a guest can do to the host's thread, to its deadline and to what it waits for. Prints
 * what failed; exit status 0 when nothing did. */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../../runtime/Inputs/check.h"

#define MILLISECOND 1000000u
#define PROMPTLY 5.0 /* seconds: more than a busy machine takes, less than for ever */
#define ACTIONS 13   /* disturb.c */
#define MAINS 8
#define SIGNAL_MAIN 0
#define SPIN 12
#define MAIN_SPINS 0

static bh_engine *engine;
static bh_module *module;
static int channel[2], unwritten[2];
static sem_t semaphore;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void on_refused_call(void *context, const char *name, const char *detail, int number);

static bh_instance *new_instance(unsigned threads, bool log) {
    bh_instance *instance;
    bh_policy *policy;
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_set_thread_limit(policy, threads) && !bh_policy_grant(policy, BH_GRANT_CLOCK));
    REQUIRE(!bh_policy_grant_stream(policy, 0, unwritten[0]));
    if (log)
        REQUIRE(!bh_policy_set_log(policy, on_refused_call, NULL));
    REQUIRE(!bh_instance_create(module, policy, &instance));
    bh_policy_destroy(policy);
    return instance;
}

static bh_error call(bh_instance *instance, const char *name, const char *signature, bh_value *result, uint64_t a, uint64_t b,
                     uint64_t c, uint64_t d) {
    bh_function function;
    bh_error error = bh_instance_function(instance, name, signature, &function);
    return error ? error : bh_invoke(instance, &function, result, a, b, c, d);
}

/* The engine's. A signal that the guest wants held up is sent when its thread has got into a function of the host, if nothing keeps it, or waits
 * for the signal. */
static volatile int *kick_wanted, *kick_held; /* words of the guest; NULL: nothing is held up */
static atomic_uint in_host, waiting, held;    /* how often */
static pthread_t main_thread;
static void hold_up(pthread_t thread) {
    if (!kick_wanted || !*kick_wanted || !pthread_equal(thread, main_thread))
        return;
    unsigned host_before = in_host, waiting_before = waiting;
    *kick_held = 1;
    held++;
    for (double until = now() + PROMPTLY; in_host == host_before && waiting == waiting_before && now() < until;)
        usleep(50);
    usleep(300);
}

int sched_yield(void) {
    waiting += pthread_equal(pthread_self(), main_thread) != 0;
    return (int)syscall(SYS_sched_yield);
}

/* On request with time for the other thread to notice the signal. */
static unsigned after_kill; /* microseconds */
static atomic_int kicks;
int pthread_kill(pthread_t thread, int number) {
    static int (*real)(pthread_t, int);
    kicks++;
    if (!real)
        real = (int (*)(pthread_t, int))dlsym(RTLD_NEXT, "pthread_kill");
    hold_up(thread);
    int error = real(thread, number);
    if (after_kill)
        usleep(after_kill);
    return error;
}

/* On request it notices late that a time has passed already, as a kernel does that counts in ticks. */
static bool coarse_timer;
int timer_settime(timer_t timer, int flags, const struct itimerspec *value, struct itimerspec *old) {
    static int (*real)(timer_t, int, const struct itimerspec *, struct itimerspec *);
    struct itimerspec when = *value;
    struct timespec time;
    if (!real)
        real = (int (*)(timer_t, int, const struct itimerspec *, struct itimerspec *))dlsym(RTLD_NEXT, "timer_settime");
    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += 1;
    if (coarse_timer && (when.it_value.tv_sec || when.it_value.tv_nsec) && when.it_value.tv_sec < time.tv_sec)
        when.it_value = time;
    return real(timer, flags, &when, old);
}

/* ---- Waiting ---- */

enum { BY_READ, BY_NANOSLEEP, BY_POLL, BY_PPOLL, BY_SELECT, BY_SEM_WAIT, BY_SEM_TIMEDWAIT, BY_EPOLL, WAYS };
static unsigned wait_ms;

static void *wake(void *argument) {
    usleep(wait_ms * 1000);
    CHECK(write(channel[1], "x", 1) == 1);
    sem_post(&semaphore);
    return argument;
}

/* Waits for a while in one way; false when something interrupted that. */
static bool wait_by(int way) {
    struct timespec time = {0, wait_ms * MILLISECOND};
    struct pollfd ready = {channel[0], POLLIN, 0};
    sigset_t none;
    struct epoll_event event;
    pthread_t thread;
    char byte;
    bool good = false, woken = way == BY_READ || way == BY_POLL || way == BY_SEM_WAIT;
    int epoll;
    if (woken)
        REQUIRE(!pthread_create(&thread, NULL, wake, NULL));
    sigemptyset(&none);
    errno = 0;
    switch (way) {
    case BY_READ:
        good = read(channel[0], &byte, 1) == 1;
        break;
    case BY_NANOSLEEP:
        good = !nanosleep(&time, NULL);
        break;
    case BY_POLL:
        good = poll(&ready, 1, -1) == 1;
        break;
    case BY_PPOLL:
        good = ppoll(&ready, 1, &time, &none) == 0;
        break;
    case BY_SELECT:
        good = pselect(0, NULL, NULL, NULL, &time, &none) == 0;
        break;
    case BY_SEM_WAIT:
        good = !sem_wait(&semaphore);
        break;
    case BY_SEM_TIMEDWAIT:
        clock_gettime(CLOCK_REALTIME, &time);
        time.tv_nsec += wait_ms * MILLISECOND;
        time.tv_sec += time.tv_nsec / 1000000000;
        time.tv_nsec %= 1000000000;
        good = sem_timedwait(&semaphore, &time) == -1 && errno == ETIMEDOUT;
        break;
    default:
        epoll = epoll_create1(EPOLL_CLOEXEC);
        good = epoll_wait(epoll, &event, 1, (int)wait_ms) == 0;
        close(epoll);
    }
    if (!good)
        printf("waiting in way %d failed: %s\n", way, strerror(errno));
    if (woken) {
        pthread_join(thread, NULL);
        while (!sem_trywait(&semaphore))
            ;
        if (way != BY_READ)
            CHECK(read(channel[0], &byte, 1) == 1);
    }
    return good;
}

static int waits;
static int on_callback(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    (void)context, (void)instance;
    CHECK(wait_by((int)arguments[0].as.l));
    waits++;
    result->as.l = 5;
    return 0;
}

static int on_raw_callback(void *context, bh_instance *instance, bh_registers *registers) {
    (void)context, (void)instance;
    CHECK(wait_by((int)registers->integer[0]));
    waits++;
    return 0;
}

static int on_big_callback(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    (void)context, (void)instance, (void)result;
    CHECK(wait_by((int)*(const long *)arguments[0].as.s));
    waits++;
    return 0;
}

/* A call within the callback makes the guest interruptible, but not what follows it. */
static int on_nested_callback(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    bh_value one;
    (void)context, (void)result;
    /* On a busy machine the deadline may pass in it already. */
    bh_error error = call(instance, "signals_sent", "l()", &one, 0, 0, 0, 0);
    CHECK(!error || error == BH_ERROR_DEADLINE);
    CHECK(wait_by((int)arguments[0].as.l));
    waits++;
    return 0;
}

static int logged_way;
static void on_refused_call(void *context, const char *name, const char *detail, int number) {
    (void)context, (void)detail, (void)number;
    if (strcmp(name, "unknown"))
        return;
    CHECK(wait_by(logged_way));
    waits++;
}

/* ---- A deadline that passes while the host waits ends the call when it is done, and interrupts nothing ---- */

enum { PLAIN, RAW, BIG, NESTED, LOG, SHAPES };

static bh_error call_shape(bh_instance *instance, int shape, int way) {
    bh_address callback;
    bh_value result;
    switch (shape) {
    case PLAIN:
    case NESTED:
        REQUIRE(!bh_callback_create(instance, "l(l)", shape == PLAIN ? on_callback : on_nested_callback, NULL, &callback));
        break;
    case RAW:
        REQUIRE(!bh_callback_create_raw(instance, on_raw_callback, NULL, &callback));
        break;
    case BIG:
        REQUIRE(!bh_callback_create(instance, "{6l}({6l})", on_big_callback, NULL, &callback));
        return call(instance, "call_big", "l(pl)", &result, callback, (uint64_t)way, 0, 0);
    default:
        logged_way = way;
        return call(instance, "refused", "l()", &result, 0, 0, 0, 0);
    }
    return call(instance, "call", "l(pl)", &result, callback, (uint64_t)way, 0, 0);
}

/* Whether the guest went on after its callback. */
static bool came_back(bh_instance *instance) {
    bh_address at;
    long count = 0;
    CHECK(!bh_instance_symbol(instance, "came_back", &at) && !bh_copy_out(instance, &count, at, sizeof(count)));
    return count;
}

static void test_deadline(void) {
    wait_ms = 30;
    for (int shape = 0; shape < SHAPES; shape++) {
        bh_instance *instance = new_instance(0, true);
        for (int way = 0; way < WAYS; way++) {
            waits = 0;
            CHECK(!bh_instance_set_deadline(instance, 10 * MILLISECOND));
            CHECK(call_shape(instance, shape, way) == BH_ERROR_DEADLINE && waits == 1 && !came_back(instance));
            CHECK(!bh_instance_set_deadline(instance, 0) && !bh_instance_reset(instance));
            /* One that does not pass. */
            CHECK(!bh_instance_set_deadline(instance, 100000000000));
            CHECK(!call_shape(instance, shape, way) && waits == 2);
            CHECK(!bh_instance_set_deadline(instance, 0) && !bh_instance_reset(instance));
        }
        CHECK(!bh_instance_destroy(instance));
    }
}

static int on_nested_forever(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    (void)context, (void)arguments, (void)result;
    CHECK(call(instance, "forever", "v(imi)", NULL, 0, 0, MAIN_SPINS, 0) == BH_ERROR_DEADLINE);
    return 0;
}

static int on_short_callback(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    (void)context, (void)instance, (void)arguments, (void)result;
    return 0;
}

/* Callbacks hold off a deadline neither by a call of their own nor by coming one after the other. */
static void test_held_off(void) {
    bh_callback_function *const function[] = {on_nested_forever, on_short_callback};
    const char *const name[] = {"call", "call_forever"};
    bh_instance *instance = new_instance(0, false);
    for (int n = 0; n < 2; n++) {
        bh_address callback;
        coarse_timer = n == 1;
        REQUIRE(!bh_callback_create(instance, "l(l)", function[n], NULL, &callback));
        CHECK(!bh_instance_set_deadline(instance, 10 * MILLISECOND));
        double start = now();
        CHECK(call(instance, name[n], "v(pl)", NULL, callback, 0, 0, 0) == BH_ERROR_DEADLINE);
        CHECK(now() - start < PROMPTLY);
        coarse_timer = false;
        CHECK(!bh_instance_set_deadline(instance, 0) && !bh_instance_reset(instance));
    }
    CHECK(!bh_instance_destroy(instance));
}

/* ---- Nor do threads of the guest, by signals or by ending the instance ---- */

static void sleep_in_host(void) {
    in_host++;
    CHECK(!nanosleep(&(struct timespec){0, 3 * MILLISECOND}, NULL));
}

static int on_sleeping_callback(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    (void)context, (void)instance, (void)arguments, (void)result;
    sleep_in_host();
    return 0;
}

/* As a handler of the host's leaves things that leaves by longjmp. */
static int on_blocking_callback(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    sigset_t engines;
    in_host++;
    (void)context, (void)instance, (void)arguments, (void)result;
    sigemptyset(&engines);
    sigaddset(&engines, SIGRTMAX - 2);
    pthread_sigmask(SIG_BLOCK, &engines, NULL);
    return 0;
}

static volatile int *kick_word(bh_instance *instance, int which) {
    bh_value result;
    REQUIRE(!call(instance, "kick_words", "p(i)", &result, (uint64_t)which, 0, 0, 0));
    return (volatile int *)(uintptr_t)result.as.p;
}

/* Whether signals were held up often enough to say something: on a busy machine the guest may give up waiting for one. */
static bool more(unsigned before, int *rounds) {
    enum { ENOUGH = 12, ROUNDS = 50 };
    if (held - before < ENOUGH && ++*rounds <= ROUNDS)
        return true;
    CHECK(held - before >= ENOUGH);
    return false;
}

static void test_signals(void) {
    enum { OFTEN = 20 };
    int rounds = 0;
    main_thread = pthread_self();
    bh_address callback;
    bh_value result;
    bh_instance *instance = new_instance(4, false);
    wait_ms = 5;
    REQUIRE(!bh_callback_create(instance, "l(l)", on_callback, NULL, &callback));
    for (int way = 0; way < WAYS; way++)
        CHECK(!call(instance, "during", "l(plim)", &result, callback, (uint64_t)way, 2, SIGNAL_MAIN) && result.as.l == 5);
    kick_held = kick_word(instance, 1);
    kick_wanted = kick_word(instance, 0);
    /* What is on its way when a callback begins, or the call is over, must not come then. */
    REQUIRE(!bh_callback_create(instance, "v(l)", on_sleeping_callback, NULL, &callback));
    for (unsigned before = held; more(before, &rounds);)
        CHECK(!call(instance, "call_often", "v(piim)", NULL, callback, OFTEN, 2, SIGNAL_MAIN));
    /* Nobody waits for what cannot come. */
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    REQUIRE(!bh_callback_create(instance, "v(l)", on_blocking_callback, NULL, &callback));
    CHECK(!call(instance, "call_often", "v(piim)", NULL, callback, OFTEN, 2, SIGNAL_MAIN));
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    CHECK(!call(instance, "leave_behind", "v(im)", NULL, 2, SIGNAL_MAIN, 0, 0));
    rounds = 0;
    for (unsigned before = held; more(before, &rounds);) {
        for (int n = 0; n < OFTEN; n++) {
            CHECK(!call(instance, "one_kicked", "l()", &result, 0, 0, 0, 0));
            sleep_in_host();
        }
    }
    kick_wanted = NULL;
    CHECK(!bh_instance_destroy(instance));
}

/* A thread that computes handles signals, and a signal that is on its way already interrupts nobody a second time. */
static void test_pace(void) {
    enum { ALLOWED = 20 };
    bh_value result;
    bh_instance *instance = new_instance(4, false);
    kicks = 0;
    after_kill = 50;
    CHECK(!call(instance, "work", "l(lim)", &result, 20000000, 2, SIGNAL_MAIN, 0));
    CHECK(!call(instance, "signals_sent", "l()", &result, 0, 0, 0, 0));
    CHECK(result.as.l > 2 * ALLOWED);
    CHECK(!call(instance, "signals_handled", "l()", &result, 0, 0, 0, 0));
    CHECK(result.as.l > 0 && kicks < result.as.l + ALLOWED);
    CHECK(!bh_instance_destroy(instance));
}

static void test_fault(void) {
    bh_address callback;
    bh_value result;
    wait_ms = 60;
    for (int way = 0; way < WAYS; way++) {
        bh_instance *instance = new_instance(4, false);
        REQUIRE(!bh_callback_create(instance, "l(l)", on_callback, NULL, &callback));
        CHECK(call(instance, "before_fault", "l(pl)", &result, callback, (uint64_t)way, 0, 0) == BH_ERROR_FAULT);
        CHECK(!bh_instance_destroy(instance));
    }
}

/* ---- A flood of signals ---- */

/* Signals that are queued for this user; other processes of the user count, too. */
static long queued(void) {
    char line[200];
    long count = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof(line), file))
        sscanf(line, "SigQ: %ld", &count);
    if (file)
        fclose(file);
    return count;
}

static long flood_most;
static int on_flood_callback(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    (void)context, (void)instance, (void)arguments, (void)result;
    double until = now() + 0.2;
    volatile unsigned long steps = 0;
    while (now() < until) {
        long count = queued();
        flood_most = count > flood_most ? count : flood_most;
        steps = steps + 1;
    }
    CHECK(steps > 10);
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
    CHECK(!timer_create(CLOCK_MONOTONIC, &event, &timer) && !timer_delete(timer));
    return 0;
}

static void test_flood(void) {
    enum { SENDERS = 8, ALLOWED = 1000 };
    bh_address callback;
    bh_value result;
    bh_instance *instance = new_instance(SENDERS, false);
    long before = queued();
    REQUIRE(!bh_callback_create(instance, "l(l)", on_flood_callback, NULL, &callback));
    CHECK(!call(instance, "during", "l(plim)", &result, callback, 0, SENDERS, SIGNAL_MAIN));
    CHECK(!call(instance, "signals_sent", "l()", &result, 0, 0, 0, 0));
    CHECK(result.as.l > ALLOWED && flood_most < before + ALLOWED);
    for (int how = 0; how < MAINS; how++) {
        CHECK(!bh_instance_set_deadline(instance, 30 * MILLISECOND));
        double start = now();
        CHECK(call(instance, "forever", "v(imi)", NULL, 4, SIGNAL_MAIN, (uint64_t)how, 0) == BH_ERROR_DEADLINE);
        CHECK(now() - start < PROMPTLY);
        CHECK(!bh_instance_set_deadline(instance, 0) && !bh_instance_reset(instance));
    }
    CHECK(!bh_instance_destroy(instance));
}

/* ---- A thread of the host that a signal handler keeps from noticing that the instance has ended ---- */

static bh_instance *shared;
static volatile sig_atomic_t handling;
static long queued_most;

static void on_host_signal(int number) {
    (void)number;
    handling = 1;
    double until = now() + 0.3;
    while (now() < until) {
        long count = queued();
        queued_most = count > queued_most ? count : queued_most;
    }
}

static void *spin(void *argument) {
    bh_value result;
    /* Not its first call: what it was after that is forgotten. */
    CHECK(!call(shared, "one", "l()", &result, 0, 0, 0, 0));
    CHECK(call(shared, "forever", "v(imi)", NULL, 0, 0, MAIN_SPINS, 0) == BH_ERROR_FAULT);
    return argument;
}

static void test_queue(void) {
    enum { ALLOWED = 50 };
    struct sigaction action = {.sa_handler = on_host_signal, .sa_flags = SA_ONSTACK | SA_RESTART};
    pthread_t thread;
    sigfillset(&action.sa_mask);
    REQUIRE(!sigaction(SIGUSR1, &action, NULL));
    shared = new_instance(0, false);
    long before = queued();
    REQUIRE(!pthread_create(&thread, NULL, spin, NULL));
    usleep(100000);
    pthread_kill(thread, SIGUSR1);
    while (!handling)
        usleep(1000);
    CHECK(call(shared, "fault_now", "v()", NULL, 0, 0, 0, 0) == BH_ERROR_FAULT);
    pthread_join(thread, NULL);
    CHECK(queued_most < before + ALLOWED);
    CHECK(!bh_instance_destroy(shared));
}

/* ---- Everything together: whatever the threads do, a deadline ends the call ---- */

static uint64_t seed = 20270301;
static unsigned pick(unsigned below) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % below;
}

static double processor_time(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Late by the processor's time, which a busy machine does not change: what the calling thread works after the deadline, and all of them together.
 * Another thread looks at their clocks when it has passed; should that be late, too, they have not worked longer than the deadline allowed
 * before. */
struct clocks {
    double until;   /* the deadline */
    clockid_t mine; /* the calling thread's */
    double mine_then, all_then;
};

static void *look(void *argument) {
    struct clocks *clocks = argument;
    const struct timespec until = {(time_t)clocks->until, (long)((clocks->until - (double)(time_t)clocks->until) * 1e9)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    clocks->mine_then = processor_time(clocks->mine);
    clocks->all_then = processor_time(CLOCK_PROCESS_CPUTIME_ID);
    return NULL;
}

static double larger(double a, double b) {
    return a > b ? a : b;
}

static void test_storms(const char *text) {
    enum { ROUNDS = 60 };
    const double LATE = 0.02;
    const double processors = (double)sysconf(_SC_NPROCESSORS_ONLN);
    if (text)
        seed = strtoull(text, NULL, 0);
    printf("seed %llu\n", (unsigned long long)seed);
    bh_instance *instance = new_instance(64, false);
    double most = 0, most_of_all = 0;
    for (int round = 0; round < ROUNDS; round++) {
        static const unsigned counts[] = {1, 2, 3, 8, 24};
        unsigned count = counts[pick(5)], how = (unsigned)round % MAINS;
        uint64_t which = 0;
        for (int digit = 0; digit < 4; digit++)
            which = which * ACTIONS + pick(ACTIONS);
        unsigned deadline = 10 + pick(20);
        double allowed = deadline / 1e3, hands = count + 1 < processors ? count + 1 : processors;
        CHECK(!bh_instance_set_deadline(instance, deadline * MILLISECOND));
        double start = now(), mine = processor_time(CLOCK_THREAD_CPUTIME_ID), all = processor_time(CLOCK_PROCESS_CPUTIME_ID);
        struct clocks clocks = {.until = start + allowed};
        pthread_t looks;
        REQUIRE(!pthread_getcpuclockid(pthread_self(), &clocks.mine) && !pthread_create(&looks, NULL, look, &clocks));
        bh_error error = call(instance, "forever", "v(imi)", NULL, count, which, how, 0);
        double took = now() - start, mine_end = processor_time(CLOCK_THREAD_CPUTIME_ID), all_end = processor_time(CLOCK_PROCESS_CPUTIME_ID);
        pthread_join(looks, NULL);
        double late = larger(mine_end - mine - allowed, mine_end - clocks.mine_then);
        double all_late = larger(all_end - all - hands * allowed, all_end - clocks.all_then) / (count + 1);
        most = larger(most, late);
        most_of_all = larger(most_of_all, all_late);
        if (error != BH_ERROR_DEADLINE || late > LATE || all_late > LATE || took > PROMPTLY) {
            printf("round %d: %u threads do 0x%llx, main %u: error %d, %.1f ms late, all of them %.1f ms each, in %.0f ms (%s)\n", round,
                   count, (unsigned long long)which, how, error, late * 1e3, all_late * 1e3, took * 1e3, bh_last_error()->text);
            failures++;
        }
        CHECK(!bh_instance_set_deadline(instance, 0) && !bh_instance_reset(instance));
    }
    printf("at most %.1f ms late, all together %.1f ms each\n", most * 1e3, most_of_all * 1e3);
    CHECK(!bh_instance_destroy(instance));
}

/* The calling thread waits for a lock that another thread of the guest holds in a call of a tenth of a second or more: that one is not finished. */
static void test_hurry(void) {
    enum { SIZE = 1 << 29 };
    double took[2];
    for (int limited = 0; limited < 2; limited++) {
        bh_instance *instance = new_instance(2, false);
        bh_value result, at;
        int done = -1;
        CHECK(!call(instance, "prepare_move", "l(l)", &result, SIZE, 0, 0, 0) && !result.as.l);
        CHECK(!call(instance, "move_done", "p()", &at, 0, 0, 0, 0));
        CHECK(!bh_instance_set_deadline(instance, limited ? 20 * MILLISECOND : 0));
        double began = now();
        bh_error error = call(instance, "during_move", "l()", &result, 0, 0, 0, 0);
        took[limited] = now() - began;
        CHECK(error == (limited ? BH_ERROR_DEADLINE : BH_OK));
        CHECK(!bh_copy_out(instance, &done, at.as.p, sizeof(done)) && done == !limited);
        /* What hurried that life does not hurry the next one. */
        CHECK(!bh_instance_set_deadline(instance, 0) && !bh_instance_reset(instance));
        CHECK(!call(instance, "prepare_move", "l(l)", &result, SIZE / 8, 0, 0, 0) && !result.as.l);
        CHECK(!call(instance, "during_move", "l()", &result, 0, 0, 0, 0) && !result.as.l);
        CHECK(!bh_instance_destroy(instance));
    }
    printf("the whole move %.0f ms, with a deadline of 20 ms %.0f ms\n", took[0] * 1e3, took[1] * 1e3);
    CHECK(took[1] < took[0] / 2);
}

int main(int argc, char **argv) {
    bh_engine_options options = {.struct_size = sizeof(options), .slots = 2};
    if (argc < 3 || pipe(channel) || pipe(unwritten) || sem_init(&semaphore, 0, 0))
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    REQUIRE(!bh_engine_create(&options, &engine) && !bh_module_load(engine, argv[2], NULL, &module));
    if (!strcmp(argv[1], "deadline"))
        test_deadline();
    else if (!strcmp(argv[1], "signals"))
        test_signals();
    else if (!strcmp(argv[1], "fault"))
        test_fault();
    else if (!strcmp(argv[1], "held-off"))
        test_held_off();
    else if (!strcmp(argv[1], "pace"))
        test_pace();
    else if (!strcmp(argv[1], "queue"))
        test_queue();
    else if (!strcmp(argv[1], "flood"))
        test_flood();
    else if (!strcmp(argv[1], "hurry"))
        test_hurry();
    else if (!strcmp(argv[1], "storms"))
        test_storms(argc > 3 ? argv[3] : NULL);
    else
        return 2;
    CHECK(!bh_module_destroy(module) && !bh_engine_destroy(engine));
    return failures != 0;
}
