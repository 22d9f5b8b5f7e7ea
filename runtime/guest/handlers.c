/* Signal handlers of the whole process: the engine's own, and the audit of everybody else's.
 *
 * A handler without SA_ONSTACK would run on rsp as it is, which may be the guest's stack: its frame, with whatever it
 * computes, would lie in guest memory. glibc's sigaction hides two signals and installs its cancellation handler that
 * way, so the audit asks the kernel.
 *
 * The engine's own handlers are given to the kernel as well, past sigaction: sanitizers and other interposers of it put a function of
 * theirs in front, which may hold a signal back until the host's code calls something, and guests never do. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

#ifndef SA_RESTORER
#define SA_RESTORER 0x04000000
#endif

struct kernel_action {
    void (*handler)(int, siginfo_t *, void *);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

#define KERNEL_SIGNALS 64
#define LIBC_SIGNALS 32 /* from here to SIGRTMIN: the C library's own, for cancellation and the like */

/* blocking.S */
void bh_signal_return(void);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define HANDLERS 8

/* Who had a fault signal before the engine, or took it later and lost it again: the latest last, each once. The host's own handler
 * must not be forgotten when somebody who passes on to it comes between, nor when two copies of this library take turns. */
struct earlier {
    unsigned count;
    struct kernel_action action[HANDLERS];
};
/* Two copies and an index, so that a handler never sees half of one. SIGSEGV has the highest number of the fault signals. */
static struct earlier earlier[SIGSEGV + 1][2];
static atomic_uchar current[SIGSEGV + 1];

static int kernel_sigaction(int signal, const struct kernel_action *set, struct kernel_action *get) {
    return (int)syscall(SYS_rt_sigaction, signal, set, get, sizeof(uint64_t));
}

static bool is_default(const struct kernel_action *action) {
    return (void *)action->handler == (void *)SIG_DFL || (void *)action->handler == (void *)SIG_IGN;
}

bool bh_fault_owns(int signal) {
    return signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE || signal == SIGTRAP;
}

static bh_error put(int signal, const struct kernel_action *action) {
    struct kernel_action now = {0};
    if (kernel_sigaction(signal, action, NULL))
        return bh_fail_errno(BH_ERROR_SYSTEM, "cannot install the handler of signal %d", signal);
    kernel_sigaction(signal, NULL, &now);
    if (now.handler != action->handler || !(now.flags & SA_ONSTACK))
        return bh_fail(BH_ERROR_HOST, "the handler of signal %d was installed, says the kernel, but is not there (a seccomp filter?)",
                       signal);
    return BH_OK;
}

static bh_error install(int signal, void (*handler)(int, siginfo_t *, void *)) {
    struct kernel_action action = {.handler = handler, .flags = SA_SIGINFO | SA_ONSTACK | SA_RESTORER,
                                   .restorer = bh_signal_return, .mask = ~(uint64_t)0};
    for (int other = 1; other <= KERNEL_SIGNALS; other++)
        if (bh_fault_owns(other) || (other >= LIBC_SIGNALS && other < SIGRTMIN))
            action.mask &= ~((uint64_t)1 << (other - 1));
    return put(signal, &action);
}

static void remember(int signal, const struct kernel_action *found) {
    unsigned char next = (unsigned char)!atomic_load(&current[signal]);
    const struct earlier *old = &earlier[signal][!next];
    struct earlier *all = &earlier[signal][next];
    all->count = 0;
    for (unsigned n = old->count == HANDLERS; n < old->count; n++)
        if (old->action[n].handler != found->handler)
            all->action[all->count++] = old->action[n];
    all->action[all->count++] = *found;
    atomic_store(&current[signal], next);
}

static bh_error take_fault_signal(int signal, const struct kernel_action *found) {
    if (found->handler == bh_fault_handler)
        return BH_OK;
    remember(signal, found);
    return install(signal, bh_fault_handler);
}

int bh_signals_free(void) {
    for (int signal = SIGRTMAX - 2; signal >= SIGRTMIN; signal--) {
        struct kernel_action action = {0};
        if (!kernel_sigaction(signal, NULL, &action) && (is_default(&action) || action.handler == bh_deadline_handler))
            return signal;
    }
    return SIGRTMAX - 2;
}

static bh_error take_deadline_signal(int signal, const struct kernel_action *found) {
    if (found->handler == bh_deadline_handler)
        return BH_OK;
    if (!is_default(found))
        return bh_fail(BH_ERROR_SIGNALS, "signal %d, which deadlines need, has a handler; choose another one in "
                                         "bh_engine_options.deadline_signal", signal);
    return install(signal, bh_deadline_handler);
}

bh_error bh_signals_check(bh_engine *engine) {
    bh_error error = BH_OK;
    pthread_mutex_lock(&lock);
    for (int signal = 1; signal <= KERNEL_SIGNALS && !error; signal++) {
        struct kernel_action action = {0};
        if (signal == SIGKILL || signal == SIGSTOP || kernel_sigaction(signal, NULL, &action))
            continue;
        if (bh_fault_owns(signal)) {
            error = take_fault_signal(signal, &action);
        } else if (signal == engine->deadline_signal) {
            error = take_deadline_signal(signal, &action);
        } else if (!is_default(&action) && !(action.flags & SA_ONSTACK)) {
            if (engine->refuse_handlers) {
                error = bh_fail(BH_ERROR_SIGNALS, "the handler of signal %d (%s) lacks SA_ONSTACK and would run on the "
                                                  "guest's stack", signal, strsignal(signal));
            } else {
                action.flags |= SA_ONSTACK;
                error = put(signal, &action);
            }
        }
    }
    pthread_mutex_unlock(&lock);
    return error;
}

