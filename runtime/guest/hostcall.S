/* Host calls that the personality serves: system calls, and looks at signals where the guest's code was interrupted. What must hold
 * here stands in cross/entry.S. */
#include "bulkhead/layout.h"
#include "cross/frame.h"

/* In a host call: rcx = frame, whose general registers are stored, rsp = its host_rsp. Stores the vector and x87 state,
 * gives the host its own, and leaves the frame in rbx and rdi. */
.macro take_state
    movq %rcx, %rbx
    /* xrstor wants the header clean where xsave does not write it. */
    .set n, 0
    .rept 8
    movq $0, FRAME_XSAVE_HEADER + 8 * n(%rbx)
    .set n, n + 1
    .endr
    movl $7, %eax
    xorl %edx, %edx
    xsave64 (%rbx)
    testl $FRAME_FLAG_X87, FRAME_FLAGS(%rbx)
    jz 1f
    movq %rbx, %rcx
    call bh_drain_x87
1:  testl $FRAME_FLAG_MXCSR, FRAME_FLAGS(%rbx)
    jz 2f
    ldmxcsr FRAME_MXCSR(%rbx)
2:  testl $FRAME_FLAG_UPPER, FRAME_FLAGS(%rbx)
    jz 3f
    vzeroupper
3:  movq %rbx, %rdi
    xorl %ebp, %ebp
.endm
/* Loads the general registers of the frame at rcx but for rcx, rsp and r11. */
.macro load_general
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
.endm

    .text
    /* The fault handler's way to a handler of the guest's: rcx = frame with the general registers of the fault, rsp = its
     * host_rsp. The rest is as in a system call. */
    .globl bh_fault_caught
    .hidden bh_fault_caught
    .type bh_fault_caught, @function
    .p2align 4
bh_fault_caught:
    take_state
    call bh_hostcall_fault
    jmp called
    .size bh_fault_caught, . - bh_fault_caught

    /* The same way to look at the guest's signals. */
    .globl bh_guest_interrupted
    .hidden bh_guest_interrupted
    .type bh_guest_interrupted, @function
    .p2align 4
bh_guest_interrupted:
    take_state
    call bh_hostcall_interrupted
    jmp called
    .size bh_guest_interrupted, . - bh_guest_interrupted

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
    take_state
    call bh_hostcall_syscall
called:
    movq %rbx, %rcx
    testl %eax, %eax
    jnz not_back
    movl $7, %eax
    xorl %edx, %edx
    xrstor64 (%rcx)
    load_general
    movq FRAME_RSP(%rcx), %rsp
    xorl %r11d, %r11d
    movq FRAME_TARGET(%rcx), %rcx
    jmpq *%rcx

not_back:
    cmpl $GO_EXACTLY, %eax
    jne bh_leave
    /* Where a fault interrupted the guest, with every register as it was. iret, of the host's stack, is the one instruction
     * that loads rip, rsp and the flags at once. */
    movl $7, %eax
    xorl %edx, %edx
    xrstor64 (%rcx)
    movl %ss, %eax
    pushq %rax
    pushq FRAME_RSP(%rcx)
    pushq FRAME_RFLAGS(%rcx)
    movl %cs, %eax
    pushq %rax
    pushq FRAME_TARGET(%rcx)
    load_general
    movq FRAME_R11(%rcx), %r11
    movq FRAME_RCX(%rcx), %rcx
    iretq
    .size bh_stub_syscall, . - bh_stub_syscall
    .p2align 12, 0xf4

    .section .note.GNU-stack, "", @progbits
