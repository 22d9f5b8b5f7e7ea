/* A callback with rsp at the slot's beginning, in which the host calls the guest with a large structure: it would lie before the slot.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t error 20
 */
#include "Inputs/attack.h"
    function attack
    movl $4, %r11d
    movl $0x8000, %esp
    addq %gs:BH_CONTEXT_BASE, %rsp
    .p2align 5
    jmpq *%gs:BH_HOSTCALL_TABLE + 16
    function inner
    movl $42, %eax
    return

    .bss
    .globl callbacks
    .type callbacks, @object
    .size callbacks, 32
    .p2align 3
callbacks:
    .skip 32
