/* Waiting for signals, and handlers on a stack of their own: as natively.
 *
 * RUN: %bulkhead-clang -O2 %s -o %t
 * RUN: %native-clang -O2 %s -o %t.native
 * RUN: %t.native >%t.expected
 * RUN: %bulkhead-run --deadline 60 %t >%t.seen
 * RUN: diff %t.expected %t.seen
 * RUN: FileCheck %s <%t.seen
 * CHECK: sigsuspend -1 EINTR, hits 1, blocked again 1
 * CHECK: sigwait 0, signal 10
 * CHECK: on the alternate stack 1
 *
 * What nobody can end is a deadlock, what a deadline ends is over then, and what cannot be is refused.
 * RUN: sh -c '%bulkhead-run --deadline 60 %t pause 2>%t.err; test $? = 134'
 * RUN: FileCheck %s --check-prefix=DEADLOCK <%t.err
 * RUN: sh -c '%bulkhead-run --deadline 60 %t sigsuspend 2>%t.err; test $? = 134'
 * RUN: FileCheck %s --check-prefix=DEADLOCK <%t.err
 * RUN: sh -c '%bulkhead-run --deadline 60 %t sigwait 2>%t.err; test $? = 134'
 * RUN: FileCheck %s --check-prefix=DEADLOCK <%t.err
 * DEADLOCK: waits for something that cannot happen
 * RUN: sh -c '%bulkhead-run --deadline 0.1 %t sigtimedwait 2>%t.err; test $? = 124'
 * RUN: sh -c '%bulkhead-run --deadline 60 %t overflow 2>%t.err; test $? = 139'
 * RUN: sh -c '%bulkhead-run --deadline 60 %t nowhere 2>%t.err; test $? = 139'
 * RUN: sh -c '%bulkhead-run --deadline 60 %t default 2>%t.err; test $? = 138'
 * RUN: %bulkhead-run --deadline 60 %t outside
 *
 * A time needs the clock, no time does not.
 * RUN: echo 'bulkhead-policy 1' >%t.policy
 * RUN: sh -c '%bulkhead-run --policy %t.policy --deadline 60 %t without-clock; test $? = 7'
 * RUN: %bulkhead-run --deadline 60 %t without-clock
 */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int hits, code, value, on_stack, stack_flags, inner_error;
static char stack[16384] __attribute__((aligned(16)));

static void handler(int signal) {
    hits++;
}

static void informed(int signal, siginfo_t *info, void *context) {
    hits++;
    code = info->si_code;
    value = info->si_value.sival_int;
}

static void on_alternate(int signal, siginfo_t *info, void *context) {
    stack_t now;
    volatile char here;
    on_stack = (uintptr_t)&here - (uintptr_t)stack < sizeof(stack);
    sigaltstack(NULL, &now);
    stack_flags = now.ss_flags;
    inner_error = sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL) ? errno : 0;
    stack_t shown = ((ucontext_t *)context)->uc_stack;
    printf("context: stack %d size %zu flags %d\n", shown.ss_sp == stack, shown.ss_size, shown.ss_flags);
    if (signal == SIGUSR2)
        raise(SIGUSR1);
}

static const char *error_name(void) {
    return errno == EINTR ? "EINTR" : errno == EAGAIN ? "EAGAIN" : errno == EINVAL ? "EINVAL" : errno == EPERM ? "EPERM" :
           errno == ENOMEM ? "ENOMEM" : errno == ESRCH ? "ESRCH" : errno == EFAULT ? "EFAULT" : "another";
}

static void set(int signal, void *function, int flags) {
    struct sigaction action = {.sa_flags = flags};
    action.sa_handler = (void (*)(int))function;
    sigaction(signal, &action, NULL);
}

static sigset_t only(int signal) {
    sigset_t set;
    sigemptyset(&set);
    if (signal)
        sigaddset(&set, signal);
    return set;
}

static int is_blocked(int signal) {
    sigset_t now;
    sigprocmask(SIG_SETMASK, NULL, &now);
    return sigismember(&now, signal);
}

static void suspending(void) {
    sigset_t usr1 = only(SIGUSR1), none = only(0);
    set(SIGUSR1, handler, SA_RESTART); /* which sigsuspend does not honour */
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    raise(SIGUSR1);
    int result = sigsuspend(&none);
    printf("sigsuspend %d %s, hits %d, blocked again %d\n", result, error_name(), hits, is_blocked(SIGUSR1));
    /* One that is ignored does not end the wait, the next one does. */
    sigset_t both = only(SIGCHLD);
    sigaddset(&both, SIGUSR1);
    sigprocmask(SIG_BLOCK, &both, NULL);
    raise(SIGCHLD);
    raise(SIGUSR1);
    result = sigsuspend(&none);
    printf("sigsuspend %d %s, hits %d\n", result, error_name(), hits);
    result = (int)syscall(SYS_rt_sigsuspend, &none, 4);
    printf("wrong size %d %s\n", result, error_name());
    result = (int)syscall(SYS_rt_sigsuspend, (void *)8, 8);
    printf("no mask %d %s\n", result, error_name());
    printf("still blocked %d\n", is_blocked(SIGUSR1));
    /* What the handler changes in the mask of what it interrupted is for after the wait. */
    static sigjmp_buf back;
    sigprocmask(SIG_SETMASK, &usr1, NULL);
    if (!sigsetjmp(back, 1))
        siglongjmp(back, 1);
    printf("after longjmp %d\n", is_blocked(SIGUSR1));
}

