/* Who holds an instance. */
#include "guest/hold.h"

#include <signal.h>
#include <stdatomic.h>

#include "base/fail.h"
#include "base/ownership.h"
#include "cross/frame.h"
#include "cross/thread.h"
#include "guest/callers.h"
#include "guest/end.h"
#include "guest/instance.h"
#include "guest/run.h"
#include "guest/short.h"

static bool take(bh_instance *instance, bool call, bh_error *error) {
    if (instance->threads) {
        *error = bh_callers_take(instance);
        return !*error;
    }
    switch (bh_ownership_take(&instance->ownership, bh_this_thread.number, call)) {
    case BH_OWNERSHIP_TAKEN: return true;
    case BH_OWNERSHIP_FAILED:
        *error = bh_fail_errno(BH_ERROR_SYSTEM,
                               "the instance cannot be taken over from the thread that called it first, because "
                               "the system call membarrier is refused, or does nothing, since the engine was "
                               "created; allow it, or set up the filter before");
        return false;
    default: *error = bh_fail(BH_ERROR_BUSY, "the instance is running a call"); return false;
    }
}

bool bh_instance_take_for_call(bh_instance *instance, bh_error *error) { return take(instance, true, error); }

bool bh_instance_take_short(bh_instance *instance) {
    return !atomic_load_explicit(&instance->detour, memory_order_relaxed) &&
           bh_ownership_take(&instance->ownership, bh_this_thread.number, true) == BH_OWNERSHIP_TAKEN;
}

bool bh_instance_take(bh_instance *instance, bh_error *error) { return take(instance, false, error); }

void bh_instance_give(bh_instance *instance) {
    if (instance->threads)
        bh_callers_give(instance);
    else
        bh_ownership_give(&instance->ownership);
}

bool bh_instance_visit(bh_instance *instance, bool *taken, bh_error *error) {
    if (instance->threads) {
        *taken = true;
        *error = bh_callers_visit(instance);
        return !*error;
    }
    /* A thread that runs the instance, in a callback, has it already. */
    *taken = !bh_call_running(instance);
    return !*taken || bh_instance_take(instance, error);
}

void bh_instance_leave(bh_instance *instance, bool taken) {
    if (instance->threads)
        bh_callers_leave(instance);
    else if (taken)
        bh_instance_give(instance);
}

bh_error bh_instance_leave_killing(bh_instance *instance, bool taken) {
    const struct bh_fault fault = {.kind = BH_FAULT_HOST_LIMIT, .signal = SIGKILL};
    if (instance->threads)
        return bh_callers_leave_killing(instance, &fault);
    bh_error error = bh_instance_kill(instance, &fault);
    bh_instance_leave(instance, taken);
    return error;
}
