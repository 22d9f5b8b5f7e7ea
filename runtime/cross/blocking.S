/* int64_t bh_blocking_syscall(const atomic_int *interrupt, long number, a, b, c, d, e, f): a system call that may block, unless
 * *interrupt is set. The handler of the engine's signal knows the instructions between bh_blocking_begin and
 * bh_blocking_end: a signal that comes after the test, but before the kernel has begun to wait, continues at
 * bh_blocking_cancel, and is not lost. Returns what the kernel does; -EINTR when it was interrupted, or not begun. */
#define EINTR 4

    .text
    .globl bh_blocking_syscall, bh_blocking_begin, bh_blocking_end, bh_blocking_cancel
    .hidden bh_blocking_syscall, bh_blocking_begin, bh_blocking_end, bh_blocking_cancel
    .type bh_blocking_syscall, @function
    .p2align 4
bh_blocking_syscall:
    .cfi_startproc
bh_blocking_begin:
    cmpl $0, (%rdi)
    jne bh_blocking_cancel
    movq %rsi, %rax
    movq %rdx, %rdi
    movq %rcx, %rsi
    movq %r8, %rdx
    movq %r9, %r10
    movq 8(%rsp), %r8
    movq 16(%rsp), %r9
    syscall
bh_blocking_end:
    ret
bh_blocking_cancel:
    movq $-EINTR, %rax
    ret
    .cfi_endproc
    .size bh_blocking_syscall, . - bh_blocking_syscall

    /* Where the kernel goes when a handler returns. Unwinders and debuggers know these bytes, which are the C library's too. */
    .globl bh_signal_return
    .hidden bh_signal_return
    .type bh_signal_return, @function
    .p2align 4
    nop /* they look one byte back, as if this were called */
bh_signal_return:
    movq $15, %rax /* rt_sigreturn */
    syscall
    .size bh_signal_return, . - bh_signal_return

    .section .note.GNU-stack, "", @progbits
