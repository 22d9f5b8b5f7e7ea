/* The way into a guest and every way out of it.
 *
 * What must hold here, and what breaks otherwise:
 *   - Between a host-call stub's first instruction and the load of the host's rsp from the frame, nothing is read or
 *     written through rsp, rbp or guest memory: the guest may have pointed rsp anywhere in its slot, and a fault here would
 *     be a fault of the host.
 *   - The guest is entered only through frame->target, which C confined to a bundle start inside the slot and which lies in
 *     host memory: anything else would start between verified instructions.
 *   - No host value is left in a register when the guest runs, vector and x87 registers included.
 *   - On the way out x87 is cleaned before any other x87 instruction: the guest may have left an unmasked exception
 *     pending, which would be raised in the host.
 */
#include "bulkhead/layout.h"
#include "frame.h"

    .text

/* void bh_enter(struct bh_frame *frame) */
    .globl bh_enter
    .hidden bh_enter
    .type bh_enter, @function
    .p2align 5
bh_enter:
    .cfi_startproc
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbp, 0
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbx, 0
    pushq %r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r12, 0
    pushq %r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r13, 0
    pushq %r14
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r14, 0
    pushq %r15
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r15, 0
    movq %rsp, FRAME_HOST_RSP(%rdi)
    stmxcsr FRAME_MXCSR(%rdi)
    fnstcw FRAME_FPUCW(%rdi)

    /* Loading MXCSR is slow: only when the host's differs from what a guest starts with, sticky flags included. */
    cmpl $MXCSR_DEFAULT, FRAME_MXCSR(%rdi)
    je 1f
    ldmxcsr default_mxcsr(%rip)
    orl $FRAME_FLAG_MXCSR, FRAME_FLAGS(%rdi)
1:
    /* fninit alone marks the registers empty but leaves the host's values readable (through MMX, say). emms, in case the
     * host left MMX state: on a full stack the zeros would not be stored. */
    testl $FRAME_FLAG_X87, FRAME_FLAGS(%rdi)
    jz 2f
    emms
    fldz
    fldz
    fldz
    fldz
    fldz
    fldz
    fldz
    fldz
    fninit
2:
    testl $FRAME_FLAG_AVX, FRAME_FLAGS(%rdi)
    jz 3f
    /* VEX forms clear the registers to their full width. */
    vmovq FRAME_XMM+0(%rdi), %xmm0
    vmovq FRAME_XMM+8(%rdi), %xmm1
    vmovq FRAME_XMM+16(%rdi), %xmm2
    vmovq FRAME_XMM+24(%rdi), %xmm3
    vmovq FRAME_XMM+32(%rdi), %xmm4
    vmovq FRAME_XMM+40(%rdi), %xmm5
    vmovq FRAME_XMM+48(%rdi), %xmm6
    vmovq FRAME_XMM+56(%rdi), %xmm7
    vpxor %xmm8, %xmm8, %xmm8
    vpxor %xmm9, %xmm9, %xmm9
    vpxor %xmm10, %xmm10, %xmm10
    vpxor %xmm11, %xmm11, %xmm11
    vpxor %xmm12, %xmm12, %xmm12
    vpxor %xmm13, %xmm13, %xmm13
    vpxor %xmm14, %xmm14, %xmm14
    vpxor %xmm15, %xmm15, %xmm15
    jmp 4f
3:
    movq FRAME_XMM+0(%rdi), %xmm0
    movq FRAME_XMM+8(%rdi), %xmm1
    movq FRAME_XMM+16(%rdi), %xmm2
    movq FRAME_XMM+24(%rdi), %xmm3
    movq FRAME_XMM+32(%rdi), %xmm4
    movq FRAME_XMM+40(%rdi), %xmm5
    movq FRAME_XMM+48(%rdi), %xmm6
    movq FRAME_XMM+56(%rdi), %xmm7
    pxor %xmm8, %xmm8
    pxor %xmm9, %xmm9
    pxor %xmm10, %xmm10
    pxor %xmm11, %xmm11
    pxor %xmm12, %xmm12
    pxor %xmm13, %xmm13
    pxor %xmm14, %xmm14
    pxor %xmm15, %xmm15
