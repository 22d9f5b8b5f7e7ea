/* Pushes at the lower edge of the slot: the null pages, then the guard of the slot below.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 1
 */
#include "Inputs/attack.h"
    function attack
    movl $8, %esp
    addq %gs:BH_CONTEXT_BASE, %rsp
    .p2align 5
    subq $16384, %rsp
    pushq %rax
    hlt
