/* What a guest is refused, and how a call ends it. */
#include "linux.h"

#define WHY(reason, text) const char bh_why_##reason[] = text;
#include "calls.inc"

int64_t bh_refuse(bh_instance *instance, int error, const char *call, const char *detail) {
    __atomic_fetch_add(&instance->refused, 1, __ATOMIC_RELAXED); /* some calls are made without the state lock */
    if (!instance->policy->log)
        return -error;
    struct bh_task *task = bh_task_of(instance);
    int before = bh_threads_move(task, BH_QUIET);
    bool paused = bh_host_begin();
    instance->policy->log(instance->policy->log_context, call, detail ? detail : "", error);
    bh_host_end(paused);
    bh_threads_move(task, before);
    return -error;
}

int64_t bh_end(bh_instance *instance, bh_fault_kind kind, int signal) {
    struct bh_frame *frame = bh_task_of(instance)->frame;
    frame->outcome.fault = (struct bh_fault){.kind = kind,
                                             .signal = signal,
                                             .pc = bh_confine(instance->slot.base, frame->target),
                                             .sp = frame->rsp,
                                             .bp = frame->rbp};
    frame->outcome.reason = LEAVE_FAULT;
    return BH_LEAVE;
}
