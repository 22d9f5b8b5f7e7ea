/* A call by who holds the instance, from the registers it starts with to the error it ends with. */
#include "guest/run.h"

#include <stdatomic.h>
#include <string.h>

#include "base/fail.h"
#include "base/fork.h"
#include "base/limit.h"
#include "cross/deadline.h"
#include "cross/frame.h"
#include "cross/thread.h"
#include "guest/engine.h"
#include "guest/instance.h"
#include "guest/module.h"
#include "guest/personality.h"
#include "guest/short.h"
#include "guest/state.h"
#include "guest/tasks.h"

/* The calling thread's innermost call of the instance; NULL when it runs none. */
static struct bh_frame *own_frame(const bh_instance *instance, struct bh_frame *frame) {
    while (frame && frame->instance != instance)
        frame = frame->prev;
    return frame;
}

bool bh_call_running(const bh_instance *instance) { return own_frame(instance, bh_current_frame) != NULL; }

bool bh_call_nested(const struct bh_frame *frame) { return own_frame(frame->instance, frame->prev) != NULL; }

uint64_t bh_call_stack(const bh_instance *instance, const struct bh_frame *frame) {
    const struct bh_frame *outer = own_frame(instance, frame->prev);
    if (!outer)
        return instance->threads ? bh_this_task(instance)->stack_pointer : instance->stack_pointer;
    /* The guest chose it: anywhere in the slot. What is written there is written with care. */
    uint32_t offset = (uint32_t)(outer->rsp - 2 * BH_STACK_SCRATCH_SIZE) & ~(uint32_t)63;
    return instance->slot.base +
           (offset < BH_NULL_GUARD_SIZE ? BH_NULL_GUARD_SIZE / 2 : offset); /* unmapped all the same */
}

void bh_run_stop(const struct bh_frame *frame) {
    const bh_instance *instance = frame->instance;
    if (frame->nesting.timer) {
        bh_deadline_stop(frame);
        /* Another thread's, which may have been in a hurry as well, signals again. */
        if (instance->threads)
            atomic_store(&instance->threads->hurry, 0);
    }
    if (bh_this_thread.alarm != frame->outer_alarm)
        bh_alarm_set(instance->engine->deadline_signal, frame->outer_alarm);
    if (frame->nesting.paused)
        bh_deadline_pause();
}

/* What a call needs beyond the instance's lock. */
bh_error bh_run_prepare(bh_instance *instance, struct bh_frame *frame) {
    if (instance->state != BH_INSTANCE_READY)
        return bh_fail_dead(instance);
    if (atomic_load_explicit(&bh_forked, memory_order_relaxed))
        return bh_fail(BH_ERROR_FORKED, "the engine belongs to the parent process");
    if (bh_in_handler())
        return bh_fail_handler();
    frame->nesting.depth = bh_current_frame ? bh_current_frame->nesting.depth + 1 : 1;
    if (frame->nesting.depth > BH_MAX_DEPTH)
        return bh_fail(BH_ERROR_LIMIT, "calls and callbacks are nested %d deep on this thread, which is the limit",
                       BH_MAX_DEPTH);
    bh_error error = bh_thread_prepare(instance->engine->deadline_signal, false);
    if (error)
        return error;
    frame->prev = bh_current_frame;
    if (instance->threads)
        frame->r14 = bh_this_task(instance)->thread_pointer;
    /* In a callback the timer of the calls around it rests. */
    frame->nesting.paused = bh_deadline_resume();
    frame->outer_alarm = bh_this_thread.alarm;
    frame->nesting.restores = true;
    error = bh_deadline_start(instance->engine->deadline_signal, instance->deadline, frame);
    if (!error && !instance->operations->enter(instance))
        error = bh_fail_timer();
    if (error)
        bh_run_stop(frame);
    return error;
}

bh_error bh_call_held(bh_instance *instance, uint64_t address, uint64_t sp, bool start, bh_registers *registers) {
    struct bh_frame frame;
    bh_frame_init(instance, &frame);
    frame.flags = instance->frame_flags;
    frame.nesting = (struct bh_nesting){.holds = true}; /* the caller */
    bh_error error = bh_run_prepare(instance, &frame);
    if (error)
        return error;
    frame.flags |= start ? FRAME_FLAG_START : 0;
    error = bh_call_cross(&frame, address, start ? sp : sp - 8, registers);
    bh_run_stop(&frame);
    return error;
}

bh_error bh_call_start(bh_instance *instance, uint64_t sp) {
    bh_registers registers;
    memset(&registers, 0, sizeof(registers));
    return bh_call_held(instance, instance->slot.base + BH_IMAGE_OFFSET + instance->module->image.elf.entry, sp, true,
                        &registers);
}
