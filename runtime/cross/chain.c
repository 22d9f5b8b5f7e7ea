/* Handlers of signals, and those who had the signals of faults before: what is not a guest's is passed on to them. */
#include "cross/chain.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/fail.h"

#define LIBC_SIGNALS 32 /* from here to SIGRTMIN: the C library's own, for cancellation and the like */

/* blocking.S */
void bh_signal_return(void);

#define HANDLERS 8

/* Who had a fault signal before the engine, or took it later and lost it again: the latest last, each once. The host's
 * own handler must not be forgotten when somebody who passes on to it comes between, nor when two copies of this
 * library take turns. */
struct earlier {
    unsigned count;
    struct bh_kernel_action action[HANDLERS];
};
/* Two copies and an index, so that a handler never sees half of one. SIGSEGV has the highest number of the fault
 * signals. */
static struct earlier earlier[SIGSEGV + 1][2];
static atomic_uchar current[SIGSEGV + 1];

int bh_kernel_sigaction(int signal, const struct bh_kernel_action *set, struct bh_kernel_action *get) {
    return (int)syscall(SYS_rt_sigaction, signal, set, get, sizeof(uint64_t));
}

bool bh_fault_owns(int signal) {
    return signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE || signal == SIGTRAP;
}

bh_error bh_action_put(int signal, const struct bh_kernel_action *action) {
    struct bh_kernel_action now = {0};
    if (bh_kernel_sigaction(signal, action, NULL))
        return bh_fail_errno(BH_ERROR_SYSTEM, "cannot install the handler of signal %d", signal);
    bh_kernel_sigaction(signal, NULL, &now);
    if (now.handler != action->handler || !(now.flags & SA_ONSTACK))
        return bh_fail(BH_ERROR_HOST,
                       "the handler of signal %d was installed, says the kernel, but is not there (a seccomp filter?)",
                       signal);
    return BH_OK;
}

bh_error bh_handler_install(int signal, bh_kernel_handler *handler) {
    struct bh_kernel_action action = {.handler = handler,
                                      .flags = SA_SIGINFO | SA_ONSTACK | SA_RESTORER,
                                      .restorer = bh_signal_return,
                                      .mask = ~(uint64_t)0};
    for (int other = 1; other <= BH_KERNEL_SIGNALS; other++)
        if (bh_fault_owns(other) || (other >= LIBC_SIGNALS && other < SIGRTMIN))
            action.mask &= ~((uint64_t)1 << (other - 1));
    return bh_action_put(signal, &action);
}

static void remember(int signal, const struct bh_kernel_action *found) {
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

bh_error bh_chain_begin(int signal, const struct bh_kernel_action *found, bh_kernel_handler *handler) {
    if (found->handler == handler)
        return BH_OK;
    remember(signal, found);
    return bh_handler_install(signal, handler);
}

/* ---- Passing on ---- */

static void die_by(int signal, const siginfo_t *info) {
    struct bh_kernel_action action = {0};
    action.handler = (bh_kernel_handler *)(uintptr_t)SIG_DFL;
    bh_kernel_sigaction(signal, &action, NULL);
    /* A fault happens again when the handler returns; a trap does not, nor does what somebody sent, or the machine on
     * its own. */
    if (info->si_code <= 0 || signal == SIGTRAP || (signal == SIGBUS && info->si_code == BUS_MCEERR_AO))
        syscall(SYS_tgkill, getpid(), (int)syscall(SYS_gettid), signal);
}

/* Which handlers a signal was passed through: each may pass on to others, this one included, or to another copy of this
 * library, and none is to get it twice. Who has nobody left to pass it to says so (UNHANDLED), and it is the turn of
 * what the caller knows. Noted in the signal's own information, behind what the kernel fills (struct kernel_siginfo;
 * the rest is zeros): so it is gone when a handler leaves by siglongjmp, and other copies see it. */
#define NOTES_AT 48
#define UNHANDLED ((sizeof(siginfo_t) - NOTES_AT) / sizeof(uint64_t) - 1) /* the last word */
#define NOTES UNHANDLED

static uint64_t *notes_of(siginfo_t *info) { return (uint64_t *)(void *)((char *)info + NOTES_AT); }

static unsigned note_count(siginfo_t *info) {
    unsigned count = 0;
    while (count < NOTES && notes_of(info)[count])
        count++;
    return count;
}

/* False: it was there, or no room is left. */
static bool note(siginfo_t *info, bh_kernel_handler *handler) {
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
static bool next_handler(int signal, siginfo_t *info, struct bh_kernel_action *next) {
    const struct earlier *all = &earlier[signal][atomic_load(&current[signal])];
    for (unsigned n = all->count; n-- > 0;) {
        *next = all->action[n];
        if (bh_action_is_default(next) || note(info, next->handler))
            return true;
    }
    return false;
}

static void pass(int signal, siginfo_t *info, void *context, const struct bh_kernel_action *to) {
    uint64_t mask, old;
    memcpy(&mask, &((ucontext_t *)context)->uc_sigmask, sizeof(mask));
    mask |= to->mask;
    if (!(to->flags & SA_NODEFER))
        mask |= (uint64_t)1 << (signal - 1);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, &old, sizeof(mask));
    if (to->flags & SA_RESETHAND)
        remember(signal, &(struct bh_kernel_action){0});
    notes_of(info)[UNHANDLED] = 0;
    to->handler(signal, info, context);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, sizeof(mask));
}

void bh_chain_pass(int signal, siginfo_t *info, void *context, bh_kernel_handler *handler) {
    int error = errno;
    unsigned noted = note_count(info);
    struct bh_kernel_action action;
    bool unhandled = true;
    note(info, handler);
    while (unhandled && next_handler(signal, info, &action)) {
        unhandled = false;
        if ((void *)action.handler == (void *)SIG_DFL ||
            ((void *)action.handler == (void *)SIG_IGN && info->si_code > 0)) {
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
