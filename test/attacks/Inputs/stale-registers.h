/* For attacks that look for what the host left in registers: these gather it in rax, where anything but zero shows. Each piece is a
 * bundle of its own; below rsp there is room. */

.macro gather_ymm
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    .p2align 5
    vmovdqu %ymm\n, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax
    orq -48(%rsp), %rax
    orq -40(%rsp), %rax
    .endr
.endm

/* For modules that must not use the upper halves. */
.macro gather_xmm
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    .p2align 5
    movups %xmm\n, -64(%rsp)
    orq -64(%rsp), %rax
    orq -56(%rsp), %rax
    .endr
.endm

/* By way of a general register, which changes. */
.macro gather_mm general
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    .p2align 5
    movq %mm\n, \general
    orq \general, %rax
    .endr
.endm

/* Changes rcx; leaves MMX. */
.macro gather_mxcsr
    .p2align 5
    emms
    stmxcsr -8(%rsp)
    movl -8(%rsp), %ecx
    xorl $0x1f80, %ecx
    orq %rcx, %rax
.endm
