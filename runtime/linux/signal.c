/* The guest's signals: its own affair, between it and itself. Masks and handlers are virtual; the host's are never
 * touched.
 *
 * A signal reaches a handler on the way back from a system call (raise, kill, sigprocmask, a write to a broken pipe),
 * or at once when the guest's own code raised it (a fault), or when a timer or another of its threads sends it while it
 * computes. What the handler interrupted is kept in host memory, not on the guest's stack: a guest cannot forge it.
 * Outside a system call it goes on at that very instruction with that very state: between the instructions of a
 * sequence any other register would be a way out. */
#include "linux.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

bh_syscall bh_sys_rt_sigaction, bh_sys_rt_sigprocmask, bh_sys_rt_sigpending, bh_sys_rt_sigreturn, bh_sys_kill,
    bh_sys_tkill, bh_sys_tgkill, bh_sys_rt_sigqueueinfo, bh_sys_rt_tgsigqueueinfo;

#define BH_FIRST_REAL_TIME 32
/* Where an xsave area has what. x87: control, status, tags, the last instruction and its operand; then the
 * registers. */
#define XSAVE_X87 0
#define XSAVE_X87_SIZE 24
#define XSAVE_MXCSR 24
#define XSAVE_MXCSR_SIZE 4
#define XSAVE_ST 32
#define XSAVE_ST_SIZE 128
#define XSAVE_HAS_X87 1 /* in the header's first byte */
#define XSAVE_HAS_VECTORS 6

#define TRAP_PAGE_FAULT 14
#define SOON 20000 /* nanoseconds */

struct bh_saved_context {
    struct bh_frame frame; /* registers, vector state, target */
    uint32_t depth;        /* of the call that was interrupted */
    uint64_t sp;           /* rsp when the handler has returned */
    uint64_t pc;           /* what the handler was told */
    bool restart;          /* the interrupted call is to be made again: its number is in frame.rax */
};

static uint64_t bit(int signal) { return (uint64_t)1 << (signal - 1); }

/* What the guest does about a signal, whose number is its own choice and was found to be one. */
static struct bh_signal_action *action_of(const bh_instance *instance, int signal) {
    return &instance->personality->action[BH_BOUNDED((uint32_t)signal, BH_GUEST_SIGNALS + 1)];
}

/* The fault handler asks instance->caught. */
static void set_action(bh_instance *instance, int signal, const struct bh_signal_action *action) {
    *action_of(instance, signal) = *action;
    if (action->handler)
        atomic_fetch_or(&instance->caught, bit(signal));
    else
        atomic_fetch_and(&instance->caught, ~bit(signal));
}

static bool ignored_by_default(int signal) {
    return signal == SIGCHLD || signal == SIGURG || signal == SIGWINCH || signal == SIGCONT || signal == SIGSTOP ||
           signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

static bool ignored(const bh_instance *instance, int signal) {
    uint64_t handler = action_of(instance, signal)->handler;
    return handler == 1 /* SIG_IGN */ || (!handler && ignored_by_default(signal));
}

/* As in Linux: what becomes ignored is pending no longer, blocked or not. */
static void forget_everywhere(bh_instance *instance, uint64_t set) {
    struct bh_threads *threads = instance->threads;
    atomic_fetch_and(&instance->personality->pending, ~set);
    atomic_fetch_and(&bh_task_of(instance)->pending, ~set);
    if (!threads)
        return;
    pthread_mutex_lock(&threads->lock);
    struct bh_task *lists[] = {threads->callers, threads->made};
    for (int n = 0; n < 2; n++)
        for (struct bh_task *task = lists[n]; task; task = task->next)
            atomic_fetch_and(&task->pending, ~set);
    pthread_mutex_unlock(&threads->lock);
}

int64_t bh_sys_rt_sigaction(bh_instance *instance, const uint64_t a[6]) {
    struct bh_signal_action action, *known;
    uint32_t signal = (uint32_t)a[0];
    if (signal < 1 || signal > BH_GUEST_SIGNALS || a[3] != sizeof(uint64_t) ||
        (a[1] && (signal == SIGKILL || signal == SIGSTOP)))
        return -EINVAL;
    known = action_of(instance, (int)signal);
    if (a[1] && !bh_get(instance, &action, a[1], sizeof(action)))
        return -EFAULT;
    if (a[2] && !bh_put(instance, a[2], known, sizeof(action)))
        return -EFAULT;
    if (a[1])
        set_action(instance, (int)signal, &action);
    if (a[1] && ignored(instance, (int)signal))
        forget_everywhere(instance, bit((int)signal));
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
        case SIG_BLOCK: task->mask |= set; break;
        case SIG_UNBLOCK: task->mask &= ~set; break;
        case SIG_SETMASK: task->mask = set; break;
        default: return -EINVAL;
        }
    }
    return !a[2] || bh_put(instance, a[2], &old, sizeof(old)) ? 0 : -EFAULT;
}

