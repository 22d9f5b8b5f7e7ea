/* The stack for handlers is the gate pages: nothing is written there, and the fault ends the guest.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 1
 */
#include "Inputs/fault.h"
    function attack
    on_fault handler, SA_ONSTACK
    movq %gs:BH_CONTEXT_BASE, %rax
    addq $BH_GATE_OFFSET, %rax
    alternate_stack 4096
    movl $16, %ebx
    movl %eax, %gs:(%ebx)
    hlt

    .p2align 5
    .type handler, @function
handler:
    return_one
