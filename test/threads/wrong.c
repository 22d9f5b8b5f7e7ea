/* What a program with threads does wrong in the system calls that are about threads, one mistake at a time.
 *
 * RUN: %bulkhead-clang -O2 -pthread %s -o %t
 * RUN: sh -c '%bulkhead-run --threads 8 --deadline 60 %t; echo status $?' | FileCheck %s
 * RUN: sh -c '%bulkhead-run --log-refused --deadline 60 %t none 2>&1; echo status $?' | FileCheck --check-prefix=NONE %s
 * CHECK: 0 failures
 * CHECK-NEXT: status 0
 * NONE: refused: clone(the policy grants no threads)
 * NONE: no thread is granted
 * NONE-NEXT: status 0
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)
#define OUTSIDE 0x7f0000001000 /* in no slot, or in another */

static int failures;

#define IS(call, wanted)                                                                                                       \
    do {                                                                                                                       \
        errno = 0;                                                                                                             \
        long got = (call);                                                                                                     \
        got = got < 0 ? -errno : got;                                                                                          \
        if (got != (wanted)) {                                                                                                 \
            printf("line %d: %s is %ld\n", __LINE__, #call, got);                                                              \
            failures++;                                                                                                        \
        }                                                                                                                      \
    } while (0)

static void robust_lists(void) {
    uint64_t head[3] = {0}, found = 0, size = 0;
    long tid = syscall(SYS_gettid);
    IS(syscall(SYS_set_robust_list, head, 23), -EINVAL);
    IS(syscall(SYS_set_robust_list, head, 24), 0);
    IS(syscall(SYS_get_robust_list, 0, &found, &size), 0);
    if (found != (uint64_t)head || size != 24)
        failures++;
    IS(syscall(SYS_get_robust_list, tid, &found, &size), 0);
    IS(syscall(SYS_get_robust_list, tid + 1, &found, &size), -EPERM);
    IS(syscall(SYS_get_robust_list, 0, OUTSIDE, &size), -EFAULT);
    IS(syscall(SYS_get_robust_list, 0, &found, OUTSIDE), -EFAULT);
}

static void clones(void) {
    static char stack[65536] __attribute__((aligned(4096)));
    char *top = stack + sizeof(stack) - 64;
    const char *nothing = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    IS(syscall(SYS_clone, SIGCHLD, top, 0, 0, 0), -ENOSYS);
    IS(syscall(SYS_clone, FLAGS & ~CLONE_VM, top, 0, 0, 0), -EINVAL);
    IS(syscall(SYS_clone, FLAGS | CLONE_PIDFD, top, 0, 0, 0), -EINVAL);
    IS(syscall(SYS_clone, FLAGS, OUTSIDE, 0, 0, 0), -EFAULT);
    IS(syscall(SYS_clone, FLAGS | CLONE_PARENT_SETTID, top, OUTSIDE, 0, 0), -EFAULT);
    IS(syscall(SYS_clone, FLAGS | CLONE_PARENT_SETTID, top, nothing, 0, 0), -EFAULT);
    IS(syscall(SYS_clone, FLAGS | CLONE_CHILD_SETTID, top, 0, OUTSIDE, 0), -EFAULT);
    IS(syscall(SYS_clone, FLAGS | CLONE_CHILD_SETTID, top, 0, nothing, 0), -EFAULT);
}

static const struct timespec moment = {0, 1000000};
static volatile int started, stop;

static void *wait_here(void *unused) {
    started = 1;
    while (!stop)
        nanosleep(&moment, NULL);
    return NULL;
}

static void on_signal(int signal) {
}

/* Signals for the process and for one thread, with another thread that blocks them or does not. */
static void signals(void) {
    pthread_t thread;
    sigset_t set, old;
    IS(syscall(SYS_tkill, 99, 0), -ESRCH);
    IS(syscall(SYS_tgkill, 2, 99, SIGUSR1), -ESRCH);
    IS(syscall(SYS_kill, 99, 0), -ESRCH);
    signal(SIGUSR1, on_signal);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_create(&thread, NULL, wait_here, NULL);
    while (!started) /* until then it blocks everything */
        nanosleep(&moment, NULL);
    pthread_sigmask(SIG_BLOCK, &set, &old); /* the other thread takes it */
    IS(kill(2, SIGUSR1), 0);
    sigset_t pending;
    sigpending(&pending);
    if (sigismember(&pending, SIGUSR1)) {
        printf("a signal that another thread could take stays pending\n");
        failures++;
    }
    stop = 1;
    pthread_join(thread, NULL);
    IS(kill(2, SIGUSR1), 0); /* nobody can: it stays with this one */
    sigpending(&pending);
    if (!sigismember(&pending, SIGUSR1)) {
        printf("a signal that everybody blocks is not pending\n");
        failures++;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static volatile long id;

static void *tell_id(void *unused) {
    id = syscall(SYS_gettid);
    return wait_here(unused);
}

/* The signal of a timer for a thread that is gone is nobody's. */
static void timer_of_gone(void) {
    pthread_t thread;
    sigset_t set, old;
    int timer = -1;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, &old);
    struct {
        uint64_t value;
        int signal, notify, thread;
        char rest[44];
    } event = {.signal = SIGUSR2, .notify = SIGEV_THREAD_ID};
    stop = 0;
    pthread_create(&thread, NULL, tell_id, NULL);
    while (!id)
        nanosleep(&moment, NULL);
    event.thread = (int)id;
    IS(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer), 0);
    stop = 1;
    pthread_join(thread, NULL);
    IS(syscall(SYS_timer_settime, timer, 0, &(struct itimerspec){{0, 0}, moment}, NULL), 0);
    for (int n = 0; n < 20; n++)
        nanosleep(&moment, NULL);
    sigset_t pending;
    sigpending(&pending);
    if (sigismember(&pending, SIGUSR2)) {
        printf("the signal of a thread that is gone is the process's\n");
        failures++;
    }
    IS(syscall(SYS_timer_delete, timer), 0);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void *nothing_to_do(void *unused) {
    return NULL;
}

int main(int argc, char **argv) {
    pthread_t thread;
    if (argc > 1) {
        int error = pthread_create(&thread, NULL, nothing_to_do, NULL);
        printf(error == EAGAIN ? "no thread is granted\n" : "error %d\n", error);
        return 0;
    }
    robust_lists();
    clones();
    signals();
    timer_of_gone();
    printf("%d failures\n", failures);
    return failures != 0;
}
