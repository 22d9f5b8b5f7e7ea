/* A nested call runs below what its caller has on the stack, and returns to the callback.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t returns 42
 */
#include "Inputs/attack.h"
    function attack
    movl $0x1234, %eax
    pushq %rax
    movl $1, %edi
    .p2align 5
    movq callbacks+0(%rip), %rcx
    .skip 11, 0x90
    andl $-32, %ecx
    addq %gs:BH_CONTEXT_BASE, %rcx
    callq *%rcx
    popq %rcx
    cmpl $0x1234, %ecx
    je 1f
    xorl %eax, %eax
1:  return
    function inner
    subq $8, %rsp
    pushq $0
    addq $8, %rsp
    pushq $0
    .p2align 5
    popq %rcx
    addq $8, %rsp
    movl $42, %eax
    return

    .bss
    .globl callbacks
    .type callbacks, @object
    .size callbacks, 32
    .p2align 3
callbacks:
    .skip 32
