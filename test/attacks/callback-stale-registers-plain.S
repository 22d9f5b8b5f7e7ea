/* The same for a module that has no facts, whose transitions do less.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t returns 0
 */
#include "Inputs/attack.h"
    function attack
    orq %rbx, %rax
    orq %rbp, %rax
    orq %r8, %rax
    orq %r9, %rax
    orq %r10, %rax
    orq %r12, %rax
    .p2align 5
    orq %r13, %rax
    orq %r14, %rax
    orq %r15, %rax

    .p2align 5
    movups %xmm0, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm1, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm2, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm3, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm4, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm5, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm6, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm7, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm8, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm9, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm10, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm11, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm12, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm13, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm14, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm15, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    pushq %rax
    xorl %edi, %edi
    .p2align 5
    movq callbacks+0(%rip), %rcx
    .skip 11, 0x90
    andl $-32, %ecx
    addq %gs:BH_CONTEXT_BASE, %rcx
    callq *%rcx
    popq %rcx
    orq %rcx, %rax
    orq %rdx, %rax
    orq %rsi, %rax
    orq %rdi, %rax
    orq %r8, %rax
    orq %r9, %rax
    orq %r10, %rax
    .p2align 5
    orq %r11, %rax

    .p2align 5
    movups %xmm0, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm1, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm2, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm3, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm4, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm5, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm6, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm7, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm8, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm9, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm10, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm11, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm12, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm13, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm14, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    .p2align 5
    movups %xmm15, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax

    return

    .bss
    .globl callbacks
    .type callbacks, @object
    .size callbacks, 32
    .p2align 3
callbacks:
    .skip 32
