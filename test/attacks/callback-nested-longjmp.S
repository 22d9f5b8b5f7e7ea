/* A nested call that jumps over the boundary, to the stack of the outer call, and returns from there: it ends the nested call.
 * The outer one then runs on a stack that is no longer its own.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t contained
 */
#include "Inputs/attack.h"
    function attack
    movq %rsp, saved(%rip)
    movl $1, %edi
    .p2align 5
    movq callbacks+0(%rip), %rcx
    .skip 11, 0x90
    andl $-32, %ecx
    addq %gs:BH_CONTEXT_BASE, %rcx
    callq *%rcx
    return
    function inner
    movl saved(%rip), %esp
    addq %gs:BH_CONTEXT_BASE, %rsp
    movl $5, %eax
    return
    .bss
    .p2align 3
saved:
    .skip 8

    .bss
    .globl callbacks
    .type callbacks, @object
    .size callbacks, 32
    .p2align 3
callbacks:
    .skip 32