/* A look takes 62 system calls, as long as all the rest of a creation. Handlers are installed now and then, so a host that makes
 * thousands of instances a second loses nothing when only some of them look: the first LOOKS, then one in each LOOK_INTERVAL. */
#define LOOKS 16
#define LOOK_INTERVAL 1000000 /* nanoseconds */

static bool time_to_look(bh_engine *engine) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    uint64_t now = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
    /* When the looks so far would all have been due, at one in each interval. */
    uint64_t due = atomic_load_explicit(&engine->looks_due, memory_order_relaxed), next;
    do {
        if (due > now + (LOOKS - 1) * LOOK_INTERVAL)
            return false;
        next = (due > now ? due : now) + LOOK_INTERVAL;
    } while (!atomic_compare_exchange_weak_explicit(&engine->looks_due, &due, next, memory_order_relaxed, memory_order_relaxed));
    return true;
}

bh_error bh_signals_check_sometimes(bh_engine *engine) {
    if (engine->trust_handlers || !time_to_look(engine))
        return BH_OK;
    bh_error error = bh_signals_check(engine);
    /* What is wrong is found again by the next one, however soon that comes. */
    if (error)
        atomic_store_explicit(&engine->looks_due, 0, memory_order_relaxed);
    return error;
}

/* ---- Passing on ---- */

static void die_by(int signal, const siginfo_t *info) {
    struct kernel_action action = {0};
    action.handler = (void (*)(int, siginfo_t *, void *))(uintptr_t)SIG_DFL;
    kernel_sigaction(signal, &action, NULL);
    /* A fault happens again when the handler returns; a trap does not, nor does what somebody sent, or the machine on its own. */
    if (info->si_code <= 0 || signal == SIGTRAP || (signal == SIGBUS && info->si_code == BUS_MCEERR_AO))
        syscall(SYS_tgkill, getpid(), (int)syscall(SYS_gettid), signal);
}

/* Which handlers a signal was passed through: each may pass on to others, this one included, or to another copy of this library, and
 * none is to get it twice. Who has nobody left to pass it to says so (UNHANDLED), and it is the turn of what the caller knows. Noted in the
 * signal's own information, behind what the kernel fills (struct kernel_siginfo; the rest is zeros): so it is gone when a handler
 * leaves by siglongjmp, and other copies see it. */
#define NOTES_AT 48
#define UNHANDLED ((sizeof(siginfo_t) - NOTES_AT) / sizeof(uint64_t) - 1) /* the last word */
#define NOTES UNHANDLED

typedef void kernel_handler(int, siginfo_t *, void *);

static uint64_t *notes_of(siginfo_t *info) {
    return (uint64_t *)(void *)((char *)info + NOTES_AT);
}

static unsigned note_count(siginfo_t *info) {
    unsigned count = 0;
    while (count < NOTES && notes_of(info)[count])
        count++;
    return count;
}

/* False: it was there, or no room is left. */
static bool note(siginfo_t *info, kernel_handler *handler) {
    unsigned count = note_count(info);
    for (unsigned n = 0; n < count; n++)
        if (notes_of(info)[n] == (uint64_t)(uintptr_t)handler)
            return false;
    if (count == NOTES)
        return false;
    notes_of(info)[count] = (uint64_t)(uintptr_t)handler;
    return true;
}

/* The latest that has not got it; notes that. False: there is none. */
static bool next_handler(int signal, siginfo_t *info, struct kernel_action *next) {
    const struct earlier *all = &earlier[signal][atomic_load(&current[signal])];
    for (unsigned n = all->count; n-- > 0;) {
        *next = all->action[n];
        if (is_default(next) || note(info, next->handler))
            return true;
    }
    return false;
}

static void pass(int signal, siginfo_t *info, void *context, const struct kernel_action *to) {
    uint64_t mask, old;
    memcpy(&mask, &((ucontext_t *)context)->uc_sigmask, sizeof(mask));
    mask |= to->mask;
    if (!(to->flags & SA_NODEFER))
        mask |= (uint64_t)1 << (signal - 1);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, &old, sizeof(mask));
    if (to->flags & SA_RESETHAND)
        remember(signal, &(struct kernel_action){0});
    notes_of(info)[UNHANDLED] = 0;
    to->handler(signal, info, context);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, sizeof(mask));
}

void bh_signals_chain(int signal, siginfo_t *info, void *context) {
    int error = errno;
    unsigned noted = note_count(info);
    struct kernel_action action;
    bool unhandled = true;
    note(info, bh_fault_handler);
    while (unhandled && next_handler(signal, info, &action)) {
        unhandled = false;
        if ((void *)action.handler == (void *)SIG_DFL || ((void *)action.handler == (void *)SIG_IGN && info->si_code > 0)) {
            die_by(signal, info);
        } else if ((void *)action.handler != (void *)SIG_IGN) {
            pass(signal, info, context, &action);
            unhandled = notes_of(info)[UNHANDLED];
        }
    }
    if (unhandled && !noted)
        die_by(signal, info);
    memset(notes_of(info) + noted, 0, (NOTES - noted) * sizeof(uint64_t));
    notes_of(info)[UNHANDLED] = unhandled && noted;
    errno = error;
}