int64_t bh_sys_rt_sigpending(bh_instance *instance, const uint64_t a[6]) {
    uint64_t pending = bh_signals_pending(instance) & bh_task_of(instance)->mask;
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

/* ---- Sending ---- */

static bool runs(const struct bh_task *task) { return task->counted || task->depth; }

/* Whether the thread takes it by itself. */
static bool takes(const struct bh_task *task, int signal) { return bit(signal) & (task->awaited | ~task->mask); }

/* A real-time signal that is pending already is not queued a second time: who asked for a queue is told. */
static int64_t post(_Atomic uint64_t *pending, struct bh_signal_origin *known, int signal,
                    const struct bh_signal_origin *origin) {
    if (!(atomic_load(pending) & bit(signal)))
        known[BH_BOUNDED((uint32_t)signal, BH_GUEST_SIGNALS + 1)] = *origin;
    else if (signal >= BH_FIRST_REAL_TIME && origin->code != SI_USER && origin->code != SI_TKILL)
        return -EAGAIN;
    atomic_fetch_or(pending, bit(signal));
    return 0;
}

/* To one thread. threads->lock is held where there are threads: task may be another one. */
static int64_t send_to(bh_instance *instance, struct bh_task *task, int signal, const struct bh_signal_origin *origin) {
    if (!(task->mask & bit(signal)) && !(task->awaited & bit(signal))) {
        if (ignored(instance, signal))
            return 0;
        if (!action_of(instance, signal)->handler)
            return bh_end(instance, BH_FAULT_SIGNAL, signal);
    }
    int64_t result = post(&task->pending, task->origin, signal, origin);
    /* Who was interrupted before and has not noticed yet notices this as well. */
    if (!result && takes(task, signal) && task != bh_task_of(instance) && !atomic_load(&task->interrupt))
        bh_threads_kick(task);
    return result;
}

int64_t bh_signal_raise(bh_instance *instance, int signal) {
    return send_to(instance, bh_task_of(instance), signal, &(struct bh_signal_origin){.code = SI_USER});
}

bool bh_signal_handled(const bh_instance *instance, int signal) { return action_of(instance, signal)->handler > 1; }

/* To the process: the calling thread takes it, or else one that does not block it or waits for it. NULL: all block
 * it. */
static struct bh_task *choose(bh_instance *instance, int signal) {
    struct bh_task *task = bh_task_of(instance);
    struct bh_threads *threads = instance->threads;
    if (takes(task, signal))
        return task;
    if (!threads)
        return NULL;
    struct bh_task *lists[] = {threads->callers, threads->made};
    for (int n = 0; n < 2; n++)
        for (struct bh_task *at = lists[n]; at; at = at->next)
            if (runs(at) && takes(at, signal))
                return at;
    return NULL;
}

/* The thread with this number, if there is one that runs. */
static struct bh_task *find(bh_instance *instance, int32_t id) {
    struct bh_task *task = bh_task_of(instance);
    if (instance->threads)
        task = bh_threads_find(instance->threads, id);
    else if (id != task->tid)
        task = NULL;
    return task && (!instance->threads || runs(task)) ? task : NULL;
}

static int64_t send_thread(bh_instance *instance, int32_t id, int signal, const struct bh_signal_origin *origin) {
    struct bh_task *task = find(instance, id);
    if (!task)
        return -ESRCH;
    return signal ? send_to(instance, task, signal, origin) : 0;
}

static int64_t send_process(bh_instance *instance, int32_t id, int signal, const struct bh_signal_origin *origin) {
    if (id != BH_GUEST_PID && id != 0 && id != -BH_GUEST_PID)
        return -ESRCH;
    if (!signal)
        return 0;
    struct bh_task *task = choose(instance, signal);
    if (task)
        return send_to(instance, task, signal, origin);
    return post(&instance->personality->pending, instance->personality->origin, signal, origin);
}

static int64_t send(bh_instance *instance, uint64_t target, uint64_t number, bool process,
                    const struct bh_signal_origin *origin) {
    struct bh_threads *threads = instance->threads;
    if ((uint32_t)number > BH_GUEST_SIGNALS)
        return -EINVAL;
    if (threads)
        pthread_mutex_lock(&threads->lock);
    int64_t result = process ? send_process(instance, (int32_t)target, (int)number, origin)
                             : send_thread(instance, (int32_t)target, (int)number, origin);
    if (threads)
        pthread_mutex_unlock(&threads->lock);
    return result;
}

static const struct bh_signal_origin by_kill = {.code = SI_USER}, by_tkill = {.code = SI_TKILL};

int64_t bh_sys_kill(bh_instance *instance, const uint64_t a[6]) { return send(instance, a[0], a[1], true, &by_kill); }

int64_t bh_sys_tkill(bh_instance *instance, const uint64_t a[6]) {
    return send(instance, a[0], a[1], false, &by_tkill);
}

int64_t bh_sys_tgkill(bh_instance *instance, const uint64_t a[6]) {
    return send(instance, a[1], a[2], false, &by_tkill);
}

/* Of what the guest says about the signal, its code and its value. What the kernel alone says is refused. */
static int64_t queue(bh_instance *instance, uint64_t target, uint64_t number, uint64_t from, bool process) {
    siginfo_t info;
    if (!bh_get(instance, &info, from, sizeof(info)))
        return -EFAULT;
    if (info.si_code >= 0 || info.si_code == SI_TKILL)
        return -EPERM;
    const struct bh_signal_origin origin = {.code = info.si_code,
                                            .value = (uint64_t)(uintptr_t)info.si_value.sival_ptr};
    return send(instance, target, number, process, &origin);
}

int64_t bh_sys_rt_sigqueueinfo(bh_instance *instance, const uint64_t a[6]) {
    return queue(instance, a[0], a[1], a[2], true);
}

int64_t bh_sys_rt_tgsigqueueinfo(bh_instance *instance, const uint64_t a[6]) {
    return (int32_t)a[0] == BH_GUEST_PID ? queue(instance, a[1], a[2], a[3], false) : -ESRCH;
}

bool bh_signal_has_thread(bh_instance *instance, int32_t thread) {
    struct bh_threads *threads = instance->threads;
    if (threads)
        pthread_mutex_lock(&threads->lock);
    bool found = find(instance, thread);
    if (threads)
        pthread_mutex_unlock(&threads->lock);
    return found;
}

bool bh_signal_post(bh_instance *instance, int32_t thread, int signal, const struct bh_signal_origin *origin) {
    struct bh_threads *threads = instance->threads;
    struct bh_linux *process = instance->personality;
    if (threads)
        pthread_mutex_lock(&threads->lock);
    struct bh_task *task = thread ? find(instance, thread) : choose(instance, signal);
    _Atomic uint64_t *pending = task ? &task->pending : &process->pending;
    bool sent = (task || !thread) && !(atomic_load(pending) & bit(signal));
    if (sent) {
        post(pending, task ? task->origin : process->origin, signal, origin);
        if (task && takes(task, signal) && task != bh_task_of(instance))
            bh_threads_kick(task);
    }
    if (threads)
        pthread_mutex_unlock(&threads->lock);
    return sent;
}

/* ---- Taking ---- */

int bh_signal_take(bh_instance *instance, uint64_t set, struct bh_signal_origin *origin) {
    struct bh_task *task = bh_task_of(instance);
    struct bh_linux *process = instance->personality;
    uint64_t pending = bh_signals_pending(instance) & set;
    if (!pending)
        return 0;
    int signal = __builtin_ctzll(pending) + 1;
    bool own = atomic_load(&task->pending) & bit(signal);
    if (origin)
        *origin = (own ? task->origin : process->origin)[signal];
    if (origin && origin->timer)
        origin->overrun = bh_timers_taken(instance, origin->timer);
    atomic_fetch_and(own ? &task->pending : &process->pending, ~bit(signal));
    return signal;
}

uint64_t bh_signal_due(bh_instance *instance) {
    uint64_t due = bh_signals_pending(instance) & ~bh_task_of(instance)->mask;
    for (uint64_t left = due; left; left &= left - 1) {
        int signal = __builtin_ctzll(left) + 1;
        if (ignored(instance, signal)) {
            bh_signal_take(instance, bit(signal), NULL);
            due &= ~bit(signal);
        }
    }
    return due;
}

void bh_signal_describe(siginfo_t *info, int signal, const struct bh_signal_origin *origin) {
    memset(info, 0, sizeof(*info));
    info->si_signo = signal;
    info->si_code = origin->code;
    info->si_pid = BH_GUEST_PID;
    info->si_uid = BH_GUEST_ID;
    info->si_value.sival_ptr = (void *)(uintptr_t)origin->value;
    if (origin->timer) {
        info->si_timerid = origin->timer - 1;
        info->si_overrun = origin->overrun;
    }
    if (origin->code == SI_KERNEL)
        info->si_pid = info->si_uid = 0;
}

bool bh_signal_on_alternate(const struct bh_task *task) {
    return task->frame->rsp - task->alternate - 1 < task->alternate_size; /* its top is on it, as for Linux */
}

/* ---- Handlers ---- */

/* What the handler finds on the guest's stack: a return address, siginfo and a ucontext with the registers for reading.
 * Of changes to it, those of the instruction pointer and the signal mask have an effect (thread cancellation needs
 * both): the one goes through bh_confine, the other is virtual. After a system call rcx and r11 are not the guest's,
 * and who handles what raise and kill send does not look for the others. */
struct guest_signal_frame {
    uint64_t return_address;
    uint64_t pad;
    siginfo_t info;
    ucontext_t context;
};

/* What a fault shows besides. */
static void fill_faulting(greg_t *registers, const struct bh_frame *frame, const siginfo_t *info) {
    registers[REG_RBX] = (greg_t)frame->rbx;
    registers[REG_RCX] = (greg_t)frame->rcx;
    registers[REG_RDX] = (greg_t)frame->rdx;
    registers[REG_RSI] = (greg_t)frame->rsi;
    registers[REG_RDI] = (greg_t)frame->rdi;
    registers[REG_R8] = (greg_t)frame->r8;
    registers[REG_R9] = (greg_t)frame->r9;
    registers[REG_R10] = (greg_t)frame->r10;
    registers[REG_R11] = (greg_t)frame->r11;
    registers[REG_R12] = (greg_t)frame->r12;
    registers[REG_R13] = (greg_t)frame->r13;
    registers[REG_R14] = (greg_t)frame->r14;
    registers[REG_R15] = (greg_t)frame->r15;
    registers[REG_EFL] = (greg_t)frame->rflags;
    registers[REG_TRAPNO] = frame->outcome.fault.trap;
    registers[REG_ERR] = frame->outcome.fault.error;
    registers[REG_CR2] = frame->outcome.fault.trap == TRAP_PAGE_FAULT ? (greg_t)(uintptr_t)info->si_addr : 0;
}

static void fill_frame(struct guest_signal_frame *out, const struct bh_task *task, const siginfo_t *info,
                       uint64_t restorer, uint64_t mask, uint64_t pc) {
    const struct bh_frame *frame = task->frame;
    memset(out, 0, sizeof(*out));
    out->return_address = restorer;
    out->info = *info;
    out->context.uc_stack.ss_sp = (void *)(uintptr_t)task->alternate;
    out->context.uc_stack.ss_size = task->alternate_size;
    out->context.uc_stack.ss_flags = task->alternate_size ? 0 : SS_DISABLE;
    greg_t *registers = out->context.uc_mcontext.gregs;
    registers[REG_RIP] = (greg_t)pc;
    registers[REG_RSP] = (greg_t)frame->rsp;
    registers[REG_RAX] = (greg_t)frame->rax;
    registers[REG_RBP] = (greg_t)frame->rbp;
    memcpy(&out->context.uc_sigmask, &mask, sizeof(mask));
    if (frame->flags & FRAME_FLAG_EXACT)
        fill_faulting(registers, frame, info);
}

static void forget_last(struct bh_task *task) {
    free(task->saved[--task->saved_count]);
    task->saved[task->saved_count] = NULL;
}

/* Handlers that left by longjmp never came back for theirs: the latest whose frame lies below what is interrupted now
 * seems to be one of those. Or else the oldest goes. */
static void forget_one(struct bh_task *task, const struct bh_frame *frame) {
    unsigned n = task->saved_count - 1;
    while (n > 0 && task->saved[n]->sp > frame->rsp)
        n--;
    free(task->saved[n]);
    memmove(task->saved + n, task->saved + n + 1, (--task->saved_count - n) * sizeof(*task->saved));
}

/* What a handler interrupted is over with its call, however that ended: what others left behind at this depth is
 * forgotten before the first of a call. Of the calls around this one something may be left, at lesser depths. */
static void begin_handling(struct bh_task *task, struct bh_frame *frame) {
    while (!(frame->flags & FRAME_FLAG_HANDLED) && task->saved_count &&
           task->saved[task->saved_count - 1]->depth >= frame->nesting.depth)
        forget_last(task);
    frame->flags |= FRAME_FLAG_HANDLED;
    if (task->saved_count == BH_MAX_SIGNAL_DEPTH)
        forget_one(task, frame);
}

/* Where the frame goes, aligned as after a call; 0, which is in no slot: it would leave the alternate stack. */
static uint64_t place_frame(const struct bh_task *task, const struct bh_signal_action *action) {
    const uint64_t size = sizeof(struct guest_signal_frame);
    bool on = bh_signal_on_alternate(task);
    /* Below the red zone and the compiler's scratch space, or at the top of the alternate stack. */
    uint64_t top = (action->flags & SA_ONSTACK) && task->alternate_size && !on
                       ? task->alternate + task->alternate_size
                       : task->frame->rsp - BH_STACK_SCRATCH_SIZE;
    uint64_t at = ((top - size) & ~(uint64_t)15) - 8;
    return on && at - task->alternate >= task->alternate_size ? 0 : at;
}

/* As Linux has it: without the modes and the pending exceptions of what was interrupted. */
static void reset_vector_state(struct bh_frame *frame) {
    unsigned reset = XSAVE_HAS_VECTORS | (frame->flags & FRAME_FLAG_X87 ? XSAVE_HAS_X87 : 0);
    frame->xsave[FRAME_XSAVE_HEADER] &= (uint8_t)~reset;
    if (frame->flags & FRAME_FLAG_MXCSR)
        memcpy(frame->xsave + XSAVE_MXCSR, &(uint32_t){MXCSR_DEFAULT}, XSAVE_MXCSR_SIZE);
}

/* Changes the task's frame so that the guest goes on in the handler of info's signal, which it has. number: as for
 * bh_signal_deliver. 0, or the signal that ends the guest when that cannot be. */
static int enter_handler(bh_instance *instance, const siginfo_t *info, int64_t number) {
    struct bh_task *task = bh_task_of(instance);
    struct bh_frame *frame = task->frame;
    const int signal = info->si_signo;
    struct bh_signal_action action = *action_of(instance, signal);
    uint64_t mask = task->mask_kept ? task->kept_mask : task->mask;
    begin_handling(task, frame);
    struct bh_saved_context *saved = aligned_alloc(_Alignof(struct bh_saved_context), sizeof(*saved));
    if (!saved)
        return signal;
    saved->depth = frame->nesting.depth;
    saved->restart = number >= 0 && (action.flags & SA_RESTART);
    /* As on Linux: a call that is to be made again has not been made, and rip stands before it. */
    saved->pc = bh_confine(frame->base, frame->target) - (saved->restart ? 1 : 0);
    if (frame->flags & FRAME_FLAG_EXACT)
        saved->pc = frame->target;
    struct guest_signal_frame out;
    fill_frame(&out, task, info, action.restorer, mask, saved->pc);
    uint64_t at = place_frame(task, &action);
    if (!bh_put(instance, at, &out, sizeof(out))) {
        free(saved);
        return SIGSEGV;
    }
    saved->frame = *frame;
    if (saved->restart)
        saved->frame.rax = (uint64_t)number;
    saved->sp = at + 8;
    task->saved[task->saved_count++] = saved;

    task->mask_kept = false; /* the handler's return puts it back */
    task->mask |= action.mask | (action.flags & SA_NODEFER ? 0 : bit(signal));
    task->mask &= ~(bit(SIGKILL) | bit(SIGSTOP));
    if (action.flags & SA_RESETHAND) {
        struct bh_signal_action none = action;
        none.handler = 0;
        set_action(instance, signal, &none);
    }
    frame->rax = 0;
    frame->rdi = (uint64_t)signal;
    frame->rsi = at + offsetof(struct guest_signal_frame, info);
    frame->rdx = at + offsetof(struct guest_signal_frame, context);
    frame->rsp = at;
    frame->target = action.handler;
    frame->flags &= ~(uint32_t)FRAME_FLAG_EXACT;
    reset_vector_state(frame);
    return 0;
}

int64_t bh_signal_deliver(bh_instance *instance, int64_t number) {
    struct bh_signal_origin origin;
    siginfo_t info;
    int signal = bh_signal_take(instance, bh_signal_due(instance), &origin);
    bh_signal_describe(&info, signal, &origin);
    /* Changed since it became pending, or was blocked. */
    int end = action_of(instance, signal)->handler ? enter_handler(instance, &info, number) : signal;
    return end ? bh_end(instance, BH_FAULT_SIGNAL, end) : 0;
}

/* As the kernel would, were the guest a process: what is not mapped in the slot is not mapped, and what lies where NULL
 * leads has the address that the guest's pointer had. All of these are addresses that it had in its registers. */
static void describe_fault(siginfo_t *info, const bh_instance *instance, const struct bh_fault *fault) {
    uint64_t offset = fault->address - instance->slot.base;
    memset(info, 0, sizeof(*info));
    info->si_signo = fault->signal;
    info->si_code = fault->code;
    if (fault->code == SEGV_ACCERR && fault->signal == SIGSEGV &&
        !bh_space_covered(&instance->slot.space, offset, offset + 1))
        info->si_code = SEGV_MAPERR;
    if (fault->signal == SIGSEGV || fault->signal == SIGBUS)
        info->si_addr = (void *)(uintptr_t)(offset < BH_NULL_GUARD_SIZE ? offset : fault->address);
    else if (fault->signal != SIGTRAP)
        info->si_addr = (void *)(uintptr_t)fault->pc;
}

/* Whether the guest goes on, in its handler for the fault that the frame describes. Blocked ones are not kept pending:
 * the instruction would only fault again. */
bool bh_signal_fault(bh_instance *instance, struct bh_frame *frame) {
    struct bh_task *task = bh_task_of(instance);
    struct bh_frame *outer = task->frame;
    int signal = frame->outcome.fault.signal;
    siginfo_t info;
    task->frame = frame;
    frame->flags |= FRAME_FLAG_EXACT;
    bh_state_lock(instance);
    describe_fault(&info, instance, &frame->outcome.fault);
    bool entered =
        !(task->mask & bit(signal)) && bh_signal_handled(instance, signal) && !enter_handler(instance, &info, -1);
    bh_state_unlock(instance);
    task->frame = outer;
    return entered;
}

/* The guest's code was interrupted: for the signal of a timer, or of another of its threads. Whether it goes on: in a
 * handler, or where it was. Between the instructions that set the stack pointer there is no stack for a handler, and it
 * comes later. */
bool bh_signal_interrupted(bh_instance *instance, struct bh_frame *frame) {
    struct bh_task *task = bh_task_of(instance);
    struct bh_frame *outer = task->frame;
    int64_t result = 0;
    task->frame = frame;
    frame->flags |= FRAME_FLAG_EXACT;
    bh_state_lock(instance);
    atomic_store(&task->interrupt, 0);
    bh_timers_look(instance);
    bool due = bh_signal_due(instance), ready = bh_in_slot(instance, frame->rsp, 1);
    if (due && ready)
        result = bh_signal_deliver(instance, -1);
    bh_state_unlock(instance);
    bh_timers_arm(instance, true);
    if (due && !ready)
        bh_alarm_set(instance->engine->deadline_signal, bh_now() + SOON);
    task->frame = outer;
    return result != BH_LEAVE;
}

/* The registers that were interrupted. Of x87 and MXCSR only what the guest may change: the rest of them is the
 * host's. */
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
    frame->r11 = saved->r11;
    frame->rflags = saved->rflags;
    frame->flags |= saved->flags & FRAME_FLAG_EXACT;
}

/* To where the handler wants to go on instead, confined on the way back as every target: only where a function may
 * begin, and with rsp in the slot, for the instruction that faulted may have been the one to prove that (S2). */
static bool redirect(const bh_instance *instance, struct bh_frame *frame, uint64_t pc) {
    if (pc % BH_BUNDLE_SIZE || !bh_in_slot(instance, frame->rsp, 1))
        return false;
    frame->flags &= ~(uint32_t)FRAME_FLAG_EXACT;
    frame->target = pc;
    return true;
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
        bool elsewhere = pc != saved->pc;
        task->restart = !elsewhere && saved->restart;
        forget_last(task);
        if (elsewhere && !redirect(instance, frame, pc))
            break;
        return 0;
    }
    return bh_end(instance, BH_FAULT_SIGNAL, SIGSEGV);
}

void bh_signals_forget(struct bh_task *task) {
    while (task->saved_count)
        forget_last(task);
}
