/* The guest's signals: its own affair, between it and itself. Masks and handlers are virtual; the host's are never touched.
 *
 * A signal reaches a handler on the way back from a system call (raise, kill, sigprocmask, a write to a broken pipe). What
 * the handler interrupted is kept in host memory, not on the guest's stack: a guest cannot forge it. */
#include "linux.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

bh_syscall sys_rt_sigaction, sys_rt_sigprocmask, sys_rt_sigpending, sys_rt_sigreturn, sys_kill, sys_tkill, sys_tgkill;

#define GUEST_SIGNALS 64

struct bh_saved_context {
    struct bh_frame frame; /* registers, vector state, target */
    uint64_t mask;
    uint64_t sp;           /* rsp when the handler has returned */
};

static uint64_t bit(int signal) {
    return (uint64_t)1 << (signal - 1);
}

int64_t sys_rt_sigaction(bh_instance *instance, const uint64_t a[6]) {
    struct bh_linux *state = instance->personality;
    struct bh_signal_action action;
    uint32_t signal = (uint32_t)a[0];
    if (signal < 1 || signal > GUEST_SIGNALS || a[3] != sizeof(uint64_t) || (a[1] && (signal == SIGKILL || signal == SIGSTOP)))
        return -EINVAL;
    signal = (uint32_t)BH_BOUNDED(signal, GUEST_SIGNALS + 1);
    if (a[1] && !bh_get(instance, &action, a[1], sizeof(action)))
        return -EFAULT;
    if (a[2] && !bh_put(instance, a[2], &state->action[signal], sizeof(action)))
        return -EFAULT;
    if (a[1])
        state->action[signal] = action;
    return 0;
}

int64_t sys_rt_sigprocmask(bh_instance *instance, const uint64_t a[6]) {
    struct bh_linux *state = instance->personality;
    uint64_t set, old = state->mask;
    if (a[3] != sizeof(set))
        return -EINVAL;
    if (a[1]) {
        if (!bh_get(instance, &set, a[1], sizeof(set)))
            return -EFAULT;
        set &= ~(bit(SIGKILL) | bit(SIGSTOP));
        switch ((int)a[0]) {
        case SIG_BLOCK:
            state->mask |= set;
            break;
        case SIG_UNBLOCK:
            state->mask &= ~set;
            break;
        case SIG_SETMASK:
            state->mask = set;
            break;
        default:
            return -EINVAL;
        }
    }
    return !a[2] || bh_put(instance, a[2], &old, sizeof(old)) ? 0 : -EFAULT;
}

int64_t sys_rt_sigpending(bh_instance *instance, const uint64_t a[6]) {
    uint64_t pending = instance->personality->pending & instance->personality->mask;
    return bh_put(instance, a[0], &pending, sizeof(pending)) ? 0 : -EFAULT;
}

