/* Prints what comes of timers: the same natively and in a guest. With THREADS the timers of threads as well. */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "told.h"

#define MILLISECOND 1000000L

static volatile sig_atomic_t count, code, overrun, value;
static volatile double kept = 0.5;

static void handler(int signal, siginfo_t *info, void *context) {
    count++;
    code = info->si_code;
    value = info->si_value.sival_int;
    overrun = info->si_overrun;
    kept *= 1.0; /* vector registers are its own */
}

static void act(int signal, int flags) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
    sigaction(signal, &action, NULL);
}

static void set(long value, long interval) {
    setitimer(ITIMER_REAL, &(struct itimerval){{0, interval}, {0, value}}, NULL);
}

/* ---- Interrupted waits ---- */

static void waits(void) {
    int end[2];
    char byte;
    struct timespec rest;
    pipe(end);
    count = 0;
    act(SIGALRM, 0);
    set(20000, 0);
    T(pause());
    T(count);
    T(code == SI_KERNEL);
    set(20000, 0);
    T(nanosleep(&(struct timespec){1000, 0}, &rest));
    T(rest.tv_sec);
    set(20000, 0);
    T(poll(NULL, 0, -1));
    set(20000, 0);
    T(read(end[0], &byte, 1));
    set(20000, 0);
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    T(sem_wait(&semaphore));
    T(count);
    /* One that restarts, until the data are there. */
    act(SIGALRM, SA_RESTART);
    set(5000, 5000);
    T(clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){1000, 0}, NULL)); /* which does not */
    count = 0;
    struct pollfd in = {end[0], POLLIN, 0};
    while (count < 10)
        poll(&in, 1, 1000);
    write(end[1], "x", 1);
    T(read(end[0], &byte, 1));
    set(0, 0);
    /* A signal that is blocked interrupts nothing, and is there later. */
    sigset_t alarms;
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    sigprocmask(SIG_BLOCK, &alarms, NULL);
    count = 0;
    set(1000, 0);
    T(nanosleep(&(struct timespec){0, 30 * MILLISECOND}, NULL));
    T(count);
    sigpending(&alarms);
    T(sigismember(&alarms, SIGALRM));
    T(sigtimedwait(&alarms, NULL, &(struct timespec){1, 0}) == SIGALRM);
    set(1000, 0);
    T(sigtimedwait(&alarms, NULL, &(struct timespec){10, 0}) == SIGALRM);
    sigprocmask(SIG_UNBLOCK, &alarms, NULL);
    T(count);
    signal(SIGALRM, SIG_IGN);
    set(1000, 0);
    T(nanosleep(&(struct timespec){0, 30 * MILLISECOND}, NULL));
}

/* ---- While it computes ---- */

static unsigned long long mix(unsigned long long n) {
    return n * 6364136223846793005u + 1442695040888963407u;
}

/* What it computes is the same, however often it is interrupted. */
static void computing(void) {
    unsigned long long whole = 1, again = 1;
    double sum = 0, sum_again = 0;
    static char from[4096], to[4096];
    unsigned rounds = 0;
    act(SIGALRM, 0);
    count = 0;
    set(1000, 1000);
    while (count < 50) {
        for (int n = 0; n < 1000; n++, rounds++) {
            whole = mix(whole);
            sum += (double)(whole >> 40) * kept;
            volatile char room[1 + (whole >> 56)]; /* which moves the stack pointer */
            room[0] = (char)whole;
            from[whole >> 52] = room[0];
            memcpy(to, from, sizeof(to));
        }
    }
    set(0, 0);
    int after = count;
    for (unsigned n = 0; n < rounds; n++) {
        again = mix(again);
        sum_again += (double)(again >> 40) * kept;
    }
    T(whole == again && sum == sum_again && !memcmp(from, to, sizeof(to)));
    T(count == after);
    /* Without a call at all. */
    count = 0;
    alarm(1);
    while (!count)
        ;
    T(count);
}

/* ---- What is told ---- */

