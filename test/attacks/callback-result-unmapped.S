/* The same within the slot, where nothing is mapped: the host does not fault there.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 1
 */
#include "Inputs/attack.h"
    function attack
    movq %gs:BH_CONTEXT_BASE, %rdi
    addq $4096, %rdi
    movl $3, %r11d
    jmpq *%gs:BH_HOSTCALL_TABLE + 16

    .bss
    .globl callbacks
    .type callbacks, @object
    .size callbacks, 32
    .p2align 3
callbacks:
    .skip 32
