/* What a callback leaves in registers: results and the guest's own callee-saved ones, nothing of the host.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t returns 0
 */
#include "Inputs/attack.h"
    function attack
    pushq %rbx
    movl $0x11, %ebx
    movl $0x22, %ebp
    movl $0x33, %r12d
    .p2align 5
    movl $0x44, %r13d
    movl $0x55, %r14d
    movl $0x66, %r15d
    xorl %edi, %edi
    .p2align 5
    movq callbacks+0(%rip), %rcx
    .skip 11, 0x90
    andl $-32, %ecx
    addq %gs:BH_CONTEXT_BASE, %rcx
    callq *%rcx
    orq %rdx, %rax
    orq %rsi, %rax
    orq %rdi, %rax
    orq %r8, %rax
    orq %r9, %rax
    orq %r10, %rax
    orq %r11, %rax
    .p2align 5
    xorq $0x11, %rbx
    orq %rbx, %rax
    xorq $0x22, %rbp
    orq %rbp, %rax
    xorq $0x33, %r12
    orq %r12, %rax
    .p2align 5
    xorq $0x44, %r13
    orq %r13, %rax
    xorq $0x55, %r14
    orq %r14, %rax
    xorq $0x66, %r15
    orq %r15, %rax

    .p2align 5
    vmovdqu %ymm0, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax
    orq -48(%rsp), %rax
    orq -40(%rsp), %rax

    .p2align 5
    vmovdqu %ymm1, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax
    orq -48(%rsp), %rax
    orq -40(%rsp), %rax

    .p2align 5
    vmovdqu %ymm2, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax
    orq -48(%rsp), %rax
    orq -40(%rsp), %rax

    .p2align 5
    vmovdqu %ymm3, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax
    orq -48(%rsp), %rax
    orq -40(%rsp), %rax

    .p2align 5
    vmovdqu %ymm4, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax
    orq -48(%rsp), %rax
    orq -40(%rsp), %rax

    .p2align 5
    vmovdqu %ymm5, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax
    orq -48(%rsp), %rax
    orq -40(%rsp), %rax

    .p2align 5
    vmovdqu %ymm6, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax
    orq -48(%rsp), %rax
    orq -40(%rsp), %rax

    .p2align 5
    vmovdqu %ymm7, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax
    orq -48(%rsp), %rax
    orq -40(%rsp), %rax

    .p2align 5
    vmovdqu %ymm8, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax
    orq -48(%rsp), %rax
    orq -40(%rsp), %rax

    .p2align 5
    vmovdqu %ymm9, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax
    orq -48(%rsp), %rax
    orq -40(%rsp), %rax

    .p2align 5
    vmovdqu %ymm10, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax
    orq -48(%rsp), %rax
    orq -40(%rsp), %rax

    .p2align 5
    vmovdqu %ymm11, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax
    orq -48(%rsp), %rax
    orq -40(%rsp), %rax

    .p2align 5
    vmovdqu %ymm12, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax
    orq -48(%rsp), %rax
    orq -40(%rsp), %rax

    .p2align 5
    vmovdqu %ymm13, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax
    orq -48(%rsp), %rax
    orq -40(%rsp), %rax

    .p2align 5
    vmovdqu %ymm14, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax
    orq -48(%rsp), %rax
    orq -40(%rsp), %rax

    .p2align 5
    vmovdqu %ymm15, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax
    orq -48(%rsp), %rax
    orq -40(%rsp), %rax

    .p2align 5
    movq %mm0, %rdx
    orq %rdx, %rax

    .p2align 5
    movq %mm1, %rdx
    orq %rdx, %rax

    .p2align 5
    movq %mm2, %rdx
    orq %rdx, %rax

    .p2align 5
    movq %mm3, %rdx
    orq %rdx, %rax

    .p2align 5
    movq %mm4, %rdx
    orq %rdx, %rax

    .p2align 5
    movq %mm5, %rdx
    orq %rdx, %rax

    .p2align 5
    movq %mm6, %rdx
    orq %rdx, %rax

    .p2align 5
    movq %mm7, %rdx
    orq %rdx, %rax

    .p2align 5
    emms
    stmxcsr -8(%rsp)
    movl -8(%rsp), %ecx
    xorl $0x1f80, %ecx
    orq %rcx, %rax
    popq %rbx
    return

    .bss
    .globl callbacks
    .type callbacks, @object
    .size callbacks, 32
    .p2align 3
callbacks:
    .skip 32
