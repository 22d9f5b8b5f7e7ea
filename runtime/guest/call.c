/* One call into a guest, from the registers it starts with to the error it ends with. */
#include <string.h>

#include "guest/short.h"

static bool lock(bh_instance *instance, bool call, bh_error *error) {
    if (instance->threads) {
        *error = bh_threads_enter(instance);
        return !*error;
    }
    switch (bh_ownership_take(&instance->ownership, bh_this_thread.number, call)) {
    case BH_OWNERSHIP_TAKEN: return true;
    case BH_OWNERSHIP_FAILED:
        *error = bh_fail_errno(BH_ERROR_SYSTEM,
                               "the instance cannot be taken over from the thread that called it first, because "
                               "the system call membarrier is refused, or does nothing, since the engine was "
                               "created; allow it, or set up the filter before");
        return false;
    default: *error = bh_fail(BH_ERROR_BUSY, "the instance is running a call"); return false;
    }
}

bool bh_call_take(bh_instance *instance) {
    return !atomic_load_explicit(&instance->detour, memory_order_relaxed) &&
           bh_ownership_take(&instance->ownership, bh_this_thread.number, true) == BH_OWNERSHIP_TAKEN;
}

bool bh_instance_lock(bh_instance *instance, bh_error *error) { return lock(instance, false, error); }

void bh_instance_unlock(bh_instance *instance) {
    if (instance->threads)
        bh_threads_leave(instance);
    else
        bh_ownership_give(&instance->ownership);
}

bool bh_instance_visit(bh_instance *instance, bool *taken, bh_error *error) {
    if (instance->threads) {
        *taken = true;
        *error = bh_threads_visit(instance);
        return !*error;
    }
    /* A thread that runs the instance, in a callback, has it already. */
    *taken = !bh_call_running(instance);
    return !*taken || bh_instance_lock(instance, error);
}

void bh_instance_depart(bh_instance *instance, bool taken) {
    if (instance->threads)
        bh_threads_depart(instance);
    else if (taken)
        bh_instance_unlock(instance);
}

static bh_error dead(const bh_instance *instance) {
    return bh_fail(BH_ERROR_DEAD, "the instance has %s: reset or destroy it",
                   instance->state == BH_INSTANCE_EXITED ? "exited"
                                                         : "faulted, passed its deadline or was ended by a callback");
}

/* The calling thread's innermost call of the instance; NULL when it runs none. */
static struct bh_frame *own_frame(const bh_instance *instance, struct bh_frame *frame) {
    while (frame && frame->instance != instance)
        frame = frame->prev;
    return frame;
}

bool bh_call_running(const bh_instance *instance) { return own_frame(instance, bh_current_frame) != NULL; }

bool bh_call_nested(const struct bh_frame *frame) { return own_frame(frame->instance, frame->prev) != NULL; }

static void stop(const struct bh_frame *frame) {
    const bh_instance *instance = frame->instance;
    if (frame->nesting.timer) {
        bh_deadline_stop(frame);
        /* Another thread's, which may have been in a hurry as well, signals again. */
        if (instance->threads)
            atomic_store(&instance->threads->hurry, 0);
    }
    if (bh_this_thread.alarm != frame->outer_alarm)
        bh_alarm_set(instance->engine->deadline_signal, frame->outer_alarm);
    if (frame->nesting.paused)
        bh_deadline_pause();
}

/* What a call needs beyond the instance's lock. */
static bh_error prepare(bh_instance *instance, struct bh_frame *frame) {
    if (instance->state != BH_INSTANCE_READY)
        return dead(instance);
    if (atomic_load_explicit(&bh_forked, memory_order_relaxed))
        return bh_fail(BH_ERROR_FORKED, "the engine belongs to the parent process");
    if (bh_in_handler())
        return bh_fail_handler();
    frame->nesting.depth = bh_current_frame ? bh_current_frame->nesting.depth + 1 : 1;
    if (frame->nesting.depth > BH_MAX_DEPTH)
        return bh_fail(BH_ERROR_LIMIT, "calls and callbacks are nested %d deep on this thread, which is the limit",
                       BH_MAX_DEPTH);
    bh_error error = bh_thread_prepare(instance->engine->deadline_signal, false);
    if (error)
        return error;
    frame->prev = bh_current_frame;
    if (instance->threads)
        frame->r14 = bh_this_task(instance)->thread_pointer;
    /* In a callback the timer of the calls around it rests. */
    frame->nesting.paused = bh_deadline_resume();
    frame->outer_alarm = bh_this_thread.alarm;
    frame->nesting.restores = true;
    error = bh_deadline_start(instance->engine->deadline_signal, instance->deadline, frame);
    if (!error && !bh_linux_enter(instance))
        error = bh_fail_timer();
    if (error)
        stop(frame);
    return error;
}

static void give_back(const struct bh_frame *frame) {
    if (!frame->nesting.holds)
        bh_instance_unlock(frame->instance);
    else if (frame->instance->threads)
        bh_threads_move(bh_this_task(frame->instance), frame->nesting.where);
}

