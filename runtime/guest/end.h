/* The end of a call, and of the instance with it. */
#ifndef BULKHEAD_RUNTIME_END_H
#define BULKHEAD_RUNTIME_END_H

#include "bulkhead/bulkhead.h"
#include "cross/frame.h"

/* The error of a call that did not return. */
bh_error bh_call_conclude(struct bh_frame *frame);
/* Ends the instance from outside the guest, and returns that as an error. The state lock is not held. */
bh_error bh_instance_kill(bh_instance *instance, const struct bh_fault *fault);
/* Whether the frame's guest may go on after host code ran in its call: no deadline passed, and the instance was not
 * ended in a nested call or by another thread. Otherwise sets the frame's reason. */
bh_error bh_call_resumable(struct bh_frame *frame);

#endif
