/* The guest's signals: its own affair, between it and itself. Masks and handlers are virtual; the host's are never touched.
 *
 * A signal reaches a handler on the way back from a system call (raise, kill, sigprocmask, a write to a broken pipe). What
 * the handler interrupted is kept in host memory, not on the guest's stack: a guest cannot forge it. */
#include "linux.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

bh_syscall bh_sys_rt_sigaction, bh_sys_rt_sigprocmask, bh_sys_rt_sigpending, bh_sys_rt_sigreturn, bh_sys_kill, bh_sys_tkill,
    bh_sys_tgkill;

#define GUEST_SIGNALS 64
/* Where an xsave area has what. x87: control, status, tags, the last instruction and its operand; then the registers. */
#define XSAVE_X87 0
#define XSAVE_X87_SIZE 24
#define XSAVE_MXCSR 24
#define XSAVE_MXCSR_SIZE 4
#define XSAVE_ST 32
#define XSAVE_ST_SIZE 128
#define XSAVE_HAS_X87 1 /* in the header's first byte */

struct bh_saved_context {
    struct bh_frame frame; /* registers, vector state, target */
    uint32_t depth;        /* of the call that was interrupted */
    uint64_t sp;           /* rsp when the handler has returned */
    uint64_t pc;           /* what the handler was told */
    bool restart;          /* the interrupted call is to be made again: its number is in frame.rax */
};

static uint64_t bit(int signal) {
    return (uint64_t)1 << (signal - 1);
}

/* What the guest does about a signal, whose number is its own choice and was found to be one. */
static struct bh_signal_action *action_of(const bh_instance *instance, int signal) {
    return &instance->personality->action[BH_BOUNDED((uint32_t)signal, GUEST_SIGNALS + 1)];
}

int64_t bh_sys_rt_sigaction(bh_instance *instance, const uint64_t a[6]) {
    struct bh_signal_action action, *known;
    uint32_t signal = (uint32_t)a[0];
    if (signal < 1 || signal > GUEST_SIGNALS || a[3] != sizeof(uint64_t) || (a[1] && (signal == SIGKILL || signal == SIGSTOP)))
        return -EINVAL;
    known = action_of(instance, (int)signal);
    if (a[1] && !bh_get(instance, &action, a[1], sizeof(action)))
        return -EFAULT;
    if (a[2] && !bh_put(instance, a[2], known, sizeof(action)))
        return -EFAULT;
    if (a[1])
        *known = action;
    return 0;
}

int64_t bh_sys_rt_sigprocmask(bh_instance *instance, const uint64_t a[6]) {
    struct bh_task *task = bh_task_of(instance);
    uint64_t set, old = task->mask;
    if (a[3] != sizeof(set))
        return -EINVAL;
    if (a[1]) {
        if (!bh_get(instance, &set, a[1], sizeof(set)))
            return -EFAULT;
        set &= ~(bit(SIGKILL) | bit(SIGSTOP));
        switch ((int)a[0]) {
        case SIG_BLOCK:
            task->mask |= set;
            break;
        case SIG_UNBLOCK:
            task->mask &= ~set;
            break;
        case SIG_SETMASK:
            task->mask = set;
            break;
        default:
            return -EINVAL;
        }
    }
    return !a[2] || bh_put(instance, a[2], &old, sizeof(old)) ? 0 : -EFAULT;
}

int64_t bh_sys_rt_sigpending(bh_instance *instance, const uint64_t a[6]) {
    struct bh_task *task = bh_task_of(instance);
    uint64_t pending = atomic_load(&task->pending) & task->mask;
    return bh_put(instance, a[0], &pending, sizeof(pending)) ? 0 : -EFAULT;
}

void bh_signal_mask_for_call(struct bh_task *task, uint64_t mask) {
    task->kept_mask = task->mask;
    task->mask_kept = true;
    task->mask = mask & ~(bit(SIGKILL) | bit(SIGSTOP));
}

void bh_signal_unmask(struct bh_task *task) {
    if (task->mask_kept)
        task->mask = task->kept_mask;
    task->mask_kept = false;
}

