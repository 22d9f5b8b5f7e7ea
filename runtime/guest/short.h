/* The short way into a guest, inlined into the functions that a host calls: for a thread that runs no guest yet and an
 * instance that needs nothing special. Everything else is call.c's. */
#ifndef BULKHEAD_RUNTIME_SHORT_H
#define BULKHEAD_RUNTIME_SHORT_H

#include "cross/enter.h"
#include "cross/thread.h"
#include "guest/end.h"
#include "guest/hold.h"
#include "guest/instance.h"

static inline void bh_frame_init(bh_instance *instance, struct bh_frame *frame) {
    frame->instance = instance;
    frame->base = instance->slot.base;
    frame->r14 = 0; /* the thread pointer of a module built for threads */
}

/* Whether a call may take the short way, and if so takes the instance for it: the thread was prepared for guests, runs
 * none and is not the child of a fork (that is what bh_idle_frame says); the instance is free, and nothing about it
 * demands more (BH_DETOUR_*, which can be told only by who has it). Then the call's frame is bh_frame_init_outermost's,
 * and bh_instance_give_inline ends it. Otherwise bh_call_begin finds out what is the matter. */
static inline bool bh_call_short(bh_instance *instance) {
    if (__builtin_expect(bh_current_frame != &bh_idle_frame || bh_in_handler(), 0) ||
        (!bh_ownership_take_biased(&instance->ownership, bh_this_thread.number) && !bh_instance_take_short(instance)))
        return false;
    if (__builtin_expect(!atomic_load_explicit(&instance->detour, memory_order_relaxed), 1))
        return true;
    bh_ownership_give(&instance->ownership);
    return false;
}

static inline void bh_instance_give_inline(bh_instance *instance) { bh_ownership_give(&instance->ownership); }

static inline void bh_frame_init_outermost(bh_instance *instance, struct bh_frame *frame) {
    bh_frame_init(instance, frame);
    frame->prev = &bh_idle_frame;
    frame->nesting = (struct bh_nesting){.depth = 1};
}

static inline bh_error bh_call_outcome(struct bh_frame *frame) {
    return __builtin_expect(frame->outcome.reason == LEAVE_RETURN, 1) ? BH_OK : bh_call_conclude(frame);
}

/* After bh_call_begin, which has set the frame's flags. */
static inline bh_error bh_call_cross(struct bh_frame *frame, uint64_t address, uint64_t sp, bh_registers *registers) {
    const struct bh_crossing to = {frame->base, address, sp, frame->flags, frame->prev, registers};
    bh_frame_cross(frame, &to, !(to.flags & FRAME_FLAG_NO_FSGSBASE));
    return bh_call_outcome(frame);
}

/* After bh_frame_init_outermost; flags are the call's own. */
static inline __attribute__((always_inline)) bh_error bh_call_cross_outermost(bh_instance *instance,
                                                                              struct bh_frame *frame, uint64_t address,
                                                                              uint64_t sp, uint32_t flags,
                                                                              bh_registers *registers) {
    const struct bh_crossing to = {instance->slot.base,           address,        sp,
                                   instance->frame_flags | flags, &bh_idle_frame, registers};
    bh_frame_cross(frame, &to, true);
    return bh_call_outcome(frame);
}

#endif
