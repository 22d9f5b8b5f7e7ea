/* The beginning and the end of a call that takes the instance. */
#include "guest/call.h"

#include "base/fail.h"
#include "cross/frame.h"
#include "guest/hold.h"
#include "guest/instance.h"
#include "guest/run.h"
#include "guest/short.h"
#include "guest/tasks.h"

static void give_back(const struct bh_frame *frame) {
    if (!frame->nesting.holds)
        bh_instance_give(frame->instance);
    else if (frame->instance->threads)
        bh_threads_move(bh_this_task(frame->instance), frame->nesting.where);
}

bh_error bh_call_begin(bh_instance *instance, struct bh_frame *frame) {
    bh_error error = BH_OK;
    bh_frame_init(instance, frame);
    frame->flags = instance->frame_flags;
    frame->nesting = (struct bh_nesting){.holds = bh_call_running(instance)};
    if (!frame->nesting.holds && !bh_instance_take_for_call(instance, &error))
        return error;
    /* A system call of this thread is under way: who calls is the log of refusals, and what it guards is locked. */
    if (instance->threads && frame->nesting.holds && bh_this_task(instance)->frame)
        return bh_fail(BH_ERROR_BUSY, "the instance cannot be called by the log of its refused calls");
    /* Before the instance's state is looked at: who ends it meanwhile waits for this thread, or this thread sees that.
     */
    if (instance->threads && frame->nesting.holds)
        frame->nesting.where = bh_threads_move(bh_this_task(instance), BH_INSIDE);
    error = bh_run_prepare(instance, frame);
    if (error)
        give_back(frame);
    return error;
}

void bh_call_end(struct bh_frame *frame) {
    bh_run_stop(frame);
    give_back(frame);
}
