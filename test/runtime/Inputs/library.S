/* A library for the runtime's tests: one function for each thing that a call can do or suffer. */
#include "guest.h"
    bulkhead_note BH_NOTE_FLAG_LIBRARY

    function _start
    xorl %eax, %eax
    jmpq *%gs:BH_HOSTCALL_TABLE + 8

    function add
    leal (%rdi,%rsi), %eax
    return

    function add64
    leaq (%rdi,%rsi), %rax
    return

    function multiply
    mulsd %xmm1, %xmm0
    return

    /* double mix(int, double, long, float): the four in their registers */
    function mix
    cvtsi2sd %edi, %xmm2
    addsd %xmm2, %xmm0
    cvtsi2sd %rsi, %xmm2
    addsd %xmm2, %xmm0
    cvtss2sd %xmm1, %xmm1
    addsd %xmm1, %xmm0
    return

    /* long eighth(long x 8): the last argument, which lies on the stack */
    function eighth
    movq 16(%rsp), %rax
    return

    /* double ninth(double x 9) */
    function ninth
    movsd 8(%rsp), %xmm0
    return

    /* long double twice(long double) */
    function twice
    fldt 8(%rsp)
    fadd %st(0), %st
    return

    /* int negate(unsigned char *) */
    function load
    movl %gs:(%edi), %eax
    return

    function store
    movl %esi, %gs:(%edi)
    return

    function fault_halt
    hlt
    function fault_illegal
    ud2
    function fault_trap
    int3
    function fault_divide
    xorl %edx, %edx
    xorl %eax, %eax
    xorl %ecx, %ecx
    divl %ecx
    function fault_null
    movl %gs:0, %eax
    hlt
    function fault_misaligned
    movaps 8(%rsp), %xmm0
    movaps (%rsp), %xmm0
    hlt
    /* SIGFPE from an unmasked SSE exception */
    function fault_float
    movl $0, -8(%rsp)
    ldmxcsr -8(%rsp)
    xorps %xmm0, %xmm0
    divss %xmm0, %xmm0
    hlt
    function fault_overflow
    .p2align 5
1:  pushq %rax
    jmp 1b
    function fault_hostcall
    jmpq *%gs:BH_HOSTCALL_TABLE_END - 8
    function loop_forever
1:  jmp 1b
    function do_exit
    exit_with 42
    function do_abort
    movl $2, %edi
    movl $6, %esi
    movl $200, %eax
    system_call
    hlt

    /* long call(long number, long a, long b, long c): a system call */
    function call
    movq %rdi, %rax
    movq %rsi, %rdi
    movq %rdx, %rsi
    movq %rcx, %rdx
    system_call
    return

    /* The same with six arguments, from memory: long call6(long number, const long a[6]) */
    function call6
    movq %rdi, %rax
    movl %esi, %ecx
    movq %gs:(%ecx), %rdi
    movq %gs:8(%ecx), %rsi
    movq %gs:16(%ecx), %rdx
    .p2align 5
    movq %gs:24(%ecx), %r10
    movq %gs:32(%ecx), %r8
    movq %gs:40(%ecx), %r9
    system_call
    return

    /* Whether vector, x87 and general registers survive a system call (fork, so that the host logs a refusal): 0 when they do. */
    function survives
    pushq %rbx
    pushq %rbp
    movl $0x1234, %ebx
    movl $0x5678, %ebp
    .p2align 5
    movl $77, %edx
    movq %rbx, %xmm5
    movq %rbp, %xmm15
    fld1
    .p2align 5
    movl $57, %eax
    system_call
    fld1
    fucomip %st(1), %st
    fstp %st(0)
    setne %cl
    .p2align 5
    movzbl %cl, %ecx
    cmpl $0x1234, %ebx
    setne %al
    movzbl %al, %eax
    .p2align 5
    orl %eax, %ecx
    cmpl $0x5678, %ebp
    setne %al
    movzbl %al, %eax
    .p2align 5
    orl %eax, %ecx
    cmpl $77, %edx
    setne %al
    movzbl %al, %eax
    .p2align 5
    orl %eax, %ecx
    movq %xmm5, %rax
    xorq %rbx, %rax
    orl %eax, %ecx
    .p2align 5
    movq %xmm15, %rax
    xorq %rbp, %rax
    orl %ecx, %eax
    popq %rbp
    .p2align 5
    popq %rbx
    return

    function data_address
    leaq cell(%rip), %rax
    return

    .data
    .globl cell
    .type cell, @object
    .size cell, 8
    .p2align 3
cell:
    .quad 0x1122334455667788
    .globl pointer
    .type pointer, @object
    .size pointer, 8
pointer:
    .quad cell
    .bss
    .globl zeros
    .type zeros, @object
    .size zeros, 65536
zeros:
    .skip 65536
