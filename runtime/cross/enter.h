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

/* Room for a frame on the stack. Not a frame itself: the compiler would align the whole stack frame of the function for it, and find
 * its stack pointer again through memory, for which every call would wait. */
struct bh_frame_room {
    _Alignas(16) uint8_t bytes[sizeof(struct bh_frame) + _Alignof(struct bh_frame) - 16];
};

static inline struct bh_frame *bh_frame_in(struct bh_frame_room *room) {
    return (struct bh_frame *)(((uintptr_t)room->bytes + _Alignof(struct bh_frame) - 1) & ~(uintptr_t)(_Alignof(struct bh_frame) - 1));
}

static inline void bh_frame_init(bh_instance *instance, struct bh_frame *frame) {
    frame->instance = instance;
    frame->base = instance->slot.base;
    frame->r14 = 0; /* the thread pointer of a module built for threads */
}

/* Whether a call may take the short way, and if so takes the instance for it: the thread was prepared for guests, runs none and is
 * not the child of a fork (that is what bh_idle_frame says); the instance is free, and nothing about it demands more (BH_DETOUR_*, which
 * can be told only by who has it). Then the call's frame is bh_frame_init_outermost's, and bh_instance_unlock_inline ends it. Otherwise
 * bh_call_begin finds out what is the matter. */
static inline bool bh_call_short(bh_instance *instance) {
    if (__builtin_expect(bh_current_frame != &bh_idle_frame || bh_in_handler(), 0) ||
        (!bh_ownership_take_biased(&instance->ownership, bh_this_thread.number) && !bh_call_take(instance)))
        return false;
    if (__builtin_expect(!atomic_load_explicit(&instance->detour, memory_order_relaxed), 1))
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

/* Enters the guest at target, with rsp = sp and what a call finds there, and comes back when the frame's call ends. Not in a function
 * without other calls: the red zone would be overwritten. */
static inline void bh_enter(struct bh_frame *frame, bh_registers *registers, uint64_t target, uint64_t sp, uint64_t first_word,
                            uint32_t flags) {
    register uint64_t word __asm__("r8") = first_word;
    __asm__ volatile("call bh_enter"
                     : "+D"(frame), "+S"(registers), "+d"(target), "+c"(sp), "+a"(flags), "+r"(word)
                     :
                     : "rbx", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6",
                       "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "st", "st(1)", "st(2)",
                       "st(3)", "st(4)", "st(5)", "st(6)", "st(7)", "cc", "memory");
}

/* Where a call goes, with what, and from where. */
struct bh_crossing {
    uint64_t base;
    uint64_t address; /* confined on the way */
    uint64_t sp;      /* in the slot; the guest's rsp */
    uint32_t flags;   /* the call's, which become the frame's */
    struct bh_frame *prev;
    bh_registers *registers;
};

/* Crosses over with everything of the frame set but what is given here; frame->reason says why it came back. GS is read back
 * rather than remembered: if anything else in the process had changed it, the guest's accesses would go to host memory. */
static inline __attribute__((always_inline)) void bh_frame_cross(struct bh_frame *frame, const struct bh_crossing *to, bool direct) {
    uint64_t target = bh_confine(to->base, to->address);
    frame->registers = to->registers;
    frame->target = target;
    frame->flags = to->flags;
    if (__builtin_expect(!direct || bh_read_gs() != to->base, 0) && !bh_set_gs(frame)) {
        frame->reason = LEAVE_NOT_ENTERED;
        return;
    }
    bh_current_frame = frame;
    bh_enter(frame, to->registers, target, to->sp, to->base + BH_GATE_OFFSET, to->flags);
    bh_current_frame = to->prev;
}

static inline bh_error bh_call_outcome(struct bh_frame *frame) {
    return __builtin_expect(frame->reason == LEAVE_RETURN, 1) ? BH_OK : bh_call_conclude(frame);
}

/* After bh_call_begin, which has set the frame's flags. */
static inline bh_error bh_call_cross(struct bh_frame *frame, uint64_t address, uint64_t sp, bh_registers *registers) {
    const struct bh_crossing to = {frame->base, address, sp, frame->flags, frame->prev, registers};
    bh_frame_cross(frame, &to, !(to.flags & FRAME_FLAG_NO_FSGSBASE));
    return bh_call_outcome(frame);
}

/* After bh_frame_init_outermost; flags are the call's own. */
static inline __attribute__((always_inline)) bh_error bh_call_cross_outermost(bh_instance *instance, struct bh_frame *frame,
                                                                              uint64_t address, uint64_t sp, uint32_t flags,
                                                                              bh_registers *registers) {
    const struct bh_crossing to = {instance->slot.base, address, sp, instance->frame_flags | flags, &bh_idle_frame, registers};
    bh_frame_cross(frame, &to, true);
    return bh_call_outcome(frame);
}

#endif
