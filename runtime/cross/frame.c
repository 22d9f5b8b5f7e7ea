/* The frame, where C and assembly agree on it. */
#include "cross/frame.h"

#include <stddef.h>

#include "base/local.h"

/* No address is in its slot. */
struct bh_frame bh_idle_frame = {.base = (uint64_t)1 << 63};
BH_THREAD_LOCAL struct bh_frame *bh_current_frame;

#define AT(field, offset)                                                                                              \
    _Static_assert(offsetof(struct bh_frame, field) == offset, #field " is not where entry.S looks for it")
AT(xsave, FRAME_XSAVE);
AT(host_rsp, FRAME_HOST_RSP);
AT(flags, FRAME_FLAGS);
AT(outcome.reason, FRAME_REASON);
AT(mxcsr, FRAME_MXCSR);
AT(fpucw, FRAME_FPUCW);
AT(rax, FRAME_RAX);
AT(rbx, FRAME_RBX);
AT(rcx, FRAME_RCX);
AT(rdx, FRAME_RDX);
AT(rsi, FRAME_RSI);
AT(rdi, FRAME_RDI);
AT(rbp, FRAME_RBP);
AT(rsp, FRAME_RSP);
AT(r8, FRAME_R8);
AT(r9, FRAME_R9);
AT(r10, FRAME_R10);
AT(r12, FRAME_R12);
AT(r13, FRAME_R13);
AT(r14, FRAME_R14);
AT(r15, FRAME_R15);
AT(target, FRAME_TARGET);
AT(hostcall, FRAME_HOSTCALL);
AT(base, FRAME_BASE);
AT(registers, FRAME_REGISTERS);
AT(r11, FRAME_R11);
AT(rflags, FRAME_RFLAGS);
AT(guest_mxcsr, FRAME_GUEST_MXCSR);
AT(guest_fpucw, FRAME_GUEST_FPUCW);
AT(fnsave, FRAME_FNSAVE);
#undef AT
#define AT(field, offset)                                                                                              \
    _Static_assert(offsetof(bh_registers, field) == offset, #field " is not where entry.S looks for it")
AT(integer, REGISTERS_INTEGER);
AT(vector, REGISTERS_VECTOR);
AT(rax, REGISTERS_RAX);
AT(rdx, REGISTERS_RDX);
AT(xmm0, REGISTERS_XMM0);
AT(xmm1, REGISTERS_XMM1);
AT(stack, REGISTERS_STACK);
AT(vectors, REGISTERS_VECTORS);
_Static_assert(sizeof(bh_registers) == REGISTERS_SIZE, "bh_registers does not fit where the callback stub puts it");
