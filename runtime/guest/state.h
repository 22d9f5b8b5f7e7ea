/* What state an instance is in, and how it came there. */
#ifndef BULKHEAD_RUNTIME_STATE_H
#define BULKHEAD_RUNTIME_STATE_H

#include "bulkhead/bulkhead.h"
#include "cross/frame.h"

/* Guards the map of the slot and what system calls work on, where several threads may run calls. */
void bh_state_lock(bh_instance *instance);
void bh_state_unlock(bh_instance *instance);

void bh_instance_set_state(bh_instance *instance, int state);
/* How the frame's call ended, with all that goes with its reason: assembly has stored that alone. */
struct bh_outcome *bh_outcome_of(struct bh_frame *frame);
/* Records how the instance ended, then the state. */
void bh_instance_end(bh_instance *instance, const struct bh_outcome *outcome);
/* The error that it is not ready. */
bh_error bh_fail_dead(const bh_instance *instance);
/* The thread's error for how the instance ended; where says in which of its calls. */
bh_error bh_fail_ended(bh_instance *instance, const char *where);

#endif
