/* Parking a slot and taking a parked one. */
#ifndef BULKHEAD_RUNTIME_PARK_H
#define BULKHEAD_RUNTIME_PARK_H

#include <stdbool.h>

struct bh_slot;

/* Keeps the slot of an instance that is being destroyed, scrubbed: base, map and promised mappings are the instance's
 * no more. False: the caller unmaps it. */
bool bh_slot_park(struct bh_slot *slot);
/* Gives an instance that is being made, whose layout is known, a parked slot: base, map and promised mappings. False:
 * there is none that fits. */
bool bh_slot_unpark(struct bh_slot *slot);

#endif