bh_error bh_call_begin(bh_instance *instance, struct bh_frame *frame) {
    bh_error error = BH_OK;
    bh_frame_init(instance, frame);
    frame->flags = instance->frame_flags;
    frame->nesting = (struct bh_nesting){.holds = bh_call_running(instance)};
    if (!frame->nesting.holds && !lock(instance, true, &error))
        return error;
    /* A system call of this thread is under way: who calls is the log of refusals, and what it guards is locked. */
    if (instance->threads && frame->nesting.holds && bh_this_task(instance)->frame)
        return bh_fail(BH_ERROR_BUSY, "the instance cannot be called by the log of its refused calls");
    /* Before the instance's state is looked at: who ends it meanwhile waits for this thread, or this thread sees that.
     */
    if (instance->threads && frame->nesting.holds)
        frame->nesting.where = bh_threads_move(bh_this_task(instance), BH_INSIDE);
    error = prepare(instance, frame);
    if (error)
        give_back(frame);
    return error;
}

void bh_call_end(struct bh_frame *frame) {
    stop(frame);
    give_back(frame);
}

uint64_t bh_call_stack(const bh_instance *instance, const struct bh_frame *frame) {
    const struct bh_frame *outer = own_frame(instance, frame->prev);
    if (!outer)
        return instance->threads ? bh_this_task(instance)->stack_pointer : instance->stack_pointer;
    /* The guest chose it: anywhere in the slot. What is written there is written with care. */
    uint32_t offset = (uint32_t)(outer->rsp - 2 * BH_STACK_SCRATCH_SIZE) & ~(uint32_t)63;
    return instance->slot.base +
           (offset < BH_NULL_GUARD_SIZE ? BH_NULL_GUARD_SIZE / 2 : offset); /* unmapped all the same */
}

void bh_instance_set_state(bh_instance *instance, int state) {
    instance->state = state;
    bh_instance_detour(instance, BH_DETOUR_STATE, state != BH_INSTANCE_READY);
}

void bh_instance_end(bh_instance *instance, const struct bh_frame *frame) {
    instance->end_reason = frame->reason;
    /* Only what goes with the reason was set. */
    if (frame->reason == LEAVE_EXIT)
        instance->exit_status = frame->exit_status;
    else if (frame->reason == LEAVE_CALLBACK)
        instance->callback_status = frame->callback_status;
    else if (frame->reason == LEAVE_BAD_HOSTCALL)
        instance->end = (struct bh_fault){
            .kind = BH_FAULT_HOSTCALL, .signal = SIGSYS, .address = frame->hostcall, .sp = frame->rsp};
    else if (frame->reason == LEAVE_FAULT || frame->reason == LEAVE_DEADLINE)
        instance->end = frame->fault;
    bh_instance_set_state(instance, frame->reason == LEAVE_EXIT ? BH_INSTANCE_EXITED : BH_INSTANCE_DEAD);
}

/* The thread's error for how the instance ended; where says in which of its calls. */
static bh_error report(bh_instance *instance, const char *where) {
    bh_error_detail *detail;
    bh_error error;
    switch (instance->end_reason) {
    case LEAVE_EXIT:
        error = bh_fail(BH_ERROR_EXITED, "the guest exited with status %d%s", instance->exit_status, where);
        if ((detail = bh_error_slot()))
            detail->exit_status = instance->exit_status;
        return error;
    case LEAVE_CALLBACK:
        error =
            bh_fail(BH_ERROR_CALLBACK, "a callback ended the call with status %d%s", instance->callback_status, where);
        if ((detail = bh_error_slot()))
            detail->callback_status = instance->callback_status;
        return error;
    case LEAVE_FORKED: return bh_fail(BH_ERROR_FORKED, "the engine belongs to the parent process%s", where);
    case LEAVE_GS: return bh_fail_gs(where);
    case LEAVE_STACK:
        return bh_fail(BH_ERROR_RANGE,
                       "the guest's stack is not accessible: it unmapped or protected it, or it is too small for the "
                       "arguments%s",
                       where);
    default:
        error = bh_fail(instance->end_reason == LEAVE_DEADLINE ? BH_ERROR_DEADLINE : BH_ERROR_FAULT, "%s", "");
        if ((detail = bh_error_slot()))
            bh_describe_fault(instance, &instance->end, detail, where);
        return error;
    }
}

bh_error bh_call_conclude(struct bh_frame *frame) {
    bh_instance *instance = frame->instance;
    if (frame->reason == LEAVE_NOT_ENTERED) /* which changed nothing */
        return bh_fail_gs("");
    /* The child of a fork has only this thread, and locks that others held stay locked for ever. */
    if (instance->threads && frame->reason != LEAVE_FORKED) {
        bool nested;
        if (!bh_threads_end(instance, frame, &nested))
            return report(instance, nested ? ", in a nested call" : ", on another thread");
        return report(instance, "");
    }
    if (frame->reason == LEAVE_STOPPED || instance->state != BH_INSTANCE_READY)
        return report(instance, ", in a nested call");
    bh_instance_end(instance, frame);
    return report(instance, "");
}

