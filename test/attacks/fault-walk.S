/* Walks rsp out of the slot by constants whose touch faults: each time the handler, on a stack of its own, returns to the next
 * constant instead.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 9
 */
#include "Inputs/fault.h"
    function attack
    on_fault handler, SA_ONSTACK
    leaq STACK(%rip), %rax
    alternate_stack 16384
    movl $8, %esp
    addq %gs:BH_CONTEXT_BASE, %rsp
    .p2align 5
again:
    subq $16384, %rsp
    pushq %rax
    hlt

    .p2align 5
    .type handler, @function
handler:
    leaq again(%rip), %rax
    movq %rax, %gs:RIP(%edx)
    sigreturn
