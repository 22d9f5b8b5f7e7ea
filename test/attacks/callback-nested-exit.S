/* A guest that exits in a nested call has exited.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t error 22
 */
#include "Inputs/attack.h"
    function attack
    movl $1, %edi
    .p2align 5
    movq callbacks+0(%rip), %rcx
    .skip 11, 0x90
    andl $-32, %ecx
    addq %gs:BH_CONTEXT_BASE, %rcx
    callq *%rcx
    xorl %eax, %eax
    return
    function inner
    exit_with 3

    .bss
    .globl callbacks
    .type callbacks, @object
    .size callbacks, 32
    .p2align 3
callbacks:
    .skip 32
