/* Pushes and pops at the upper edge of the slot.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 1
 */
#include "Inputs/attack.h"
    function attack
    movl $0xfffffff8, %esp
    addq %gs:BH_CONTEXT_BASE, %rsp
    .p2align 5
    addq $16384, %rsp
    popq %rax
    hlt
