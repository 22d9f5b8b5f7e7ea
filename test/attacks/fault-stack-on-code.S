/* The stack for handlers is code: nothing is written there, and the fault ends the guest.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 1
 */
#include "Inputs/fault.h"
    function attack
    on_fault handler, SA_ONSTACK
    leaq attack(%rip), %rax
    andq $-4096, %rax
    alternate_stack 4096
    movl $16, %ebx
    movl %eax, %gs:(%ebx)
    hlt

    .p2align 5
    .type handler, @function
handler:
    return_one
