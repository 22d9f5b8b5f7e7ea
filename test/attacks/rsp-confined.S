/* rsp confined, wherever the host stack lay: a push there hits the slot or faults.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t contained
 */
#include "Inputs/attack.h"
    function attack
    movl %edx, %esp
    addq %gs:BH_CONTEXT_BASE, %rsp
    pushq %rax
    hlt
