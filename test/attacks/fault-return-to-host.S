/* The handler of a fault returns to where a function of the host's may begin.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t contained
 */
#include "Inputs/fault.h"
    function attack
    movq %rsi, %r12
    on_fault handler, 0
    movl $16, %ebx
    movl %eax, %gs:(%ebx)
    hlt

    .p2align 5
    .type handler, @function
handler:
    andq $-BH_BUNDLE_SIZE, %r12
    movq %r12, %gs:RIP(%edx)
    sigreturn