4:
    movq FRAME_TARGET(%rdi), %r11
    movq FRAME_RAX(%rdi), %rax
    movq FRAME_RDX(%rdi), %rdx
    movq FRAME_RCX(%rdi), %rcx
    movq FRAME_RSI(%rdi), %rsi
    movq FRAME_R8(%rdi), %r8
    movq FRAME_R9(%rdi), %r9
    movq FRAME_R14(%rdi), %r14 /* the thread pointer of a module built for threads, else zero */
    movq FRAME_RSP(%rdi), %rsp
    movq FRAME_RDI(%rdi), %rdi
    xorl %r10d, %r10d
    xorl %ebx, %ebx
    xorl %ebp, %ebp
    xorl %r12d, %r12d
    xorl %r13d, %r13d
    xorl %r15d, %r15d /* and the flags are those of a zero */
    jmpq *%r11

    /* Every way out ends here: rcx = frame, its reason stored. Nothing else is assumed of any register. */
    .globl bh_leave
    .hidden bh_leave
    .p2align 4
bh_leave:
    movq FRAME_HOST_RSP(%rcx), %rsp
    cld
    movl FRAME_FLAGS(%rcx), %eax
    testl $FRAME_FLAG_X87, %eax
    jz 2f
    testl $FRAME_FLAG_ST0, %eax
    jz 1f
    /* Saves st0 without raising what may be pending, and initialises as fninit does. */
    fnsave FRAME_FNSAVE(%rcx)
1:
    /* Half the price of fninit. emms would raise what fnclex clears. */
    fnclex
    emms
    fldcw FRAME_FPUCW(%rcx)
2:
    testl $FRAME_FLAG_MXCSR, %eax
    jz 3f
    ldmxcsr FRAME_MXCSR(%rcx)
3:
    testl $FRAME_FLAG_AVX, %eax
    jz 4f
    vzeroupper
4:
    testl $FRAME_FLAG_REFILL, %eax
    jz 6f
    movl $32, %edx
5:  call 7f
    /* Reached by a misprediction only. */
8:  pause
    lfence
    jmp 8b
7:  addq $8, %rsp
    decl %edx
    jnz 5b
    lfence
6:
    popq %r15
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r15
    popq %r14
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r14
    popq %r13
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r13
    popq %r12
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r12
    popq %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbx
    popq %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbp
    ret
    .cfi_endproc
    .size bh_enter, . - bh_enter

    .section .rodata
    .p2align 2
default_mxcsr:
    .long MXCSR_DEFAULT

/* The addresses of these stubs are public to guests, so they have pages of their own. */
    .section .text.bh_stubs, "ax", @progbits
    .p2align 12

    /* Host call 0: a Linux system call. rax number; rdi rsi rdx r10 r8 r9; r11 the return address. Everything but rax,
     * rcx and r11 survives, vector and x87 state included: that is what compilers believe of the instruction. */
    .globl bh_stub_syscall
    .hidden bh_stub_syscall
    .type bh_stub_syscall, @function
