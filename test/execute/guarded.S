/* unsigned guarded_call(void (*function)(void *), void *context): calls it with known values in the callee-saved registers and
 * unusual control words, and tells what it did not restore: see enum guarded in mutants-hosted.c. */
    .text
    .globl guarded_call
    .p2align 4
guarded_call:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $24, %rsp
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movl $0x5f80, 8(%rsp) /* round up */
    ldmxcsr 8(%rsp)
    movl $0x27f, 8(%rsp) /* double precision */
    fldcw 8(%rsp)
    movq %rdi, %rax
    movq %rsi, %rdi
    movabsq $0x1b1b1b1b1b1b1b1b, %rbx
    movabsq $0x2b2b2b2b2b2b2b2b, %rbp
    movabsq $0x3b3b3b3b3b3b3b3b, %r12
    movabsq $0x4b4b4b4b4b4b4b4b, %r13
    movabsq $0x5b5b5b5b5b5b5b5b, %r14
    movabsq $0x6b6b6b6b6b6b6b6b, %r15
    callq *%rax
    xorl %eax, %eax
    .macro expect value, register
    movabsq $\value, %rcx
    cmpq %rcx, \register
    je 1f
    orl $1, %eax
1:
    .endm
    expect 0x1b1b1b1b1b1b1b1b, %rbx
    expect 0x2b2b2b2b2b2b2b2b, %rbp
    expect 0x3b3b3b3b3b3b3b3b, %r12
    expect 0x4b4b4b4b4b4b4b4b, %r13
    expect 0x5b5b5b5b5b5b5b5b, %r14
    expect 0x6b6b6b6b6b6b6b6b, %r15
    pushfq
    popq %rcx
    testl $0x40400, %ecx /* direction, alignment check */
    jz 1f
    orl $2, %eax
    pushq $2
    popfq
1:  stmxcsr 8(%rsp)
    movl 8(%rsp), %ecx
    andl $0xffc0, %ecx /* without the sticky flags */
    cmpl $0x5f80, %ecx
    je 1f
    orl $4, %eax
1:  fnstcw 8(%rsp)
    cmpw $0x27f, 8(%rsp)
    je 1f
    orl $8, %eax
1:  fnstsw 8(%rsp)
    testw $0x3800, 8(%rsp) /* the top of the x87 stack */
    jz 1f
    orl $8, %eax
1:  fninit
    ldmxcsr (%rsp)
    fldcw 4(%rsp)
    addq $24, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    ret

    .section .note.GNU-stack, "", @progbits
