/* What lies where in a slot. */
#ifndef BULKHEAD_RUNTIME_LAYOUT_H
#define BULKHEAD_RUNTIME_LAYOUT_H

#include <stdint.h>

#include "bulkhead/bulkhead.h"

struct bh_slot;

#define BH_STACK_GUARD_SIZE 0x100000 /* never mapped below a guest's stack; S2 lets rsp outrun it by 32 KiB at most */

/* What the policy says of a slot; 0: the default. */
struct bh_slot_limits {
    uint64_t stack_size, memory;
    unsigned mappings;
};

/* Fills the slot's map and the place of its stack: offsets in whatever slot it will be. */
bh_error bh_slot_lay_out(struct bh_slot *slot, const struct bh_slot_limits *limits);
/* Maps the context page, the stubs, the image and the stack into a slot that was taken. */
bh_error bh_slot_map_all(struct bh_slot *slot);
/* Maps the stack and records it. */
bh_error bh_slot_map_stack(struct bh_slot *slot);

#endif