bh_error bh_instance_kill(bh_instance *instance, const struct bh_fault *fault) {
    struct bh_frame frame = {.instance = instance, .reason = LEAVE_FAULT, .fault = *fault};
    return bh_call_conclude(&frame);
}

bh_error bh_call_held(bh_instance *instance, uint64_t address, uint64_t sp, bool start, bh_registers *registers) {
    struct bh_frame frame;
    bh_frame_init(instance, &frame);
    frame.flags = instance->frame_flags;
    frame.nesting = (struct bh_nesting){.holds = true}; /* the caller */
    bh_error error = prepare(instance, &frame);
    if (error)
        return error;
    frame.flags |= start ? FRAME_FLAG_START : 0;
    error = bh_call_cross(&frame, address, start ? sp : sp - 8, registers);
    stop(&frame);
    return error;
}

bh_error bh_call_start(bh_instance *instance, uint64_t sp) {
    bh_registers registers;
    memset(&registers, 0, sizeof(registers));
    return bh_call_held(instance, instance->slot.base + BH_IMAGE_OFFSET + instance->module->image.elf.entry, sp, true,
                        &registers);
}

bh_error bh_call_resumable(struct bh_frame *frame) {
    if (atomic_load_explicit(&bh_forked, memory_order_relaxed)) {
        frame->reason = LEAVE_FORKED;
        return BH_ERROR_FORKED;
    }
    if (frame->instance->state != BH_INSTANCE_READY) {
        frame->reason = LEAVE_STOPPED;
        return BH_ERROR_DEAD;
    }
    if (bh_this_thread.expired) {
        frame->reason = LEAVE_DEADLINE;
        return BH_ERROR_DEADLINE;
    }
    return BH_OK;
}

/* linux/dispatch.c, linux/signal.c */
int bh_linux_syscall(bh_instance *instance, struct bh_frame *frame);
bool bh_linux_fault(bh_instance *instance, struct bh_frame *frame);
bool bh_linux_interrupted(bh_instance *instance, struct bh_frame *frame);

/* After the personality's part of a host call, whose guest goes on. */
static int go_on(struct bh_frame *frame) {
    const bool exactly = frame->flags & FRAME_FLAG_EXACT;
    frame->flags &= ~(uint32_t)FRAME_FLAG_EXACT;
    if (bh_call_resumable(frame)) {
        frame->fault =
            (struct bh_fault){.pc = bh_confine(frame->base, frame->target), .sp = frame->rsp, .bp = frame->rbp};
        return 1;
    }
    if (!exactly)
        frame->target = bh_confine(frame->base, frame->target);
    if (!bh_set_gs(frame)) {
        frame->reason = LEAVE_GS;
        return 1;
    }
    return exactly ? GO_EXACTLY : 0;
}

int bh_hostcall_syscall(struct bh_frame *frame) {
    bh_instance *instance = frame->instance;
    if (!instance->threads)
        instance->host_calls++;
    else
        __atomic_fetch_add(&instance->host_calls, 1, __ATOMIC_RELAXED);
    return bh_linux_syscall(instance, frame) ? 1 : go_on(frame);
}

/* The frame says already how the call ends, should the guest not go on. */
int bh_hostcall_fault(struct bh_frame *frame) { return bh_linux_fault(frame->instance, frame) ? go_on(frame) : 1; }

int bh_hostcall_interrupted(struct bh_frame *frame) {
    return bh_linux_interrupted(frame->instance, frame) ? go_on(frame) : 1;
}

bh_error bh_instance_run(bh_instance *instance, int argc, const char *const argv[], int *status) {
    bh_error error;
    uint64_t sp;
    if (!instance || argc < 0 || (argc && !argv) || !status)
        return bh_fail(BH_ERROR_ARGUMENT,
                       "bh_instance_run: an instance, arguments and a place for the status are needed");
    if (instance->module->image.elf.note_flags & BH_NOTE_FLAG_LIBRARY)
        return bh_fail(BH_ERROR_KIND,
                       "'%s' is a library: it has no main; call its exports, or link it without --library",
                       instance->module->image.name);
    if (bh_call_running(instance))
        return bh_fail(BH_ERROR_BUSY, "the instance is running a call");
    if (!bh_instance_lock(instance, &error))
        return error;
    error = instance->state == BH_INSTANCE_READY ? bh_start_stack(instance, argc, argv, &sp) : dead(instance);
    if (!error)
        error = bh_call_start(instance, sp);
    /* Its start code came back: a program must exit. */
    if (!error)
        bh_instance_kill(instance, &(struct bh_fault){.kind = BH_FAULT_NONE});
    if (error == BH_ERROR_EXITED)
        *status = instance->exit_status;
    bh_instance_unlock(instance);
    if (error == BH_ERROR_EXITED)
        return BH_OK;
    if (error)
        return error;
    return bh_fail(BH_ERROR_KIND, "'%s' left its entry point without exiting", instance->module->image.name);
}
