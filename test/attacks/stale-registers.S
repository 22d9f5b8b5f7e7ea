/* Reads what the host left in registers: all but arguments must be zero, MXCSR fresh.
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
    .p2align 5
    orq %r10, %rax
    orq %r12, %rax
    orq %r13, %rax
    orq %r14, %rax
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
    movq %mm0, %rcx
    orq %rcx, %rax

    .p2align 5
    movq %mm1, %rcx
    orq %rcx, %rax

    .p2align 5
    movq %mm2, %rcx
    orq %rcx, %rax

    .p2align 5
    movq %mm3, %rcx
    orq %rcx, %rax

    .p2align 5
    movq %mm4, %rcx
    orq %rcx, %rax

    .p2align 5
    movq %mm5, %rcx
    orq %rcx, %rax

    .p2align 5
    movq %mm6, %rcx
    orq %rcx, %rax

    .p2align 5
    movq %mm7, %rcx
    orq %rcx, %rax

    .p2align 5
    emms
    stmxcsr -8(%rsp)
    movl -8(%rsp), %ecx
    xorl $0x1f80, %ecx
    orq %rcx, %rax
    return
