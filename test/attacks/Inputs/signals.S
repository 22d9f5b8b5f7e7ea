/* A guest that sends itself a signal. attack(mode, argument): the handler
 *     0, 4   ends the call with 1 at once; with 4, rsp is argument when the signal comes
 *     1      calls argument(its signal frame) and returns by rt_sigreturn; attack then returns 7 + mode
 *     2      makes rt_sigreturn with rsp = argument
 *     12     as with 4, and returns by rt_sigreturn once its frame cannot be read any more
 * again(): rt_sigreturn as the handler of the last attack would. */
#include "attack.h"
#define HANDLER arena      /* struct sigaction: handler, flags, restorer, mask */
#define FRAME   64+arena   /* rsp at rt_sigreturn */
#define MODE    72+arena
#define ARGUMENT 80+arena
    function attack
    movq %rdi, MODE(%rip)
    .p2align 5
    movq %rsi, ARGUMENT(%rip)
    .p2align 5
    /* Refused: what the host does about that leaves its traces on its stack. */
    movl $9999, %eax
    system_call
    leaq handler(%rip), %rax
    movq %rax, HANDLER(%rip)
    .p2align 5
    movq $0x40000000, 8+HANDLER(%rip) /* SA_NODEFER */
    movq $0, 16+HANDLER(%rip)
    .p2align 5
    movq $0, 24+HANDLER(%rip)
    movl $10, %edi
    .p2align 5
    leaq HANDLER(%rip), %rsi
    xorl %edx, %edx
    movl $8, %r10d
    movl $13, %eax
    system_call
    movq MODE(%rip), %rbx
    .p2align 5
    testl $4, %ebx
    jz 1f
    movl ARGUMENT(%rip), %eax
    .p2align 5
    movl %eax, %esp
    addq %gs:BH_CONTEXT_BASE, %rsp
    .p2align 5
1:  movl $2, %edi
    movl $10, %esi
    movl $200, %eax
    system_call
    leal 7(%rbx), %eax
    jmpq *%gs:BH_HOSTCALL_TABLE + 8

    .p2align 5
    .type handler, @function
handler:
    leaq 8(%rsp), %rax
    movq %rax, FRAME(%rip)
    .p2align 5
    movq MODE(%rip), %rbx
    .p2align 5
    cmpl $1, %ebx
    je 1f
    cmpl $2, %ebx
    je 2f
    .p2align 5
    cmpl $12, %ebx
    je 3f
    movl $1, %eax
    jmpq *%gs:BH_HOSTCALL_TABLE + 8
    .p2align 5
2:  movl ARGUMENT(%rip), %eax
    .p2align 5
    movl %eax, %esp
    addq %gs:BH_CONTEXT_BASE, %rsp
    .p2align 5
    movl $15, %eax
    system_call
    hlt
    .p2align 5
3:  popq %rcx
    leaq 28672+arena(%rip), %rdi /* where the frame is: signal-attacks.c */
    movl $4096, %esi
    xorl %edx, %edx
    movl $10, %eax
    system_call
    movl $9999, %eax
    system_call
    movl $15, %eax
    system_call
    hlt
    .p2align 5
1:  movq %rsp, %rdi
    movq ARGUMENT(%rip), %rax
    pushq %rax
    .p2align 5
    .fill 18, 1, 0x90 /* the call ends the bundle */
    andl $-32, %eax
    addq %gs:BH_CONTEXT_BASE, %rax
    callq *%rax
    .p2align 5
    popq %rax
    popq %rcx
    .p2align 5
    movl $15, %eax
    system_call
    hlt

    function again
    movl FRAME(%rip), %eax
    .p2align 5
    movl %eax, %esp
    addq %gs:BH_CONTEXT_BASE, %rsp
    .p2align 5
    movl $15, %eax
    system_call
    hlt
