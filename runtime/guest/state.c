/* What state an instance is in, and how it came there. */
#include "guest/state.h"

#include <pthread.h>
#include <signal.h>

#include "base/fail.h"
#include "cross/frame.h"
#include "cross/gs.h"
#include "guest/describe.h"
#include "guest/instance.h"
#include "guest/tasks.h"

void bh_state_lock(bh_instance *instance) {
    if (instance->threads)
        pthread_mutex_lock(&instance->threads->state);
}

void bh_state_unlock(bh_instance *instance) {
    if (instance->threads)
        pthread_mutex_unlock(&instance->threads->state);
}

void bh_instance_set_state(bh_instance *instance, int state) {
    instance->state = state;
    bh_instance_detour(instance, BH_DETOUR_STATE, state != BH_INSTANCE_READY);
}

struct bh_outcome *bh_outcome_of(struct bh_frame *frame) {
    struct bh_outcome *outcome = &frame->outcome;
    if (outcome->reason == LEAVE_BAD_HOSTCALL)
        outcome->fault = (struct bh_fault){
            .kind = BH_FAULT_HOSTCALL, .signal = SIGSYS, .address = frame->hostcall, .sp = frame->rsp};
    return outcome;
}

void bh_instance_end(bh_instance *instance, const struct bh_outcome *outcome) {
    instance->end = *outcome;
    bh_instance_set_state(instance, outcome->reason == LEAVE_EXIT ? BH_INSTANCE_EXITED : BH_INSTANCE_DEAD);
}

bh_error bh_fail_dead(const bh_instance *instance) {
    return bh_fail(BH_ERROR_DEAD, "the instance has %s: reset or destroy it",
                   instance->state == BH_INSTANCE_EXITED ? "exited"
                                                         : "faulted, passed its deadline or was ended by a callback");
}

/* The thread's error for how the instance ended; where says in which of its calls. */
bh_error bh_fail_ended(bh_instance *instance, const char *where) {
    bh_error_detail *detail;
    bh_error error;
    switch (instance->end.reason) {
    case LEAVE_EXIT:
        error = bh_fail(BH_ERROR_EXITED, "the guest exited with status %d%s", instance->end.status, where);
        if ((detail = bh_error_slot()))
            detail->exit_status = instance->end.status;
        return error;
    case LEAVE_CALLBACK:
        error = bh_fail(BH_ERROR_CALLBACK, "a callback ended the call with status %d%s", instance->end.status, where);
        if ((detail = bh_error_slot()))
            detail->callback_status = instance->end.status;
        return error;
    case LEAVE_FORKED: return bh_fail(BH_ERROR_FORKED, "the engine belongs to the parent process%s", where);
    case LEAVE_GS: return bh_fail_gs(where);
    case LEAVE_STACK:
        return bh_fail(BH_ERROR_RANGE,
                       "the guest's stack is not accessible: it unmapped or protected it, or it is too small for the "
                       "arguments%s",
                       where);
    default:
        error = bh_fail(instance->end.reason == LEAVE_DEADLINE ? BH_ERROR_DEADLINE : BH_ERROR_FAULT, "%s", "");
        if ((detail = bh_error_slot()))
            bh_describe_fault(instance, &instance->end.fault, detail, where);
        return error;
    }
}
