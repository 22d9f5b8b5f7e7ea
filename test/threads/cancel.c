/* Cancellation, and signals from one thread to another. They reach a thread in a system call, a blocking one included.
 *
 * RUN: %bulkhead-clang -O2 -pthread %s -o %t
 * RUN: %bulkhead-verify %t
 * RUN: %bulkhead-run --threads 8 --deadline 60 %t | FileCheck %s
 */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "Inputs/check.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static sem_t ready, nothing, cancelled;
static atomic_int cleaned, signals;

static void clean(void *argument) {
    cleaned++;
}

static void unlock(void *argument) {
    cleaned++;
    pthread_mutex_unlock(&mutex);
}

static void *in_sleep(void *argument) {
    pthread_cleanup_push(clean, NULL);
    sem_post(&ready);
    nanosleep(&(struct timespec){1000, 0}, NULL);
    pthread_cleanup_pop(0);
    return NULL;
}

static void *in_condition(void *argument) {
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(unlock, NULL);
    sem_post(&ready);
    for (;;)
        pthread_cond_wait(&never, &mutex);
    pthread_cleanup_pop(0);
    return NULL;
}

static void *in_semaphore(void *argument) {
    pthread_cleanup_push(clean, NULL);
    sem_post(&ready);
    sem_wait(&nothing);
    pthread_cleanup_pop(0);
    return NULL;
}

static void *at_a_point(void *argument) {
    pthread_cleanup_push(clean, NULL);
    sem_post(&ready);
    for (;;)
        pthread_testcancel();
    pthread_cleanup_pop(0);
    return NULL;
}

static void *asynchronously(void *argument) { /* at the next system call */
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    pthread_cleanup_push(clean, NULL);
    sem_post(&ready);
    for (;;)
        getppid();
    pthread_cleanup_pop(0);
    return NULL;
}

static void *disabled(void *argument) {
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    sem_post(&ready);
    while (sem_wait(&cancelled))
        ;
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    pthread_testcancel();
    return NULL;
}

static void test_cancellation(void) {
    void *(*const functions[])(void *) = {in_sleep, in_condition, in_semaphore, at_a_point, asynchronously, disabled};
    /* Without a pause the signal finds the thread before, in and behind the call. */
    for (int round = 0; round < 200; round++) {
        int which = round % 6;
        pthread_t thread;
        void *result;
        cleaned = 0;
        CHECK(!pthread_create(&thread, NULL, functions[which], NULL));
        sem_wait(&ready);
        if (round % 5 == 0)
            usleep(2000);
        if (which == 1) /* it waits, or it does not hold the mutex yet */
            pthread_mutex_lock(&mutex), pthread_mutex_unlock(&mutex);
        CHECK(!pthread_cancel(thread));
        if (which == 5)
            sem_post(&cancelled);
        CHECK(!pthread_join(thread, &result) && result == PTHREAD_CANCELED);
        CHECK(cleaned == (which < 5));
    }
    puts("cancellation");
}

static void handler(int signal, siginfo_t *info, void *context) {
    signals++;
}

static atomic_int stop;

static void *interrupted(void *argument) {
    sem_post(&ready);
    errno = 0;
    int result = nanosleep(&(struct timespec){1000, 0}, NULL);
    CHECK(result == -1 && errno == EINTR);
    return NULL;
}

static void *restarted(void *argument) {
    sem_post(&ready);
    while (sem_wait(&nothing)) /* without SA_RESTART it would say EINTR */
        CHECK(!"sem_wait was not made again");
    return NULL;
}

static void test_signals(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    pthread_t thread;
    CHECK(!sigaction(SIGUSR1, &action, NULL));
    action.sa_flags |= SA_RESTART;
    CHECK(!sigaction(SIGUSR2, &action, NULL));
    CHECK(!pthread_create(&thread, NULL, interrupted, NULL));
    sem_wait(&ready);
    usleep(20000);
    CHECK(!pthread_kill(thread, SIGUSR1) && !pthread_join(thread, NULL) && signals == 1);
    CHECK(!pthread_create(&thread, NULL, restarted, NULL));
    for (int n = 0; n < 5; n++) {
        if (!n)
            sem_wait(&ready);
        usleep(5000);
        CHECK(!pthread_kill(thread, SIGUSR2));
        while (signals < 2 + n)
            usleep(1000);
    }
    sem_post(&nothing);
    CHECK(!pthread_join(thread, NULL) && signals == 6);
    /* One that is blocked here goes to a thread that takes it. */
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK(!pthread_create(&thread, NULL, interrupted, NULL));
    sem_wait(&ready);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    usleep(20000);
    kill(getpid(), SIGUSR1);
    CHECK(!pthread_join(thread, NULL) && signals == 7);
    CHECK(pthread_kill(pthread_self(), 0) == 0);
    puts("signals");
}

int main(void) {
    sem_init(&ready, 0, 0);
    sem_init(&nothing, 0, 0);
    sem_init(&cancelled, 0, 0);
    test_cancellation();
    test_signals();
    return 0;
}
/* CHECK: cancellation
 * CHECK-NEXT: signals
 */
