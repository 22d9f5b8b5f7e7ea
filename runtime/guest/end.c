/* The end of a call, and of the instance with it. */
#include "guest/end.h"

#include <stdatomic.h>

#include "base/fork.h"
#include "cross/frame.h"
#include "cross/gs.h"
#include "cross/thread.h"
#include "guest/instance.h"
#include "guest/state.h"
#include "guest/tasks.h"

static bh_error end(bh_instance *instance, struct bh_outcome *outcome) {
    /* The child of a fork has only this thread, and locks that others held stay locked for ever. */
    if (instance->threads && outcome->reason != LEAVE_FORKED) {
        bool nested;
        if (!bh_threads_end(instance, outcome, &nested))
            return bh_fail_ended(instance, nested ? ", in a nested call" : ", on another thread");
        return bh_fail_ended(instance, "");
    }
    if (outcome->reason == LEAVE_STOPPED || instance->state != BH_INSTANCE_READY)
        return bh_fail_ended(instance, ", in a nested call");
    bh_instance_end(instance, outcome);
    return bh_fail_ended(instance, "");
}

bh_error bh_call_conclude(struct bh_frame *frame) {
    if (frame->outcome.reason == LEAVE_NOT_ENTERED) /* which changed nothing */
        return bh_fail_gs("");
    return end(frame->instance, bh_outcome_of(frame));
}

bh_error bh_instance_kill(bh_instance *instance, const struct bh_fault *fault) {
    struct bh_outcome outcome = {.reason = LEAVE_FAULT, .fault = *fault};
    return end(instance, &outcome);
}

bh_error bh_call_resumable(struct bh_frame *frame) {
    if (atomic_load_explicit(&bh_forked, memory_order_relaxed)) {
        frame->outcome.reason = LEAVE_FORKED;
        return BH_ERROR_FORKED;
    }
    if (frame->instance->state != BH_INSTANCE_READY) {
        frame->outcome.reason = LEAVE_STOPPED;
        return BH_ERROR_DEAD;
    }
    if (bh_this_thread.expired) {
        frame->outcome.reason = LEAVE_DEADLINE;
        return BH_ERROR_DEADLINE;
    }
    return BH_OK;
}
