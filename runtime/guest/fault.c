/* Guest faults: the handler of the five synchronous signals.
 *
 * A fault is a guest's when this thread has a live call and rip lies in that call's slot: guest code never leaves its
 * slot but through the stubs, and host code never executes there. The faulting address, rsp and GS are the guest's to
 * choose and are not asked. Everything else belongs to the host and is passed on. */
#include "guest/fault.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/guarded.h"
#include "cross/blocking.h"
#include "cross/chain.h"
#include "cross/frame.h"
#include "cross/thread.h"
#include "guest/hostcall.h"
#include "guest/instance.h"
#include "guest/tasks.h"
#include "slot/layout.h"

#define TRAP_GENERAL_PROTECTION 13
#define STATUS_FLAGS 0x8d5
#define FLAGS_ALWAYS 0x202 /* and interrupts enabled, as it is for all programs */
#define FLAG_TF 0x100
#define FLAG_DF 0x400
#define FLAG_RF 0x10000
#define FLAG_AC 0x40000

/* Continues in the host, on the stack of the frame's call. */
static void continue_at(ucontext_t *context, const struct bh_frame *frame, const char *place) {
    greg_t *registers = context->uc_mcontext.gregs;
    registers[REG_RIP] = (greg_t)(uintptr_t)place;
    registers[REG_RCX] = (greg_t)(uintptr_t)frame;
    registers[REG_RSP] = (greg_t)frame->host_rsp;
    registers[REG_EFL] &= ~(greg_t)(FLAG_TF | FLAG_DF | FLAG_RF | FLAG_AC);
}

static void leave(ucontext_t *context, struct bh_frame *frame, uint32_t reason) {
    frame->outcome.reason = reason;
    continue_at(context, frame, bh_leave);
}

static void note_place(struct bh_fault *fault, const ucontext_t *context, uint64_t pc) {
    fault->pc = pc;
    fault->sp = (uint64_t)context->uc_mcontext.gregs[REG_RSP];
    fault->bp = (uint64_t)context->uc_mcontext.gregs[REG_RBP];
}

/* In front of a system call that may block: it is not begun. */
static void cancel_blocking(ucontext_t *context) {
    uint64_t rip = (uint64_t)context->uc_mcontext.gregs[REG_RIP];
    if (rip >= (uint64_t)(uintptr_t)bh_blocking_begin && rip < (uint64_t)(uintptr_t)bh_blocking_end)
        context->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)bh_blocking_cancel;
}

static bool in_guest(const struct bh_frame *frame, uint64_t rip) { return frame && rip - frame->base < BH_SLOT_SIZE; }

/* Only a description. The stacks of threads that the guest made are its own business: there an access that fails close
 * to rsp is taken for an overflow. */
static bool is_overflow(const bh_instance *instance, uint64_t address, const ucontext_t *context) {
    const struct bh_task *task = instance->threads ? bh_this_task(instance) : NULL;
    uint64_t bottom = task && task->stack_bottom ? task->stack_bottom : instance->slot.stack_bottom;
    uint64_t rsp = (uint64_t)context->uc_mcontext.gregs[REG_RSP];
    if (task && !task->stack_bottom)
        return address - (rsp - BH_STACK_DISP_MAX) < 2 * BH_STACK_DISP_MAX;
    return address < bottom && bottom - address <= BH_STACK_GUARD_SIZE;
}

static bh_fault_kind classify(const bh_instance *instance, int signal, const siginfo_t *info,
                              const ucontext_t *context) {
    uint64_t address = (uint64_t)(uintptr_t)info->si_addr;
    switch (signal) {
    case SIGBUS: return BH_FAULT_BUS;
    case SIGILL: return BH_FAULT_ILLEGAL;
    case SIGFPE: return BH_FAULT_ARITHMETIC;
    case SIGTRAP: return BH_FAULT_TRAP;
    default:
        if (context->uc_mcontext.gregs[REG_TRAPNO] == TRAP_GENERAL_PROTECTION)
            return BH_FAULT_PROTECTION;
        return is_overflow(instance, address, context) ? BH_FAULT_STACK_OVERFLOW : BH_FAULT_ACCESS;
    }
}

