/* clang-format off */
/* Assembler macros: vector registers, cleared. */
#ifndef BULKHEAD_RUNTIME_CLEAR_H
#define BULKHEAD_RUNTIME_CLEAR_H

/* Clears the vector registers with these numbers: VEX forms to their full width, the others where there is no AVX. */
.macro clear_avx numbers:vararg
    .irp n, \numbers
    vpxor %xmm\n, %xmm\n, %xmm\n
    .endr
.endm
.macro clear_sse numbers:vararg
    .irp n, \numbers
    pxor %xmm\n, %xmm\n
    .endr
.endm

#endif
