/* A call by who holds the instance, and what a call needs beyond that. */
#ifndef BULKHEAD_RUNTIME_RUN_H
#define BULKHEAD_RUNTIME_RUN_H

#include <stdbool.h>

#include "bulkhead/bulkhead.h"
#include "cross/frame.h"

/* Whether the calling thread runs a call of the instance. */
bool bh_call_running(const bh_instance *instance);
/* Whether the frame's call was made in a callback of another call of the same instance. */
bool bh_call_nested(const struct bh_frame *frame);
/* Where the call's frames may begin, a multiple of 16: the stack's top, or below what the guest was using when it made
 * the callback that this call is nested in. Not necessarily inside the slot's mapped part. */
uint64_t bh_call_stack(const bh_instance *instance, const struct bh_frame *frame);
/* Fills everything of the frame but rsp and the call's own flags, and arms the deadline, until stop. */
bh_error bh_run_prepare(bh_instance *instance, struct bh_frame *frame);
void bh_run_stop(const struct bh_frame *frame);
/* A whole call. sp is the stack's top; with start it is rsp, and nothing is put there. */
bh_error bh_call_held(bh_instance *instance, uint64_t address, uint64_t sp, bool start, bh_registers *registers);
/* Runs from the entry point with rsp = sp. */
bh_error bh_call_start(bh_instance *instance, uint64_t sp);

#endif
