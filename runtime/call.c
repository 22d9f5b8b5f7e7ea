/* One call into a guest, from the registers it starts with to the error it ends with. */
#include <asm/prctl.h>
#include <immintrin.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

#define AT(field, offset) _Static_assert(offsetof(struct bh_frame, field) == offset, #field " is not where entry.S looks for it")
AT(xsave, FRAME_XSAVE);
AT(host_rsp, FRAME_HOST_RSP);
AT(flags, FRAME_FLAGS);
AT(reason, FRAME_REASON);
AT(mxcsr, FRAME_MXCSR);
AT(fpucw, FRAME_FPUCW);
AT(rax, FRAME_RAX);
AT(rbx, FRAME_RBX);
AT(rcx, FRAME_RCX);
AT(rdx, FRAME_RDX);
AT(rsi, FRAME_RSI);
AT(rdi, FRAME_RDI);
AT(rbp, FRAME_RBP);
AT(rsp, FRAME_RSP);
AT(r8, FRAME_R8);
AT(r9, FRAME_R9);
AT(r10, FRAME_R10);
AT(r12, FRAME_R12);
AT(r14, FRAME_R14);
AT(r15, FRAME_R15);
AT(target, FRAME_TARGET);
AT(hostcall, FRAME_HOSTCALL);
AT(xmm, FRAME_XMM);
AT(fnsave, FRAME_FNSAVE);

__attribute__((target("fsgsbase"))) static void write_gs_directly(uint64_t base) {
    if (_readgsbase_u64() != base)
        _writegsbase_u64(base);
}

/* GS is read back rather than remembered: if anything else in the process had changed it, the guest's accesses would go
 * to host memory. */
static void set_gs(const bh_engine *engine, uint64_t base) {
    if (engine->fsgsbase)
        write_gs_directly(base);
    else
        syscall(SYS_arch_prctl, ARCH_SET_GS, base);
}

bool bh_instance_lock(bh_instance *instance, bh_error *error) {
    if (instance->threads) {
        *error = bh_threads_enter(instance);
        return !*error;
    }
    if (atomic_flag_test_and_set_explicit(&instance->running, memory_order_acquire)) {
        *error = bh_fail(BH_ERROR_BUSY, "the instance is running a call");
        return false;
    }
    return true;
}

void bh_instance_unlock(bh_instance *instance) {
    if (instance->threads) {
        bh_threads_leave(instance);
        return;
    }
    atomic_flag_clear_explicit(&instance->running, memory_order_release);
}

static bh_error dead(const bh_instance *instance) {
    return bh_fail(BH_ERROR_DEAD, "the instance has %s and can only be destroyed",
                   instance->state == BH_INSTANCE_EXITED ? "exited" : "faulted or passed its deadline");
}

void bh_settle_fault(bh_instance *instance, const struct bh_frame *frame) {
    if (frame->reason == LEAVE_BAD_HOSTCALL) {
        instance->fault = BH_FAULT_HOSTCALL;
        instance->fault_signal = SIGSYS;
        instance->fault_address = frame->hostcall;
        instance->fault_pc = 0;
    } else if (frame->reason == LEAVE_DEADLINE) {
        instance->fault = BH_FAULT_NONE;
        instance->fault_signal = 0;
        instance->fault_address = 0;
    }
}

static bh_error conclude(bh_instance *instance, const struct bh_frame *frame) {
    if (frame->reason == LEAVE_RETURN)
        return BH_OK;
    instance->state = frame->reason == LEAVE_EXIT ? BH_INSTANCE_EXITED : BH_INSTANCE_DEAD;
    if (frame->reason == LEAVE_EXIT) {
        bh_fail(BH_ERROR_EXITED, "the guest exited with status %d", instance->exit_status);
        bh_error_slot()->exit_status = instance->exit_status;
        return BH_ERROR_EXITED;
    }
    bool deadline = frame->reason == LEAVE_DEADLINE;
    if (!instance->threads)
        bh_settle_fault(instance, frame);
    bh_fail(deadline ? BH_ERROR_DEADLINE : BH_ERROR_FAULT, "%s", "");
    bh_describe_fault(instance, bh_error_slot());
    return bh_error_slot()->error;
}

void bh_run_frame(bh_instance *instance, struct bh_frame *frame, uint64_t address) {
    frame->prev = bh_current_frame;
    frame->instance = instance;
    frame->base = instance->base;
    frame->flags |= instance->frame_flags;
    frame->target = bh_confine(instance->base, address);
    frame->r14 = instance->threads ? bh_this_task(instance)->thread_pointer : 0;
    set_gs(instance->engine, instance->base);
    bh_current_frame = frame;
    bh_enter(frame);
    bh_current_frame = frame->prev;
}

bh_error bh_call_frame(bh_instance *instance, struct bh_frame *frame, uint64_t address) {
    if (instance->state != BH_INSTANCE_READY)
        return dead(instance);
    if (atomic_load_explicit(&bh_forked, memory_order_relaxed))
        return bh_fail(BH_ERROR_FORKED, "the engine belongs to the parent process");
    bh_error error = bh_thread_prepare(instance->engine, false);
    if (!error)
        error = bh_deadline_start(instance);
    if (error)
        return error;

    bh_run_frame(instance, frame, address);
    if (instance->threads)
        bh_threads_left(instance, frame);
    bh_deadline_stop(instance);
    return conclude(instance, frame);
}

/* linux/dispatch.c */
int bh_linux_syscall(bh_instance *instance, struct bh_frame *frame);

int bh_hostcall_syscall(struct bh_frame *frame) {
    bh_instance *instance = frame->instance;
    if (!instance->threads)
        instance->host_calls++;
    else
        __atomic_fetch_add(&instance->host_calls, 1, __ATOMIC_RELAXED);
    int leave = bh_linux_syscall(instance, frame);
    if (leave)
        return leave;
    if (bh_threads_ending(instance->threads)) {
        frame->reason = LEAVE_STOPPED;
        return 1;
    }
    if (bh_this_thread.expired) {
        frame->reason = LEAVE_STOPPED;
        if (bh_threads_claim(instance)) {
            instance->fault_pc = frame->target;
            frame->reason = LEAVE_DEADLINE;
        }
        return 1;
    }
    frame->target = bh_confine(frame->base, frame->target);
    set_gs(instance->engine, frame->base);
    return 0;
}

bh_error bh_instance_run(bh_instance *instance, int argc, const char *const argv[], int *status) {
    bh_error error;
    if (!instance || argc < 0 || (argc && !argv) || !status)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_instance_run: an instance, arguments and a place for the status are needed");
    if (instance->module->elf.note_flags & BH_NOTE_FLAG_LIBRARY)
        return bh_fail(BH_ERROR_KIND, "'%s' is a library: it has no main; call its exports", instance->module->name);
    if (!bh_instance_lock(instance, &error))
        return error;
    struct bh_frame frame = {0};
    error = instance->state == BH_INSTANCE_READY ? bh_start_stack(instance, argc, argv, &frame.rsp) : dead(instance);
    if (!error)
        error = bh_call_frame(instance, &frame, instance->base + BH_IMAGE_OFFSET + instance->module->elf.entry);
    bh_instance_unlock(instance);
    if (error == BH_ERROR_EXITED) {
        *status = instance->exit_status;
        return BH_OK;
    }
    if (error)
        return error;
    /* Its start code came back: a program must exit. */
    instance->state = BH_INSTANCE_DEAD;
    return bh_fail(BH_ERROR_KIND, "'%s' left its entry point without exiting", instance->module->name);
}
