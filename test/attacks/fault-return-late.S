/* The handler jumps out, and its guest returns for it later, from elsewhere: the store goes on with its own registers. A second
 * time there is nothing to return to.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 9
 */
#include "Inputs/fault.h"
#define FRAME 128+arena
    function attack
    on_fault handler, SA_NODEFER
    protect_page 1
    movq %rsp, %r13
    movl $7, %ebx
    leaq PAGE(%rip), %r15
    .p2align 5
    movl %ebx, %gs:(%r15d)
    cmpl $7, PAGE(%rip)
    jne 1f
    .p2align 5
    cmpl $7, %ebx
    jne 1f
    jmp late
    .p2align 5
1:  return_one

    .p2align 5
    .type handler, @function
handler:
    leaq 8(%rsp), %rax
    movq %rax, FRAME(%rip)
    .p2align 5
    movl %r13d, %esp
    addq %gs:BH_CONTEXT_BASE, %rsp
    pushq %rax
    protect_page 3
    movl $9, %ebx
    xorl %r15d, %r15d
late:
    .p2align 5
    movl FRAME(%rip), %eax
    .p2align 5
    movl %eax, %esp
    addq %gs:BH_CONTEXT_BASE, %rsp
    .p2align 5
    movl $15, %eax
    system_call
    hlt