static bool ignored_by_default(int signal) {
    return signal == SIGCHLD || signal == SIGURG || signal == SIGWINCH || signal == SIGCONT || signal == SIGSTOP ||
           signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

int64_t bh_signal_raise(bh_instance *instance, int signal) {
    struct bh_linux *state = instance->personality;
    uint64_t handler = state->action[signal].handler;
    if (handler == 1 /* SIG_IGN */ || (!handler && ignored_by_default(signal)))
        return 0;
    if (!handler && !(state->mask & bit(signal)))
        return bh_end(instance, BH_FAULT_SIGNAL, signal);
    state->pending |= bit(signal);
    return 0;
}

static int64_t send(bh_instance *instance, uint64_t target, uint64_t signal) {
    if ((int32_t)target != BH_GUEST_PID && (int32_t)target != 0 && (int32_t)target != -BH_GUEST_PID)
        return -ESRCH;
    if ((uint32_t)signal > GUEST_SIGNALS)
        return -EINVAL;
    return signal ? bh_signal_raise(instance, (int)BH_BOUNDED((uint32_t)signal, GUEST_SIGNALS + 1)) : 0;
}

int64_t sys_kill(bh_instance *instance, const uint64_t a[6]) {
    return send(instance, a[0], a[1]);
}

int64_t sys_tkill(bh_instance *instance, const uint64_t a[6]) {
    return send(instance, a[0], a[1]);
}

int64_t sys_tgkill(bh_instance *instance, const uint64_t a[6]) {
    return send(instance, a[1], a[2]);
}

/* What the handler finds on the guest's stack: a return address, siginfo and a ucontext with the registers for reading.
 * Changes to it have no effect. */
struct guest_signal_frame {
    uint64_t return_address;
    uint64_t pad;
    siginfo_t info;
    ucontext_t context;
};

static void fill_frame(struct guest_signal_frame *out, const struct bh_frame *frame, int signal,
                       const struct bh_signal_action *action, uint64_t mask) {
    memset(out, 0, sizeof(*out));
    out->return_address = action->restorer;
    out->info.si_signo = signal;
    out->info.si_code = SI_TKILL;
    out->info.si_pid = BH_GUEST_PID;
    out->info.si_uid = BH_GUEST_ID;
    greg_t *registers = out->context.uc_mcontext.gregs;
    registers[REG_RIP] = (greg_t)bh_confine(frame->base, frame->target);
    registers[REG_RSP] = (greg_t)frame->rsp;
    registers[REG_RAX] = (greg_t)frame->rax;
    registers[REG_RBP] = (greg_t)frame->rbp;
    memcpy(&out->context.uc_sigmask, &mask, sizeof(mask));
}

int64_t bh_signal_deliver(bh_instance *instance) {
    struct bh_linux *state = instance->personality;
    struct bh_frame *frame = state->frame;
    int signal = __builtin_ctzll(state->pending & ~state->mask) + 1;
    struct bh_signal_action action = state->action[signal];
    state->pending &= ~bit(signal);
    if (action.handler <= 1) /* changed since it became pending */
        return action.handler || ignored_by_default(signal) ? 0 : bh_end(instance, BH_FAULT_SIGNAL, signal);
    /* Handlers that left by longjmp never came back for their contexts. */
    if (state->saved_count == BH_MAX_SIGNAL_DEPTH) {
        free(state->saved[0]);
        memmove(state->saved, state->saved + 1, (BH_MAX_SIGNAL_DEPTH - 1) * sizeof(*state->saved));
        state->saved_count--;
    }
    struct bh_saved_context *saved = aligned_alloc(_Alignof(struct bh_saved_context), sizeof(*saved));
    if (!saved)
        return bh_end(instance, BH_FAULT_SIGNAL, signal);
    struct guest_signal_frame out;
    fill_frame(&out, frame, signal, &action, state->mask);
    /* Below the red zone and the compiler's scratch space, and aligned as after a call. */
    uint64_t at = ((frame->rsp - BH_STACK_SCRATCH_SIZE - sizeof(out)) & ~(uint64_t)15) - 8;
    if (!bh_put(instance, at, &out, sizeof(out))) {
        free(saved);
        return bh_end(instance, BH_FAULT_SIGNAL, SIGSEGV);
    }
    saved->frame = *frame;
    saved->mask = state->mask;
    saved->sp = at + 8;
    state->saved[state->saved_count++] = saved;

    state->mask |= action.mask | (action.flags & SA_NODEFER ? 0 : bit(signal));
    state->mask &= ~(bit(SIGKILL) | bit(SIGSTOP));
    if (action.flags & SA_RESETHAND)
        state->action[signal].handler = 0;
    frame->rax = 0;
    frame->rdi = (uint64_t)signal;
    frame->rsi = at + offsetof(struct guest_signal_frame, info);
    frame->rdx = at + offsetof(struct guest_signal_frame, context);
    frame->rsp = at;
    frame->target = action.handler;
    return 0;
}

int64_t sys_rt_sigreturn(bh_instance *instance, const uint64_t a[6]) {
    struct bh_linux *state = instance->personality;
    struct bh_frame *frame = state->frame;
    while (state->saved_count) {
        struct bh_saved_context *saved = state->saved[--state->saved_count];
        state->saved[state->saved_count] = NULL;
        if (saved->sp != frame->rsp) {
            free(saved);
            continue;
        }
        state->mask = saved->mask;
        /* Where the host's own stack is, and whose call this is, never changes. */
        memcpy(frame->xsave, saved->frame.xsave, sizeof(frame->xsave));
        memcpy(&frame->rax, &saved->frame.rax, offsetof(struct bh_frame, hostcall) - offsetof(struct bh_frame, rax));
        free(saved);
        return 0;
    }
    return bh_end(instance, BH_FAULT_SIGNAL, SIGSEGV);
}

void bh_signal_discard(struct bh_linux *state) {
    while (state->saved_count)
        free(state->saved[--state->saved_count]);
}