static bool ignored_by_default(int signal) {
    return signal == SIGCHLD || signal == SIGURG || signal == SIGWINCH || signal == SIGCONT || signal == SIGSTOP ||
           signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

/* To one thread. threads->lock is held where there are threads: task may be another one. */
static int64_t send_to(bh_instance *instance, struct bh_task *task, int signal) {
    uint64_t handler = action_of(instance, signal)->handler;
    if (handler == 1 /* SIG_IGN */ || (!handler && ignored_by_default(signal)))
        return 0;
    bool masked = task->mask & bit(signal);
    if (!handler && !masked)
        return bh_end(instance, BH_FAULT_SIGNAL, signal);
    atomic_fetch_or(&task->pending, bit(signal));
    /* Who was interrupted before and has not noticed yet notices this as well. */
    if (!masked && task != bh_task_of(instance) && !atomic_load(&task->interrupt))
        bh_threads_kick(task);
    return 0;
}

int64_t bh_signal_raise(bh_instance *instance, int signal) {
    return send_to(instance, bh_task_of(instance), signal);
}

bool bh_signal_handled(const bh_instance *instance, int signal) {
    return action_of(instance, signal)->handler > 1;
}

static bool runs(const struct bh_task *task) {
    return task->counted || task->depth;
}

/* To the process: the calling thread takes it, or else one that does not block it. */
static struct bh_task *choose(bh_instance *instance, int signal) {
    struct bh_task *task = bh_task_of(instance);
    struct bh_threads *threads = instance->threads;
    if (!threads || !(task->mask & bit(signal)))
        return task;
    struct bh_task *lists[] = {threads->callers, threads->made};
    for (int n = 0; n < 2; n++)
        for (struct bh_task *at = lists[n]; at; at = at->next)
            if (runs(at) && !(at->mask & bit(signal)))
                return at;
    return task;
}

static int64_t send(bh_instance *instance, uint64_t target, uint64_t number, bool process) {
    struct bh_threads *threads = instance->threads;
    struct bh_task *task = bh_task_of(instance);
    int32_t id = (int32_t)target;
    if ((uint32_t)number > GUEST_SIGNALS)
        return -EINVAL;
    int signal = (int)number;
    if (process && id != BH_GUEST_PID && id != 0 && id != -BH_GUEST_PID)
        return -ESRCH;
    if (threads)
        pthread_mutex_lock(&threads->lock);
    if (process && signal)
        task = choose(instance, signal);
    else if (!process && threads)
        task = bh_threads_find(threads, id);
    else if (!process && id != task->tid)
        task = NULL;
    int64_t result = task && (process || runs(task) || !threads) ? 0 : -ESRCH;
    if (!result && signal)
        result = send_to(instance, task, signal);
    if (threads)
        pthread_mutex_unlock(&threads->lock);
    return result;
}

int64_t bh_sys_kill(bh_instance *instance, const uint64_t a[6]) {
    return send(instance, a[0], a[1], true);
}

int64_t bh_sys_tkill(bh_instance *instance, const uint64_t a[6]) {
    return send(instance, a[0], a[1], false);
}

int64_t bh_sys_tgkill(bh_instance *instance, const uint64_t a[6]) {
    return send(instance, a[1], a[2], false);
}

/* What the handler finds on the guest's stack: a return address, siginfo and a ucontext with the registers for reading.
 * Of changes to it, those of the instruction pointer and the signal mask have an effect (thread cancellation needs both): the
 * one goes through bh_confine, the other is virtual. */
struct guest_signal_frame {
    uint64_t return_address;
    uint64_t pad;
    siginfo_t info;
    ucontext_t context;
};

static void fill_frame(struct guest_signal_frame *out, const struct bh_frame *frame, int signal,
                       const struct bh_signal_action *action, uint64_t mask, uint64_t pc) {
    memset(out, 0, sizeof(*out));
    out->return_address = action->restorer;
    out->info.si_signo = signal;
    out->info.si_code = SI_TKILL;
    out->info.si_pid = BH_GUEST_PID;
    out->info.si_uid = BH_GUEST_ID;
    greg_t *registers = out->context.uc_mcontext.gregs;
    registers[REG_RIP] = (greg_t)pc;
    registers[REG_RSP] = (greg_t)frame->rsp;
    registers[REG_RAX] = (greg_t)frame->rax;
    registers[REG_RBP] = (greg_t)frame->rbp;
    memcpy(&out->context.uc_sigmask, &mask, sizeof(mask));
}

static void forget_last(struct bh_task *task) {
    free(task->saved[--task->saved_count]);
    task->saved[task->saved_count] = NULL;
}

static void forget_oldest(struct bh_task *task) {
    free(task->saved[0]);
    memmove(task->saved, task->saved + 1, (BH_MAX_SIGNAL_DEPTH - 1) * sizeof(*task->saved));
    task->saved_count--;
}

/* What a handler interrupted is over with its call, however that ended: what others left behind at this depth is forgotten before
 * the first of a call. Of the calls around this one something may be left, at lesser depths. */
static void begin_handling(struct bh_task *task, struct bh_frame *frame) {
    while (!(frame->flags & FRAME_FLAG_HANDLED) && task->saved_count &&
           task->saved[task->saved_count - 1]->depth >= frame->nesting.depth)
        forget_last(task);
    frame->flags |= FRAME_FLAG_HANDLED;
    /* Handlers that left by longjmp never came back for theirs. */
    if (task->saved_count == BH_MAX_SIGNAL_DEPTH)
        forget_oldest(task);
}

int64_t bh_signal_deliver(bh_instance *instance, int64_t number) {
    struct bh_task *task = bh_task_of(instance);
    struct bh_frame *frame = task->frame;
    int signal = __builtin_ctzll(atomic_load(&task->pending) & ~task->mask) + 1;
    struct bh_signal_action action = *action_of(instance, signal);
    atomic_fetch_and(&task->pending, ~bit(signal));
    if (action.handler <= 1) /* changed since it became pending */
        return action.handler || ignored_by_default(signal) ? 0 : bh_end(instance, BH_FAULT_SIGNAL, signal);
    begin_handling(task, frame);
    struct bh_saved_context *saved = aligned_alloc(_Alignof(struct bh_saved_context), sizeof(*saved));
    if (!saved)
        return bh_end(instance, BH_FAULT_SIGNAL, signal);
    saved->depth = frame->nesting.depth;
    saved->restart = number >= 0 && (action.flags & SA_RESTART);
    /* As on Linux: a call that is to be made again has not been made, and rip stands before it. */
    saved->pc = bh_confine(frame->base, frame->target) - (saved->restart ? 1 : 0);
    struct guest_signal_frame out;
    fill_frame(&out, frame, signal, &action, task->mask_kept ? task->kept_mask : task->mask, saved->pc);
    /* Below the red zone and the compiler's scratch space, and aligned as after a call. */
    uint64_t at = ((frame->rsp - BH_STACK_SCRATCH_SIZE - sizeof(out)) & ~(uint64_t)15) - 8;
    if (!bh_put(instance, at, &out, sizeof(out))) {
        free(saved);
        return bh_end(instance, BH_FAULT_SIGNAL, SIGSEGV);
    }
    saved->frame = *frame;
    if (saved->restart)
        saved->frame.rax = (uint64_t)number;
    saved->sp = at + 8;
    task->saved[task->saved_count++] = saved;

    task->mask_kept = false; /* the handler's return puts it back */
    task->mask |= action.mask | (action.flags & SA_NODEFER ? 0 : bit(signal));
    task->mask &= ~(bit(SIGKILL) | bit(SIGSTOP));
    if (action.flags & SA_RESETHAND)
        action_of(instance, signal)->handler = 0;
    frame->rax = 0;
    frame->rdi = (uint64_t)signal;
    frame->rsi = at + offsetof(struct guest_signal_frame, info);
    frame->rdx = at + offsetof(struct guest_signal_frame, context);
    frame->rsp = at;
    frame->target = action.handler;
    return 0;
}

/* The registers that were interrupted. Of x87 and MXCSR only what the guest may change: the rest of them is the host's. */
static void restore(struct bh_frame *frame, const struct bh_frame *saved) {
    _Alignas(64) uint8_t state[sizeof(frame->xsave)];
    memcpy(state, saved->xsave, sizeof(state));
    if (!(frame->flags & FRAME_FLAG_X87)) {
        memcpy(state + XSAVE_X87, frame->xsave + XSAVE_X87, XSAVE_X87_SIZE);
        memcpy(state + XSAVE_ST, frame->xsave + XSAVE_ST, XSAVE_ST_SIZE);
        state[FRAME_XSAVE_HEADER] = (uint8_t)((state[FRAME_XSAVE_HEADER] & ~XSAVE_HAS_X87) |
                                              (frame->xsave[FRAME_XSAVE_HEADER] & XSAVE_HAS_X87));
    }
    if (!(frame->flags & FRAME_FLAG_MXCSR))
        memcpy(state + XSAVE_MXCSR, frame->xsave + XSAVE_MXCSR, XSAVE_MXCSR_SIZE);
    memcpy(frame->xsave, state, sizeof(state));
    /* Where the host's own stack is, and whose call this is, never changes. */
    memcpy(&frame->rax, &saved->rax, offsetof(struct bh_frame, hostcall) - offsetof(struct bh_frame, rax));
}

int64_t bh_sys_rt_sigreturn(bh_instance *instance, const uint64_t a[6]) {
    struct bh_task *task = bh_task_of(instance);
    struct bh_frame *frame = task->frame;
    task->restart = false;
    while ((frame->flags & FRAME_FLAG_HANDLED) && task->saved_count) {
        const struct bh_saved_context *saved = task->saved[task->saved_count - 1];
        if (saved->depth < frame->nesting.depth)
            break;
        if (saved->depth > frame->nesting.depth || saved->sp != frame->rsp) {
            forget_last(task);
            continue;
        }
        ucontext_t context;
        uint64_t from = saved->sp - 8 + offsetof(struct guest_signal_frame, context);
        if (!bh_get(instance, &context, from, sizeof(context)))
            break;
        uint64_t pc = (uint64_t)context.uc_mcontext.gregs[REG_RIP];
        memcpy(&task->mask, &context.uc_sigmask, sizeof(task->mask));
        task->mask &= ~(bit(SIGKILL) | bit(SIGSTOP));
        restore(frame, &saved->frame);
        if (pc != saved->pc)
            frame->target = pc; /* confined on the way back, as every target */
        else
            task->restart = saved->restart;
        forget_last(task);
        return 0;
    }
    return bh_end(instance, BH_FAULT_SIGNAL, SIGSEGV);
}

void bh_linux_task_discard(struct bh_task *task) {
    while (task->saved_count)
        forget_last(task);
}
