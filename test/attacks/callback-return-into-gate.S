/* A callback whose return address is the return gate ends the call like any return.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t returns 0
 */
#include "Inputs/attack.h"
    function attack
    xorl %edi, %edi
    xorl %r11d, %r11d
    movq %gs:BH_CONTEXT_BASE, %rax
    .p2align 5
    addq $BH_GATE_OFFSET, %rax
    pushq %rax
    jmpq *%gs:BH_HOSTCALL_TABLE + 16

    .bss
    .globl callbacks
    .type callbacks, @object
    .size callbacks, 32
    .p2align 3
callbacks:
    .skip 32
