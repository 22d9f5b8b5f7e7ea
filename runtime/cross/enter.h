/* Into a guest and back, inlined into the functions that call one. */
#ifndef BULKHEAD_RUNTIME_ENTER_H
#define BULKHEAD_RUNTIME_ENTER_H

#include "cross/frame.h"
#include "cross/gs.h"

/* Confines a code address that a guest had a hand in. Called last, on a value that no guest can change any more. */
static inline uint64_t bh_confine(uint64_t base, uint64_t address) {
    return base + ((uint32_t)address & ~(uint32_t)(BH_BUNDLE_SIZE - 1));
}

/* Room for a frame on the stack. Not a frame itself: the compiler would align the whole stack frame of the function for
 * it, and find its stack pointer again through memory, for which every call would wait. */
struct bh_frame_room {
    _Alignas(16) uint8_t bytes[sizeof(struct bh_frame) + _Alignof(struct bh_frame) - 16];
};

static inline struct bh_frame *bh_frame_in(struct bh_frame_room *room) {
    return (struct bh_frame *)(((uintptr_t)room->bytes + _Alignof(struct bh_frame) - 1) &
                               ~(uintptr_t)(_Alignof(struct bh_frame) - 1));
}

/* Enters the guest at target, with rsp = sp and what a call finds there, and comes back when the frame's call ends. Not
 * in a function without other calls: the red zone would be overwritten. */
static inline void bh_enter(struct bh_frame *frame, bh_registers *registers, uint64_t target, uint64_t sp,
                            uint64_t first_word, uint32_t flags) {
    register uint64_t word __asm__("r8") = first_word;
    __asm__ volatile("call bh_enter"
                     : "+D"(frame), "+S"(registers), "+d"(target), "+c"(sp), "+a"(flags), "+r"(word)
                     :
                     : "rbx", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",
                       "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15",
                       "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)", "cc", "memory");
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

/* Crosses over with everything of the frame set but what is given here; frame->outcome.reason says why it came back. GS
 * is read back rather than remembered: if anything else in the process had changed it, the guest's accesses would go to
 * host memory. */
static inline __attribute__((always_inline)) void bh_frame_cross(struct bh_frame *frame, const struct bh_crossing *to,
                                                                 bool direct) {
    uint64_t target = bh_confine(to->base, to->address);
    frame->registers = to->registers;
    frame->target = target;
    frame->flags = to->flags;
    if (__builtin_expect(!direct || bh_read_gs() != to->base, 0) && !bh_set_gs(frame)) {
        frame->outcome.reason = LEAVE_NOT_ENTERED;
        return;
    }
    bh_current_frame = frame;
    bh_enter(frame, to->registers, target, to->sp, to->base + BH_GATE_OFFSET, to->flags);
    bh_current_frame = to->prev;
}

#endif
