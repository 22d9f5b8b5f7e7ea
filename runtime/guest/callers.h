/* Threads of the host that call into a guest that is built for threads, or work on its memory. */
#ifndef BULKHEAD_RUNTIME_CALLERS_H
#define BULKHEAD_RUNTIME_CALLERS_H

#include "bulkhead/bulkhead.h"

struct bh_fault;

/* Gives the calling host thread a task for a call: its own, or a new one. */
bh_error bh_callers_take(bh_instance *instance);
void bh_callers_give(bh_instance *instance);
/* Keeps the instance from being reset or destroyed, and holds the state lock. */
bh_error bh_callers_visit(bh_instance *instance);
void bh_callers_leave(bh_instance *instance);
/* The same, and ends the instance while it cannot be reset: the other threads, which may need the state lock for that,
 * leave it first. The error that this is to the caller. */
bh_error bh_callers_leave_killing(bh_instance *instance, const struct bh_fault *fault);

#endif
