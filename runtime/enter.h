/* The short way into a guest, inlined into the functions that a host calls: for a thread that runs no guest yet and an
 * instance that needs nothing special. Everything else is call.c's. */
#ifndef BULKHEAD_RUNTIME_ENTER_H
#define BULKHEAD_RUNTIME_ENTER_H

#include "internal.h"

static inline uint64_t bh_read_gs(void) {
    uint64_t base;
    __asm__ volatile("rdgsbase %0" : "=r"(base));
    return base;
}

static inline void bh_frame_init(bh_instance *instance, struct bh_frame *frame) {
    uint64_t base = instance->base;
    frame->instance = instance;
    frame->base = base;
    frame->flags = instance->frame_flags;
    frame->first_word = base + BH_GATE_OFFSET;
    frame->r14 = 0; /* the thread pointer of a module built for threads */
}

/* Whether a call may take the short way, and if so takes the instance for it: the thread was prepared for guests, runs none and is
 * not the child of a fork (that is what bh_idle_frame says); the instance is free, lives, has no deadline and no threads, and
 * GS can be set directly. Then the call's frame is bh_frame_init_outermost's, and bh_instance_unlock ends it. Otherwise
 * bh_call_begin finds out what is the matter. */
static inline bool bh_call_short(bh_instance *instance) {
    if (__builtin_expect(bh_current_frame != &bh_idle_frame || instance->deadline ||
                             (instance->frame_flags & (FRAME_FLAG_NO_FSGSBASE | FRAME_FLAG_THREADS)), 0))
        return false;
    if (!bh_ownership_take_biased(&instance->ownership, bh_this_thread.number) &&
        bh_ownership_take(&instance->ownership, bh_this_thread.number, true) != BH_OWNERSHIP_TAKEN)
        return false;
    if (__builtin_expect(instance->state == BH_INSTANCE_READY, 1))
        return true;
    bh_ownership_give(&instance->ownership);
    return false;
}

static inline void bh_instance_unlock_inline(bh_instance *instance) {
    bh_ownership_give(&instance->ownership);
}

static inline void bh_frame_init_outermost(bh_instance *instance, struct bh_frame *frame) {
    bh_frame_init(instance, frame);
    frame->prev = &bh_idle_frame;
    frame->nesting = (struct bh_nesting){.depth = 1};
}

/* Enters the guest as the frame says and comes back when the frame's call ends. Not in a function without other calls: the
 * red zone would be overwritten. */
static inline void bh_enter(struct bh_frame *frame) {
    __asm__ volatile("call bh_enter"
                     : "+D"(frame)
                     :
                     : "rax", "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm1", "xmm2",
                       "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
                       "xmm15", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)", "cc", "memory");
}

/* Crosses over with everything of the frame set but what is given here; frame->reason says why it came back. GS is read back
 * rather than remembered: if anything else in the process had changed it, the guest's accesses would go to host memory. */
static inline void bh_frame_cross(struct bh_frame *frame, uint64_t base, struct bh_frame *prev, uint64_t address, bh_registers *registers,
                                  bool direct) {
    frame->registers = registers;
    frame->target = bh_confine(base, address);
    if (__builtin_expect(!direct || bh_read_gs() != base, 0))
        bh_set_gs(frame);
    bh_current_frame = frame;
    bh_enter(frame);
    bh_current_frame = prev;
}

static inline bh_error bh_call_cross_with(struct bh_frame *frame, uint64_t base, struct bh_frame *prev, uint64_t address,
                                          bh_registers *registers, bool direct) {
    bh_frame_cross(frame, base, prev, address, registers, direct);
    return __builtin_expect(frame->reason == LEAVE_RETURN, 1) ? BH_OK : bh_call_conclude(frame);
}

static inline bh_error bh_call_cross(struct bh_frame *frame, uint64_t address, bh_registers *registers) {
    return bh_call_cross_with(frame, frame->base, frame->prev, address, registers, !(frame->flags & FRAME_FLAG_NO_FSGSBASE));
}

/* The same after bh_frame_init_outermost. */
static inline bh_error bh_call_cross_outermost(bh_instance *instance, struct bh_frame *frame, uint64_t address,
                                               bh_registers *registers) {
    return bh_call_cross_with(frame, instance->base, &bh_idle_frame, address, registers, true);
}

#endif
