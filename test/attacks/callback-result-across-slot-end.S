/* The same, from the last bytes of the slot on: it is not the beginning alone that has to lie inside.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 1
 */
#include "Inputs/attack.h"
    /* attack(secret, function, stack, the next slot) */
    function attack
    leaq -8(%rcx), %rdi
    movl $3, %r11d
    jmpq *%gs:BH_HOSTCALL_TABLE + 16

    .bss
    .globl callbacks
    .type callbacks, @object
    .size callbacks, 32
    .p2align 3
callbacks:
    .skip 32