bh_stub_syscall:
    movq bh_current_frame@gottpoff(%rip), %rcx
    movq %fs:(%rcx), %rcx
    movq %rax, FRAME_RAX(%rcx)
    movq %rbx, FRAME_RBX(%rcx)
    movq %rdx, FRAME_RDX(%rcx)
    movq %rsi, FRAME_RSI(%rcx)
    movq %rdi, FRAME_RDI(%rcx)
    movq %rbp, FRAME_RBP(%rcx)
    movq %rsp, FRAME_RSP(%rcx)
    movq %r8, FRAME_R8(%rcx)
    movq %r9, FRAME_R9(%rcx)
    movq %r10, FRAME_R10(%rcx)
    movq %r12, FRAME_R12(%rcx)
    movq %r13, FRAME_R13(%rcx)
    movq %r14, FRAME_R14(%rcx)
    movq %r15, FRAME_R15(%rcx)
    movq %r11, FRAME_TARGET(%rcx)
    movq FRAME_HOST_RSP(%rcx), %rsp
    cld
    movq %rcx, %rbx
    subq $8, %rsp /* bh_enter's six pushes left rsp eight short of the alignment that C expects */
    movl $7, %eax
    xorl %edx, %edx
    xsave64 (%rbx)
    testl $FRAME_FLAG_X87, FRAME_FLAGS(%rbx)
    jz 1f
    fnclex
    emms
    fldcw FRAME_FPUCW(%rbx)
1:  testl $FRAME_FLAG_MXCSR, FRAME_FLAGS(%rbx)
    jz 2f
    ldmxcsr FRAME_MXCSR(%rbx)
2:  testl $FRAME_FLAG_AVX, FRAME_FLAGS(%rbx)
    jz 3f
    vzeroupper
3:  movq %rbx, %rdi
    xorl %ebp, %ebp
    call bh_hostcall_syscall
    movq %rbx, %rcx
    testl %eax, %eax
    jnz bh_leave
    movl $7, %eax
    xorl %edx, %edx
    xrstor64 (%rcx)
    movq FRAME_RAX(%rcx), %rax
    movq FRAME_RBX(%rcx), %rbx
    movq FRAME_RDX(%rcx), %rdx
    movq FRAME_RSI(%rcx), %rsi
    movq FRAME_RDI(%rcx), %rdi
    movq FRAME_RBP(%rcx), %rbp
    movq FRAME_R8(%rcx), %r8
    movq FRAME_R9(%rcx), %r9
    movq FRAME_R10(%rcx), %r10
    movq FRAME_R12(%rcx), %r12
    movq FRAME_R13(%rcx), %r13
    movq FRAME_R14(%rcx), %r14
    movq FRAME_R15(%rcx), %r15
    movq FRAME_RSP(%rcx), %rsp
    xorl %r11d, %r11d
    movq FRAME_TARGET(%rcx), %rcx
    jmpq *%rcx
    .size bh_stub_syscall, . - bh_stub_syscall

    /* Host call 1: the innermost call is over. */
    .globl bh_stub_return
    .hidden bh_stub_return
    .type bh_stub_return, @function
    .p2align 5
bh_stub_return:
    movq bh_current_frame@gottpoff(%rip), %rcx
    movq %fs:(%rcx), %rcx
    movq %rax, FRAME_RAX(%rcx)
    movq %rdx, FRAME_RDX(%rcx)
    movq %xmm0, FRAME_XMM(%rcx)
    movq %xmm1, FRAME_XMM+8(%rcx)
    movl $LEAVE_RETURN, FRAME_REASON(%rcx)
    jmp bh_leave
    .size bh_stub_return, . - bh_stub_return

bad_hostcall:
    movq bh_current_frame@gottpoff(%rip), %rcx
    movq %fs:(%rcx), %rcx
    movq %r11, FRAME_HOSTCALL(%rcx)
    movq %rsp, FRAME_RSP(%rcx)
    movl $LEAVE_BAD_HOSTCALL, FRAME_REASON(%rcx)
    jmp bh_leave

    /* One for each table entry, so that the message can name the number. */
    .globl bh_stub_bad
    .hidden bh_stub_bad
    .p2align 5
bh_stub_bad:
    .set n, 0
    .rept BH_HOSTCALL_COUNT
    .p2align 4
    movl $n, %r11d
    jmp bad_hostcall
    .set n, n + 1
    .endr
    .p2align 12, 0xf4

    .section .note.GNU-stack, "", @progbits
