/* A call in three steps. begin takes the instance (or finds that this thread has it already, in a nested call), fills
 * everything of the frame but rsp and the call's own flags, and arms the deadline; after an error nothing is held.
 * cross (short.h) enters at address with the registers and turns what comes out into an error. end gives the instance
 * back. */
#ifndef BULKHEAD_RUNTIME_CALL_H
#define BULKHEAD_RUNTIME_CALL_H

#include "bulkhead/bulkhead.h"
#include "cross/frame.h"

bh_error bh_call_begin(bh_instance *instance, struct bh_frame *frame);
void bh_call_end(struct bh_frame *frame);

#endif