static void waiting(void) {
    siginfo_t info;
    int got = 0;
    sigset_t usr1 = only(SIGUSR1), child = only(SIGCHLD);
    raise(SIGUSR1);
    int result = sigwait(&usr1, &got);
    printf("sigwait %d, signal %d\n", result, got);
    result = sigtimedwait(&usr1, &info, &(struct timespec){0});
    printf("nothing %d %s\n", result, error_name());
    result = sigtimedwait(&usr1, &info, &(struct timespec){.tv_nsec = 2000000});
    printf("not in time %d %s\n", result, error_name());
    result = sigtimedwait(&usr1, &info, &(struct timespec){.tv_nsec = 1000000000});
    printf("no time %d %s\n", result, error_name());
    result = sigtimedwait(&usr1, &info, &(struct timespec){.tv_sec = -1});
    printf("before time %d %s\n", result, error_name());
    result = (int)syscall(SYS_rt_sigtimedwait, &usr1, &info, NULL, 4);
    printf("wrong size %d %s\n", result, error_name());
    /* A signal that nobody handles is not lost while it is blocked. */
    sigprocmask(SIG_BLOCK, &child, NULL);
    kill(getpid(), SIGCHLD);
    result = sigwaitinfo(&child, &info);
    printf("sigwaitinfo %d code %d pid %d\n", result, info.si_code, info.si_pid == getpid());
    raise(SIGCHLD);
    signal(SIGCHLD, SIG_IGN); /* forgets it */
    result = sigtimedwait(&child, &info, &(struct timespec){0});
    printf("ignored %d %s\n", result, error_name());
    /* The lowest first. */
    sigset_t two = only(SIGUSR2);
    sigaddset(&two, SIGUSR1);
    sigprocmask(SIG_BLOCK, &two, NULL);
    raise(SIGUSR2);
    raise(SIGUSR1);
    sigset_t pending;
    sigpending(&pending);
    printf("pending %d %d\n", sigismember(&pending, SIGUSR1), sigismember(&pending, SIGUSR2));
    printf("first %d\n", sigwaitinfo(&two, NULL));
    printf("then %d\n", sigwaitinfo(&two, NULL));
    /* The handler of another one ends the wait. */
    set(SIGUSR2, handler, SA_RESTART);
    raise(SIGUSR2);
    sigset_t unblocked = only(SIGUSR1);
    hits = 0;
    sigprocmask(SIG_SETMASK, &unblocked, NULL);
    printf("handled %d\n", hits);
    hits = 0;
    set(SIGALRM, handler, SA_RESTART);
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 10000}, {0, 10000}}, NULL); /* again, if it comes before the wait */
    /* musl's own function would begin again. */
    result = (int)syscall(SYS_rt_sigtimedwait, &usr1, &info, &(struct timespec){.tv_sec = 1000}, 8);
    printf("another %d %s, handled %d\n", result, error_name(), hits > 0);
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL);
}

static void queueing(void) {
    int signal = SIGRTMIN + 1;
    siginfo_t info = {.si_code = SI_QUEUE};
    sigset_t set_of = only(signal);
    info.si_value.sival_int = 7;
    set(signal, informed, SA_SIGINFO);
    int result = sigqueue(getpid(), signal, (union sigval){.sival_int = 42});
    printf("sigqueue %d code %d value %d\n", result, code, value);
    result = (int)syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), signal, &info);
    printf("tgsigqueueinfo %d code %d value %d\n", result, code, value);
    sigprocmask(SIG_BLOCK, &set_of, NULL);
    sigqueue(getpid(), signal, (union sigval){.sival_int = 43});
    result = sigwaitinfo(&set_of, &info);
    printf("sigwaitinfo %d code %d value %d\n", result == signal, info.si_code, info.si_value.sival_int);
    sigprocmask(SIG_UNBLOCK, &set_of, NULL);
    result = (int)syscall(SYS_rt_sigqueueinfo, getpid(), 65, &info);
    printf("no signal %d %s\n", result, error_name());
    result = (int)syscall(SYS_rt_sigqueueinfo, getpid(), signal, (void *)8);
    printf("no information %d %s\n", result, error_name());
    result = (int)syscall(SYS_rt_sigqueueinfo, getpid(), 0, &info);
    printf("only asked %d\n", result);
    result = kill(getpid(), signal);
    printf("kill %d code %d\n", result, code);
    result = raise(signal);
    printf("raise %d code %d\n", result, code);
}

