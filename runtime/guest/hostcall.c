/* Host calls that the personality serves. */
#include "guest/hostcall.h"

#include "cross/enter.h"
#include "cross/frame.h"
#include "guest/end.h"
#include "guest/instance.h"
#include "guest/personality.h"

/* After the personality's part of a host call, whose guest goes on. */
static int go_on(struct bh_frame *frame) {
    const bool exactly = frame->flags & FRAME_FLAG_EXACT;
    frame->flags &= ~(uint32_t)FRAME_FLAG_EXACT;
    if (bh_call_resumable(frame)) {
        frame->outcome.fault =
            (struct bh_fault){.pc = bh_confine(frame->base, frame->target), .sp = frame->rsp, .bp = frame->rbp};
        return 1;
    }
    if (!exactly)
        frame->target = bh_confine(frame->base, frame->target);
    if (!bh_set_gs(frame)) {
        frame->outcome.reason = LEAVE_GS;
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
    return instance->operations->syscall(instance, frame) ? go_on(frame) : 1;
}

/* The frame says already how the call ends, should the guest not go on. */
int bh_hostcall_fault(struct bh_frame *frame) {
    return frame->instance->operations->fault(frame->instance, frame) ? go_on(frame) : 1;
}

int bh_hostcall_interrupted(struct bh_frame *frame) {
    return frame->instance->operations->interrupted(frame->instance, frame) ? go_on(frame) : 1;
}
