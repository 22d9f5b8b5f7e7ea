/* Callback numbers far beyond the table.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 12
 */
#include "Inputs/attack.h"
    function attack
    movl $-1, %r11d
    jmpq *%gs:BH_HOSTCALL_TABLE + 16

    .bss
    .globl callbacks
    .type callbacks, @object
    .size callbacks, 32
    .p2align 3
callbacks:
    .skip 32
