/* Resets: an instance as it was right after its creation, without making it anew.
 *
 * Its memory goes back to what the sealed image says, is relocated, and the start code runs again: so a reset instance
 * has fresh random numbers, as a new one has, and nothing of the host's memory is spent on keeping a copy of its first
 * state. Code, context page and gate stay as they are; nothing could have changed them.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/fork.h"
#include "base/limit.h"
#include "guest/callers.h"
#include "guest/hold.h"
#include "guest/instance.h"
#include "guest/personality.h"
#include "guest/start.h"
#include "guest/state.h"
#include "guest/tasks.h"
#include "host/allocate.h"
#include "host/callback.h"
#include "host/share.h"
#include "slot/image.h"
#include "slot/layout.h"
#include "slot/map.h"
#include "slot/restore.h"
#include "slot/slot.h"
#include "slot/space.h"

/* For all others: everything but the code is mapped anew. */
static bh_error rebuild(bh_instance *instance) {
    struct bh_space *space = &instance->slot.space;
    instance->slot.mapped = false;
    if (instance->slot.poisoned ||
        (space->code_start > space->low &&
         !bh_slot_unmap(instance->slot.base + space->low, space->code_start - space->low)) ||
        !bh_slot_unmap(instance->slot.base + space->code_end, space->high - space->code_end)) {
        instance->slot.poisoned = true;
        return bh_fail_limit("cannot unmap what the guest had mapped");
    }
    bh_space_remove(space, space->low, space->code_start);
    bh_space_remove(space, space->code_end, space->high);
    space->disturbed = false;
    bh_error error = bh_image_map_data(&instance->slot);
    if (!error)
        error = bh_slot_map_stack(&instance->slot);
    instance->slot.mapped = !error;
    return error;
}

static bh_error run_start_code(bh_instance *instance) {
    if (!instance->threads)
        return bh_instance_start(instance);
    bh_error error = bh_callers_take(instance);
    if (error)
        return error;
    error = bh_instance_start(instance);
    bh_callers_give(instance);
    return error;
}

static bh_error reset(bh_instance *instance) {
    bh_instance_set_state(instance, BH_INSTANCE_DEAD); /* until all of it is done */
    if (instance->slot.poisoned)
        return bh_fail(BH_ERROR_DEAD, "the kernel refused a mapping in the instance's slot: it can only be destroyed");
    bh_callbacks_cancel(instance);
    bh_blocks_discard(instance);
    if (instance->threads)
        bh_threads_renew(instance);
    instance->operations->destroy(instance);
    bh_shares_forget(instance);
    bh_error error = bh_slot_restore(&instance->slot) ? BH_OK : rebuild(instance);
    if (!error)
        error = instance->operations->create(instance);
    if (error)
        return error;
    struct bh_space *space = &instance->slot.space;
    space->brk = space->brk_start;
    space->bytes = space->peak = 0;
    space->disturbed = false;
    instance->slot.context[(BH_CONTEXT_TP - BH_CONTEXT_BASE) / 8] = 0;
    instance->host_calls = instance->refused = 0;
    bh_instance_set_state(instance, BH_INSTANCE_READY);
    error = run_start_code(instance);
    if (error && instance->state == BH_INSTANCE_READY)
        bh_instance_set_state(instance, BH_INSTANCE_DEAD);
    bh_state_lock(instance);
    bh_slot_settle(&instance->slot);
    bh_state_unlock(instance);
    return error;
}

bh_error bh_instance_reset(bh_instance *instance) {
    bh_error error;
    if (!instance)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_instance_reset: no instance");
    if (atomic_load(&bh_forked))
        return bh_fail(BH_ERROR_FORKED, "the engine belongs to the parent process");
    if (instance->threads) {
        error = bh_threads_close(instance);
        if (error)
            return error;
        error = reset(instance);
        bh_threads_open(instance);
        return error;
    }
    if (!bh_instance_take(instance, &error))
        return error;
    error = reset(instance);
    bh_instance_give(instance);
    return error;
}
