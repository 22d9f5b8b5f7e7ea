/* Stack arguments that begin in the last word of the slot and go on behind it.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 1
 */
#include "Inputs/attack.h"
    function attack
    movl $1, %r11d
    movl $-16, %esp
    addq %gs:BH_CONTEXT_BASE, %rsp
    .p2align 5
    jmpq *%gs:BH_HOSTCALL_TABLE + 16

    .bss
    .globl callbacks
    .type callbacks, @object
    .size callbacks, 32
    .p2align 3
callbacks:
    .skip 32
