/* Who holds an instance.
 *
 * take, give: for a call, or to change the instance itself. Where one thread at a time may be inside, take finds it
 * BH_ERROR_BUSY; in a module built for threads it makes the calling thread one of the guest's. visit, leave: for what
 * the host does to the instance's memory by itself. */
#ifndef BULKHEAD_RUNTIME_HOLD_H
#define BULKHEAD_RUNTIME_HOLD_H

#include <stdbool.h>

#include "bulkhead/bulkhead.h"

bool bh_instance_take(bh_instance *instance, bh_error *error);
/* The same for a call, whose thread may get the bias (ownership.h). */
bool bh_instance_take_for_call(bh_instance *instance, bh_error *error);
/* What the short way in does (short.h) when the calling thread is not biased to the instance. */
bool bh_instance_take_short(bh_instance *instance);
void bh_instance_give(bh_instance *instance);
/* The calling thread may be in a callback of the instance. With threads: under the state lock, whatever runs
 * meanwhile. */
bool bh_instance_visit(bh_instance *instance, bool *taken, bh_error *error);
void bh_instance_leave(bh_instance *instance, bool taken);
/* The same after the kernel refused a mapping over the slot: ends the instance before anybody can reset it or call it,
 * and returns that as an error. */
bh_error bh_instance_leave_killing(bh_instance *instance, bool taken);

#endif
