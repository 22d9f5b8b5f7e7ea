/* A callback with a return address in the host: the way back is cut to the slot.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t contained
 */
#include "Inputs/attack.h"
    function attack
    xorl %edi, %edi
    xorl %r11d, %r11d
    pushq callbacks+24(%rip)
    jmpq *%gs:BH_HOSTCALL_TABLE + 16

    .bss
    .globl callbacks
    .type callbacks, @object
    .size callbacks, 32
    .p2align 3
callbacks:
    .skip 32
