/* The way from a guest to the host's functions and back. What must hold here stands in cross/entry.S. */
#include "bulkhead/layout.h"
#include "cross/clear.h"
#include "cross/frame.h"
#include "slot/stubs.h"

/* The addresses of these stubs are public to guests, so they have pages of their own. */
    .section .text.bh_stubs, "ax", @progbits
    .p2align 12

    /* Host call 2: a callback, its number in r11d, arguments as in any call, the return address on the guest's stack. The
     * callee-saved registers are the guest's while C runs; C keeps them. The way back is through a gate that pops the
     * return address as any guest code does: the host never reads it. */
    .globl bh_stub_callback
    .hidden bh_stub_callback
    .type bh_stub_callback, @function
    .p2align 5
bh_stub_callback:
    movq bh_current_frame@gottpoff(%rip), %r10
    movq %fs:(%r10), %r10
    movq %rsp, FRAME_RSP(%r10)
    movq %rbp, FRAME_RBP(%r10)
    movq FRAME_HOST_RSP(%r10), %rsp
    subq $REGISTERS_SIZE, %rsp
    movq %rdi, REGISTERS_INTEGER+0(%rsp)
    movq %rsi, REGISTERS_INTEGER+8(%rsp)
    movq %rdx, REGISTERS_INTEGER+16(%rsp)
    movq %rcx, REGISTERS_INTEGER+24(%rsp)
    movq %r8, REGISTERS_INTEGER+32(%rsp)
    movq %r9, REGISTERS_INTEGER+40(%rsp)
    movq %xmm0, REGISTERS_VECTOR+0(%rsp)
    movq %xmm1, REGISTERS_VECTOR+8(%rsp)
    movq %xmm2, REGISTERS_VECTOR+16(%rsp)
    movq %xmm3, REGISTERS_VECTOR+24(%rsp)
    movq %xmm4, REGISTERS_VECTOR+32(%rsp)
    movq %xmm5, REGISTERS_VECTOR+40(%rsp)
    movq %xmm6, REGISTERS_VECTOR+48(%rsp)
    movq %xmm7, REGISTERS_VECTOR+56(%rsp)
    testl $FRAME_FLAG_X87 | FRAME_FLAG_MXCSR | FRAME_FLAG_UPPER, FRAME_FLAGS(%r10)
    jnz callback_clean
callback_call:
    xorl %ebp, %ebp
    movq %r10, %rdi
    movl %r11d, %esi
    movq %rsp, %rdx
    call bh_hostcall_callback
    movq bh_current_frame@gottpoff(%rip), %rcx
    movq %fs:(%rcx), %rcx
    testl %eax, %eax
    jnz bh_leave
    /* The callback may have run another instance. */
    movl FRAME_FLAGS(%rcx), %eax
    andl $FRAME_FLAG_NO_FSGSBASE | FRAME_FLAG_X87 | FRAME_FLAG_MXCSR | FRAME_FLAG_AVX, %eax
    cmpl $FRAME_FLAG_AVX, %eax
    jne callback_restore
    rdgsbase %rax
    cmpq FRAME_BASE(%rcx), %rax
    jne callback_restore
    vmovq REGISTERS_XMM0(%rsp), %xmm0
    vmovq REGISTERS_XMM1(%rsp), %xmm1
    clear_avx 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
callback_return:
    movq REGISTERS_RAX(%rsp), %rax
    movq REGISTERS_RDX(%rsp), %rdx
    movq FRAME_RBP(%rcx), %rbp
    movq FRAME_RSP(%rcx), %rsp
    movq FRAME_BASE(%rcx), %rcx
    addq $BH_GATE_CALLBACK_RETURN, %rcx
    xorl %esi, %esi
    xorl %edi, %edi
    xorl %r8d, %r8d
    xorl %r9d, %r9d
    xorl %r10d, %r10d
    xorl %r11d, %r11d /* and the flags are those of a zero */
    jmpq *%rcx

callback_clean:
    movq %r10, %rcx
    movl FRAME_FLAGS(%rcx), %edx
    testl $FRAME_FLAG_X87, %edx
    jz 1f
    fnstcw FRAME_GUEST_FPUCW(%rcx)
    call bh_drain_x87
1:  testl $FRAME_FLAG_MXCSR, %edx
    jz 2f
    stmxcsr FRAME_GUEST_MXCSR(%rcx)
    ldmxcsr FRAME_MXCSR(%rcx)
2:  testl $FRAME_FLAG_UPPER, %edx
    jz callback_call
    vzeroupper
    jmp callback_call

    /* GS first, which C sets where it is not as it should be. The guest's control words are callee-saved, so the guest gets them back; the rest is as on entry. */
callback_restore:
    movq %rcx, %rdi
    call bh_set_gs
    movq bh_current_frame@gottpoff(%rip), %rcx
    movq %fs:(%rcx), %rcx
    testb %al, %al
    jz callback_no_gs
    movl FRAME_FLAGS(%rcx), %edx
    testl $FRAME_FLAG_MXCSR, %edx
    jz 1f
    ldmxcsr FRAME_GUEST_MXCSR(%rcx)
1:  testl $FRAME_FLAG_X87, %edx
    jz 2f
    movq %rcx, %rdi
    call bh_clear_x87
    fldcw FRAME_GUEST_FPUCW(%rcx)
    testl $FRAME_FLAG_RETURN_ST0, %edx
    jz 2f
    fldt FRAME_FNSAVE(%rcx)
    andl $~FRAME_FLAG_RETURN_ST0, FRAME_FLAGS(%rcx)
2:  testl $FRAME_FLAG_AVX, %edx
    jz 3f
    vzeroall
    vmovq REGISTERS_XMM0(%rsp), %xmm0
    vmovq REGISTERS_XMM1(%rsp), %xmm1
    jmp callback_return
3:  movq REGISTERS_XMM0(%rsp), %xmm0
    movq REGISTERS_XMM1(%rsp), %xmm1
    clear_sse 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    jmp callback_return

callback_no_gs:
    movl $LEAVE_GS, FRAME_REASON(%rcx)
    jmp bh_leave
    .size bh_stub_callback, . - bh_stub_callback
    .p2align 12, 0xf4

    .section .note.GNU-stack, "", @progbits
