/* Programs: run from their entry point to their exit. */
#include "base/fail.h"
#include "cross/frame.h"
#include "guest/end.h"
#include "guest/hold.h"
#include "guest/instance.h"
#include "guest/module.h"
#include "guest/run.h"
#include "guest/start.h"
#include "guest/state.h"

bh_error bh_instance_run(bh_instance *instance, int argc, const char *const argv[], int *status) {
    bh_error error;
    uint64_t sp;
    if (!instance || argc < 0 || (argc && !argv) || !status)
        return bh_fail(BH_ERROR_ARGUMENT,
                       "bh_instance_run: an instance, arguments and a place for the status are needed");
    if (instance->module->image.elf.note_flags & BH_NOTE_FLAG_LIBRARY)
        return bh_fail(BH_ERROR_KIND,
                       "'%s' is a library: it has no main; call its exports, or link it without --library",
                       instance->module->image.name);
    if (bh_call_running(instance))
        return bh_fail(BH_ERROR_BUSY, "the instance is running a call");
    if (!bh_instance_take(instance, &error))
        return error;
    error = instance->state == BH_INSTANCE_READY ? bh_start_stack(instance, argc, argv, &sp) : bh_fail_dead(instance);
    if (!error)
        error = bh_call_start(instance, sp);
    /* Its start code came back: a program must exit. */
    if (!error)
        bh_instance_kill(instance, &(struct bh_fault){.kind = BH_FAULT_NONE});
    if (error == BH_ERROR_EXITED)
        *status = instance->end.status;
    bh_instance_give(instance);
    if (error == BH_ERROR_EXITED)
        return BH_OK;
    if (error)
        return error;
    return bh_fail(BH_ERROR_KIND, "'%s' left its entry point without exiting", instance->module->image.name);
}
