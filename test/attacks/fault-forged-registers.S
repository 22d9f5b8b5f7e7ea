/* A store whose sequence has confined its address faults; the handler makes the page writable, writes the address of the host's
 * secret to every register of its ucontext, sets TF, DF and AC, and returns. The store goes where it went, with the registers and
 * flags that it had.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t returns 1
 */
#include "Inputs/fault.h"
    function attack
    movq %rdi, %r12
    on_fault handler, 0
    protect_page 1
    leaq PAGE(%rip), %rdi
    movl $0x1234567, %eax
    movl $7, %ebx
    cmpl $8, %ebx /* carry */
    .p2align 5
    movl %edi, %edi
    addq %gs:BH_CONTEXT_BASE, %rdi /* no carry */
    stosq
    pushfq
    popq %rcx
    .p2align 5
    andl $0x40f01, %ecx
    cmpl $0x200, %ecx
    jne 1f
    leaq 8+PAGE(%rip), %rcx
    cmpq %rcx, %rdi
    jne 1f
    .p2align 5
    cmpq $0x1234567, PAGE(%rip)
    jne 1f
    cmpl $7, %ebx
    jne 1f
    .p2align 5
    return_one
1:  hlt

    .p2align 5
    .type handler, @function
handler:
    movl $LAST_INDEX, %ecx
    .p2align 5
1:  cmpl $RIP_INDEX, %ecx
    je 2f
    movq %r12, %gs:GENERAL(%edx,%ecx,8)
    .p2align 5
2:  decl %ecx
    jns 1b
    movq $0x40700, %gs:GENERAL+8*17(%edx)
    protect_page 3
    xorl %ebx, %ebx
    sigreturn