/* Whether the guest may have a handler for it: the personality knows, under the state lock. */
static bool may_be_caught(const bh_instance *instance, int signal) {
    return atomic_load_explicit(&instance->caught, memory_order_relaxed) >> (signal - 1) & 1;
}

/* All that the guest had, for its handler to see and for the return to where it was. */
static void keep_registers(struct bh_frame *frame, const ucontext_t *context) {
    const greg_t *registers = context->uc_mcontext.gregs;
    frame->rax = (uint64_t)registers[REG_RAX];
    frame->rbx = (uint64_t)registers[REG_RBX];
    frame->rcx = (uint64_t)registers[REG_RCX];
    frame->rdx = (uint64_t)registers[REG_RDX];
    frame->rsi = (uint64_t)registers[REG_RSI];
    frame->rdi = (uint64_t)registers[REG_RDI];
    frame->rbp = (uint64_t)registers[REG_RBP];
    frame->rsp = (uint64_t)registers[REG_RSP];
    frame->r8 = (uint64_t)registers[REG_R8];
    frame->r9 = (uint64_t)registers[REG_R9];
    frame->r10 = (uint64_t)registers[REG_R10];
    frame->r11 = (uint64_t)registers[REG_R11];
    frame->r12 = (uint64_t)registers[REG_R12];
    frame->r13 = (uint64_t)registers[REG_R13];
    frame->r14 = (uint64_t)registers[REG_R14];
    frame->r15 = (uint64_t)registers[REG_R15];
    frame->rflags = ((uint64_t)registers[REG_EFL] & STATUS_FLAGS) | FLAGS_ALWAYS;
    frame->target = (uint64_t)registers[REG_RIP];
}

static void describe(struct bh_fault *fault, const bh_instance *instance, int signal, const siginfo_t *info,
                     const ucontext_t *context) {
    uint64_t rip = (uint64_t)context->uc_mcontext.gregs[REG_RIP];
    fault->kind = classify(instance, signal, info, context);
    fault->signal = signal;
    bool has_address = signal == SIGBUS || (signal == SIGSEGV && fault->kind != BH_FAULT_PROTECTION);
    fault->address = has_address ? (uint64_t)(uintptr_t)info->si_addr : 0;
    /* After int3 rip is the next instruction's. */
    note_place(fault, context, signal == SIGTRAP ? rip - 1 : rip);
    fault->code = info->si_code;
    fault->trap = (uint32_t)context->uc_mcontext.gregs[REG_TRAPNO];
    fault->error = (uint32_t)context->uc_mcontext.gregs[REG_ERR];
}

void bh_fault_handler(int signal, siginfo_t *info, void *opaque) {
    ucontext_t *context = opaque;
    struct bh_frame *frame = bh_current_frame;
    uint64_t rip = (uint64_t)context->uc_mcontext.gregs[REG_RIP];
    bool sent = info->si_code <= 0; /* by kill() and its like: then it says nothing about the code that it interrupts */

    if (!sent && rip >= (uint64_t)(uintptr_t)bh_guard_begin && rip < (uint64_t)(uintptr_t)bh_guard_end) {
        context->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)bh_guard_fault;
        return;
    }
    if (!sent && rip == (uint64_t)(uintptr_t)bh_enter_store) {
        leave(context, frame, LEAVE_STACK);
        return;
    }
    if (!sent && in_guest(frame, rip)) {
        describe(&frame->outcome.fault, frame->instance, signal, info, context);
        if (may_be_caught(frame->instance, signal)) {
            keep_registers(frame, context);
            frame->outcome.reason = LEAVE_FAULT; /* unless the handler is entered */
            continue_at(context, frame, bh_fault_caught);
        } else {
            leave(context, frame, LEAVE_FAULT);
        }
        return;
    }
    bh_chain_pass(signal, info, context, bh_fault_handler);
}

/* A handler of the host's runs above the guest (or above host code): this signal came while it ran, or together with
 * the one that it handles, of which the kernel then delivers the lower number first. What the handler interrupts can
 * only be ended when it is done, and to wait for the timer is not enough, since a timer of the host may go hand in hand
 * with it. So the signal is sent once more, held back until the handler returns: its return restores the mask of what
 * it interrupted. */
