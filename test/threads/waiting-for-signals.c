/* One thread waits for the signals that all block; signals reach whichever thread lets them in, whoever sends them.
 *
 * RUN: %bulkhead-clang -O2 -pthread %s -o %t
 * RUN: %bulkhead-run --threads 4 --deadline 60 %t
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 200

static atomic_int arrived, handled;

static void handler(int signal) {
    handled++;
}

static void *waiter(void *argument) {
    sigset_t *set = argument;
    int got;
    for (int n = 0; n < ROUNDS; n++) {
        if (sigwait(set, &got) || got != SIGTERM)
            return (void *)1;
        arrived++;
    }
    return NULL;
}

static void *suspender(void *argument) {
    sigset_t none;
    sigemptyset(&none);
    for (int n = 0; n < ROUNDS; n++) {
        if (sigsuspend(&none) != -1 || errno != EINTR || handled != n + 1)
            return (void *)2;
        arrived++;
    }
    return NULL;
}

static void wait_for(int count) {
    while (arrived < count)
        nanosleep(&(struct timespec){0, 10000}, NULL);
}

static int check(int condition, const char *what) {
    if (!condition)
        printf("failed: %s\n", what);
    return !condition;
}

int main(void) {
    pthread_t thread;
    sigset_t blocked;
    siginfo_t info;
    void *result;
    int failures = 0;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
    signal(SIGUSR1, handler);
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);

    /* To the process, before and while somebody waits. */
    pthread_create(&thread, NULL, waiter, &term);
    for (int n = 1; n <= ROUNDS; n++) {
        kill(getpid(), SIGTERM);
        wait_for(n);
    }
    pthread_join(thread, &result);
    failures += check(!result, "sigwait");

    /* To the process, while nobody lets it in: whichever thread comes first has it, once. */
    kill(getpid(), SIGTERM);
    sigset_t pending;
    sigpending(&pending);
    failures += check(sigismember(&pending, SIGTERM), "it is pending");
    failures += check(sigtimedwait(&term, &info, &(struct timespec){0}) == SIGTERM, "and is taken");
    failures += check(sigtimedwait(&term, &info, &(struct timespec){0, 1000000}) == -1 && errno == EAGAIN, "once");

    /* To a thread, whose mask lets it in only while it waits. */
    arrived = 0;
    pthread_create(&thread, NULL, suspender, NULL);
    for (int n = 1; n <= ROUNDS; n++) {
        pthread_kill(thread, SIGUSR1);
        wait_for(n);
    }
    pthread_join(thread, &result);
    failures += check(!result, "sigsuspend");
    failures += check(handled == ROUNDS, "one handler each");
    return failures;
}
