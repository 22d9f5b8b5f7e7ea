/* Unmasked SSE exceptions when a callback is made: the host computes with its own MXCSR, the guest gets its own back.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t returns 0
 */
#include "Inputs/attack.h"
    function attack
    movl $0x7f00, -8(%rsp)
    ldmxcsr -8(%rsp)
    xorl %edi, %edi
    .p2align 5
    movq callbacks+0(%rip), %rcx
    .skip 11, 0x90
    andl $-32, %ecx
    addq %gs:BH_CONTEXT_BASE, %rcx
    callq *%rcx
    stmxcsr -8(%rsp)
    movl -8(%rsp), %eax
    xorl $0x7f00, %eax
    return

    .bss
    .globl callbacks
    .type callbacks, @object
    .size callbacks, 32
    .p2align 3
callbacks:
    .skip 32