static void settings(void) {
    struct itimerval now, old;
    T(alarm(100));
    T(alarm(0) >= 99);
    T(alarm(0));
    T(setitimer(ITIMER_REAL, &(struct itimerval){{3, 5}, {1000, 0}}, &old));
    T(old.it_value.tv_sec || old.it_value.tv_usec);
    T(getitimer(ITIMER_REAL, &now));
    T(now.it_interval.tv_sec * 10 + now.it_interval.tv_usec);
    T(now.it_value.tv_sec >= 990 && now.it_value.tv_sec <= 1000);
    T(setitimer(ITIMER_REAL, NULL, &old) || old.it_value.tv_sec < 990);
    T(setitimer(ITIMER_REAL, &(struct itimerval){{0, 1000000}, {0, 0}}, NULL));
    T(setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, -1}}, NULL));
    T(setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {-1, 0}}, NULL));
    T(setitimer(3, &(struct itimerval){{0, 0}, {0, 0}}, NULL));
    T(getitimer(3, &now));
    T(getitimer(ITIMER_PROF, &now));
    T(now.it_value.tv_usec);
}

static timer_t make(int clock, int notify, int signal) {
    timer_t timer = 0;
    struct sigevent event = {.sigev_notify = notify, .sigev_signo = signal, .sigev_value.sival_int = 4711};
    T(timer_create(clock, &event, &timer));
    return timer;
}

static void created(void) {
    struct itimerspec now, once = {{0, 0}, {0, MILLISECOND}}, fast = {{0, 10000}, {0, 10000}}, far = {{7, 8}, {1000, 0}};
    act(SIGRTMIN, 0);
    count = 0;
    timer_t timer = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN);
    T(timer_gettime(timer, &now) || now.it_value.tv_sec || now.it_value.tv_nsec || now.it_interval.tv_nsec);
    T(timer_settime(timer, 0, &once, NULL));
    while (!count)
        ;
    T(count);
    T(code == SI_TIMER);
    T(value);
    T(overrun);
    T(timer_getoverrun(timer));
    T(timer_gettime(timer, &now) || now.it_value.tv_sec || now.it_value.tv_nsec);
    T(timer_settime(timer, 0, &far, NULL));
    T(timer_gettime(timer, &now) || now.it_value.tv_sec < 990 || now.it_value.tv_sec > 1000 || now.it_interval.tv_nsec != 8);
    /* What comes while its signal is blocked is counted. */
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    T(timer_settime(timer, 0, &fast, &now));
    T(now.it_value.tv_sec >= 990);
    T(nanosleep(&(struct timespec){0, 5 * MILLISECOND}, NULL));
    siginfo_t info;
    T(sigtimedwait(&set, &info, NULL) == SIGRTMIN);
    T(info.si_overrun > 100 && info.si_code == SI_TIMER && info.si_value.sival_int == 4711);
    T(timer_getoverrun(timer) == info.si_overrun);
    T(timer_settime(timer, 0, &(struct itimerspec){{0, 0}, {0, 0}}, NULL));
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    T(timer_delete(timer));
    T(timer_delete(timer));
    T(timer_settime(timer, 0, &once, NULL));
    /* Absolute times, past and to come. */
    for (int clock = CLOCK_REALTIME; clock <= CLOCK_MONOTONIC; clock++) {
        timer = make(clock, SIGEV_SIGNAL, SIGRTMIN);
        count = 0;
        T(timer_settime(timer, TIMER_ABSTIME, &(struct itimerspec){{0, 0}, {1, 0}}, NULL));
        while (!count)
            ;
        struct itimerspec soon = {{0, 0}, {0, 0}};
        clock_gettime(clock, &soon.it_value);
        soon.it_value.tv_sec += 1;
        T(timer_settime(timer, TIMER_ABSTIME, &soon, NULL));
        T(timer_gettime(timer, &now) || now.it_value.tv_sec > 1 || (!now.it_value.tv_sec && !now.it_value.tv_nsec));
        T(timer_delete(timer));
        T(count);
    }
    /* Nobody is told. */
    timer = make(CLOCK_REALTIME, SIGEV_NONE, 0);
    T(timer_settime(timer, 0, &once, NULL));
    nanosleep(&(struct timespec){0, 3 * MILLISECOND}, NULL);
    T(timer_gettime(timer, &now) || now.it_value.tv_sec || now.it_value.tv_nsec);
    T(timer_delete(timer));
    /* Mistakes. */
    make(CLOCK_MONOTONIC, SIGEV_SIGNAL, 0);
    make(CLOCK_MONOTONIC, SIGEV_SIGNAL, 65);
    make(CLOCK_MONOTONIC, 77, SIGRTMIN);
    make(77, SIGEV_NONE, 0);
    timer = make(CLOCK_MONOTONIC, SIGEV_NONE, 0);
    T(timer_settime(timer, 0, &(struct itimerspec){{0, 0}, {0, 1000000000}}, NULL));
    T(timer_settime(timer, 0, &(struct itimerspec){{-1, 0}, {0, 1}}, NULL));
    T(syscall(SYS_timer_settime, 4, 0, NULL, NULL));
    T(syscall(SYS_timer_gettime, 999, &now));
    T(syscall(SYS_timer_getoverrun, -1));
    T(timer_delete(timer));
    T(timer_create(CLOCK_MONOTONIC, NULL, &timer)); /* SIGALRM */
    act(SIGALRM, 0);
    count = 0;
    T(timer_settime(timer, 0, &once, NULL));
    while (!count)
        ;
    T(code == SI_TIMER);
    T(timer_delete(timer));
}