static bool postpone(int signal, ucontext_t *context) {
    const stack_t *stack = &context->uc_stack;
    uint64_t offset = (uint64_t)context->uc_mcontext.gregs[REG_RSP] - (uint64_t)(uintptr_t)stack->ss_sp;
    if ((stack->ss_flags & SS_DISABLE) || offset >= stack->ss_size)
        return false;
    int error = errno; /* of the code that was interrupted */
    sigaddset(&context->uc_sigmask, signal);
    /* If it leaves by a longjmp that does not restore the mask: the next call into a guest looks after it. */
    bh_this_thread.prepared = false;
    syscall(SYS_tgkill, getpid(), (int)syscall(SYS_gettid), signal);
    errno = error;
    return true;
}

static void expire(ucontext_t *context, struct bh_frame *frame) {
    frame->outcome.fault = (struct bh_fault){.kind = BH_FAULT_NONE};
    note_place(&frame->outcome.fault, context, (uint64_t)context->uc_mcontext.gregs[REG_RIP]);
    leave(context, frame, LEAVE_DEADLINE);
}

/* What bh_threads_kick sent. Here, and not beside it, because a handler must run nothing that a sanitizer instruments.
 */
static void kick_arrived(void) {
    for (struct bh_task *task = bh_this_thread.task; task; task = task->outer)
        atomic_store(&task->kicked, false);
}

/* In guest code: it looks at its signals. */
static void interrupt_guest(ucontext_t *context, struct bh_frame *frame) {
    keep_registers(frame, context);
    continue_at(context, frame, bh_guest_interrupted);
}

/* Not the timer's: sent by another thread of the guest, by postpone, or by anybody, so it is only a reason to look. */
static void interruption(int signal, ucontext_t *context, struct bh_frame *frame) {
    bh_instance *instance = frame ? frame->instance : NULL;
    const struct bh_task *task = instance && instance->threads ? bh_this_task(instance) : NULL;
    bool ending = instance && bh_threads_ending(instance->threads), expired = bh_this_thread.expired;
    if (instance && in_guest(frame, (uint64_t)context->uc_mcontext.gregs[REG_RIP])) {
        if (ending)
            leave(context, frame, LEAVE_STOPPED);
        else if (expired)
            expire(context, frame);
        else if (task && atomic_load(&task->interrupt))
            interrupt_guest(context, frame);
    } else if (instance && (ending || expired || (task && atomic_load(&task->interrupt)))) {
        if (postpone(signal, context))
            return;
        cancel_blocking(context);
    }
    kick_arrived();
}

/* Whether a time of CLOCK_MONOTONIC has come; 0 never does. By the kernel itself, as sanitizers know clock_gettime. */
static bool passed(uint64_t time) {
    struct timespec now = {0};
    int error = errno;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    errno = error;
    return time && (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec >= time;
}

/* For a timer of the guest's: it looks, or leaves a wait to look. For a deadline, in guest code: ends the call. In host
 * code, which may hold locks: leaves a note for the way back into the guest. The timer repeats, so that a note left
 * just after it was looked for costs only one period. */
void bh_deadline_handler(int signal, siginfo_t *info, void *opaque) {
    ucontext_t *context = opaque;
    struct bh_frame *frame = bh_current_frame;
    if (info->si_code != SI_TIMER || info->si_value.sival_ptr != &bh_this_thread) {
        interruption(signal, context, frame);
        return;
    }
    if (!passed(bh_this_thread.deadline)) {
        bh_this_thread.ticked = 1;
        if (in_guest(frame, (uint64_t)context->uc_mcontext.gregs[REG_RIP]))
            interrupt_guest(context, frame);
        else
            cancel_blocking(context);
        return;
    }
    bh_this_thread.expired = 1;
    if (in_guest(frame, (uint64_t)context->uc_mcontext.gregs[REG_RIP]))
        expire(context, frame);
    else if (!postpone(signal, context)) {
        if (frame && frame->instance && frame->instance->threads)
            atomic_store(&frame->instance->threads->hurry, 1);
        cancel_blocking(context);
    }
}
