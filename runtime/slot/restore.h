/* Slots in their first state; see restore.c. */
#ifndef BULKHEAD_RUNTIME_RESTORE_H
#define BULKHEAD_RUNTIME_RESTORE_H

#include <stdbool.h>
#include <stdint.h>

struct bh_slot;

/* The pages that every instance of a module has written by the time its start code is done: a reset overwrites them,
 * which costs a tenth of dropping them and having the next instruction fault them in. */
struct bh_warm {
    uint64_t data;  /* bit n: the nth writable page of the image */
    unsigned stack; /* so many pages at the top of the stack */
};

/* Looks at the slot of an instance that was just started; the first one of an image decides. */
void bh_warm_learn(struct bh_slot *slot);
/* Memory and map as right after the mapping of a slot whose image and stack the guest left alone. False: it did not, or
 * the kernel refused something; then some of it may be done. */
bool bh_slot_restore(struct bh_slot *slot);

#endif
