/* A pending x87 exception when a callback is made: the host must not get it.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t contained
 */
#include "Inputs/attack.h"
    function attack
    movl $0x360, -8(%rsp)
    fldcw -8(%rsp)
    fld1
    fldz
    fdivrp
    .p2align 5
    xorl %edi, %edi
    .p2align 5
    movq callbacks+0(%rip), %rcx
    .skip 11, 0x90
    andl $-32, %ecx
    addq %gs:BH_CONTEXT_BASE, %rcx
    callq *%rcx
    return

    .bss
    .globl callbacks
    .type callbacks, @object
    .size callbacks, 32
    .p2align 3
callbacks:
    .skip 32