static void alternate(void) {
    stack_t old, wanted = {.ss_sp = stack, .ss_size = sizeof(stack)};
    int result = sigaltstack(NULL, &old);
    printf("sigaltstack %d flags %d\n", result, old.ss_flags);
    result = sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = 2047}, NULL);
    printf("too small %d %s\n", result, error_name());
    result = sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof(stack), .ss_flags = 4}, NULL);
    printf("unknown flags %d %s\n", result, error_name());
    result = (int)syscall(SYS_sigaltstack, (void *)8, NULL);
    printf("no stack %d %s\n", result, error_name());
    result = sigaltstack(&wanted, &old);
    printf("set %d flags %d\n", result, old.ss_flags);
    sigaltstack(NULL, &old);
    printf("kept %d size %zu flags %d\n", old.ss_sp == stack, old.ss_size, old.ss_flags);
    set(SIGUSR1, on_alternate, SA_SIGINFO);
    raise(SIGUSR1);
    sigset_t none = only(0);
    sigprocmask(SIG_SETMASK, &none, NULL);
    printf("on the stack of the program %d flags %d error %d\n", on_stack, stack_flags, inner_error);
    sigaltstack(&wanted, NULL); /* the handler disabled it */
    set(SIGUSR1, on_alternate, SA_SIGINFO | SA_ONSTACK);
    raise(SIGUSR1);
    printf("on the alternate stack %d flags %d refused %d\n", on_stack, stack_flags, inner_error == EPERM);
    set(SIGUSR2, on_alternate, SA_SIGINFO | SA_ONSTACK);
    raise(SIGUSR2);
    printf("twice %d flags %d\n", on_stack, stack_flags);
    sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, &old);
    raise(SIGUSR1);
    printf("without %d flags %d\n", on_stack, stack_flags);
}

static void deep(int signal) {
    raise(signal == SIGUSR1 ? SIGUSR2 : SIGUSR1);
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    sigset_t usr1 = only(SIGUSR1), none = only(0);
    int got;
    if (!strcmp(what, "pause"))
        return pause();
    if (!strcmp(what, "sigsuspend"))
        return sigsuspend(&none);
    if (!strcmp(what, "sigwait"))
        return sigwait(&usr1, &got);
    if (!strcmp(what, "sigtimedwait"))
        return sigtimedwait(&usr1, NULL, &(struct timespec){1000, 0});
    if (!strcmp(what, "without-clock")) {
        if (sigtimedwait(&usr1, NULL, &(struct timespec){0}) != -1 || errno != EAGAIN)
            return 1;
        if (sigtimedwait(&usr1, NULL, &(struct timespec){.tv_nsec = 1000}) != -1)
            return 2;
        return errno == EAGAIN ? 0 : errno == EPERM ? 7 : 3;
    }
    if (!strcmp(what, "default")) {
        sigprocmask(SIG_BLOCK, &usr1, NULL);
        raise(SIGUSR1);
        return sigsuspend(&none);
    }
    if (!strcmp(what, "overflow")) { /* the third frame does not fit; what is below it must not be written */
        sigaltstack(&(stack_t){.ss_sp = stack + 8192, .ss_size = 2048}, NULL);
        set(SIGUSR1, deep, SA_ONSTACK);
        set(SIGUSR2, deep, SA_ONSTACK);
        raise(SIGUSR1);
        return 1;
    }
    if (!strcmp(what, "nowhere")) { /* within the slot, but no memory: the first 64 KiB are not mapped */
        uintptr_t base = (uintptr_t)stack & ~(uintptr_t)0xffffffff;
        if (sigaltstack(&(stack_t){.ss_sp = (void *)base, .ss_size = 4096}, NULL))
            return 1;
        set(SIGUSR1, handler, SA_ONSTACK);
        raise(SIGUSR1);
        return 2;
    }
    if (!strcmp(what, "outside")) {
        uintptr_t base = (uintptr_t)stack & ~(uintptr_t)0xffffffff;
        siginfo_t info = {.si_code = SI_KERNEL};
        if (!sigaltstack(&(stack_t){.ss_sp = (void *)(base - 8192), .ss_size = 8192}, NULL) || errno != EFAULT)
            return 1;
        if (!sigaltstack(&(stack_t){.ss_sp = (void *)(base + 0xfffff000), .ss_size = 8192}, NULL) || errno != EFAULT)
            return 2;
        /* A guest does not tell itself what only the kernel tells, nor the same number twice. */
        if (!syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &info) || errno != EPERM)
            return 3;
        info.si_code = SI_TKILL;
        if (!syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &info) || errno != EPERM)
            return 4;
        sigset_t real_time = only(SIGRTMIN + 3);
        sigprocmask(SIG_BLOCK, &real_time, NULL);
        if (sigqueue(getpid(), SIGRTMIN + 3, (union sigval){0}) || !sigqueue(getpid(), SIGRTMIN + 3, (union sigval){1}) ||
            errno != EAGAIN)
            return 5;
        info.si_code = SI_QUEUE;
        if (!syscall(SYS_rt_tgsigqueueinfo, 1, getpid(), SIGUSR1, &info) || errno != ESRCH)
            return 6;
        if (!syscall(SYS_rt_sigqueueinfo, 1, SIGUSR1, &info) || errno != ESRCH)
            return 7;
        return 0;
    }
    suspending();
    waiting();
    queueing();
    alternate();
    return 0;
}