/* A nanosecond apart: a process of Linux does nothing else then, a guest goes on. */
#ifdef __bulkhead__
static void note_fast(int signal) {
    if (++count == 1000000)
        _exit(9);
}

static void fast(void) {
    struct itimerspec fastest = {{0, 1}, {0, 1}};
    timer_t timer = 0;
    timer_create(CLOCK_MONOTONIC, NULL, &timer);
    signal(SIGALRM, note_fast);
    count = 0;
    timer_settime(timer, 0, &fastest, NULL);
    for (int n = 0; n < 1000; n++)
        getppid();
    while (count < 3)
        ;
    timer_delete(timer);
}
#else
static void fast(void) {
}
#endif

/* ---- Threads ---- */

#ifdef THREADS
static sem_t told;
static void notify(union sigval given) {
    value = given.sival_int;
    sem_post(&told);
}

static volatile sig_atomic_t handled_by;
static void note_thread(int signal) {
    handled_by = (int)syscall(SYS_gettid);
}

static volatile sig_atomic_t number, stop;
static void *compute(void *argument) {
    number = (int)syscall(SYS_gettid);
    while (!stop)
        ;
    return argument;
}

static void threads(void) {
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_value.sival_int = 99, .sigev_notify_function = notify};
    struct itimerspec often = {{0, MILLISECOND}, {0, MILLISECOND}};
    sem_init(&told, 0, 0);
    value = 0;
    T(timer_create(CLOCK_MONOTONIC, &event, &timer));
    T(timer_settime(timer, 0, &often, NULL));
    for (int n = 0; n < 3; n++)
        while (sem_wait(&told))
            ;
    T(value);
    T(timer_delete(timer));
    /* For one thread, which computes. */
    pthread_t thread;
    pthread_create(&thread, NULL, compute, NULL);
    while (!number)
        usleep(1000);
    signal(SIGUSR1, note_thread);
    int id[16] = {[2] = SIGUSR1, [3] = 4 /* SIGEV_THREAD_ID */, [4] = number}, made;
    T(syscall(SYS_timer_create, CLOCK_MONOTONIC, id, &made) || made < 0);
    T(syscall(SYS_timer_settime, made, 0, &often, NULL));
    while (!handled_by)
        usleep(1000);
    T(handled_by == number);
    T(syscall(SYS_timer_delete, made));
    /* And what another thread sends it. */
    usleep(20000);
    handled_by = 0;
    T(pthread_kill(thread, SIGUSR1));
    while (!handled_by)
        usleep(1000);
    T(handled_by == number);
    id[4] = 99999;
    T(syscall(SYS_timer_create, CLOCK_MONOTONIC, id, &made));
    /* To the process, of whose threads one only takes it. */
    sigset_t usr1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &usr1, NULL);
    handled_by = 0;
    id[3] = SIGEV_SIGNAL;
    T(syscall(SYS_timer_create, CLOCK_MONOTONIC, id, &made) || made < 0);
    T(syscall(SYS_timer_settime, made, 0, &often, NULL));
    T(nanosleep(&(struct timespec){0, 50 * MILLISECOND}, NULL));
    while (!handled_by)
        usleep(1000);
    T(handled_by == number);
    stop = 1;
    T(syscall(SYS_timer_delete, made));
    pthread_join(thread, NULL);
}
#else
static void threads(void) {
}
#endif

int main(int argc, char **argv) {
    settings();
    waits();
    computing();
    created();
    fast();
    threads();
    if (argc > 1) { /* nobody handles it */
        signal(SIGALRM, SIG_DFL);
        alarm(1);
        for (;;)
            ;
    }
    return 0;
}
