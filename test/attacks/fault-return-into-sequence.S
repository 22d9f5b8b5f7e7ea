/* The handler of a fault returns to the middle of a sequence, with the address of the host's secret in the register that the
 * sequence confines.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 9
 */
#include "Inputs/fault.h"
    function attack
    on_fault handler, 0
    movq 8(%rsp), %rdi
    xorl %eax, %eax
    movl $16, %ebx
    .p2align 5
    movl %eax, %gs:(%ebx)
    return_one
    .p2align 5
    movl %edi, %edi
    addq %gs:BH_CONTEXT_BASE, %rdi
store:
    stosq
    .p2align 5
    return_one

    .p2align 5
    .type handler, @function
handler:
    leaq store(%rip), %rax
    movq %rax, %gs:RIP(%edx)
    sigreturn
