/* Splits memory by alternating mprotects, as often as it can: the process must still be able to map memory.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t returns 1
 */
#include "Inputs/attack.h"
    function attack
    xorl %edi, %edi
    movl $0x20000000, %esi
    movl $3, %edx
    .p2align 5
    movl $0x22, %r10d
    movl $-1, %r8d
    xorl %r9d, %r9d
    movl $9, %eax
    system_call
    movq %rax, %rbx
    xorl %ebp, %ebp
    .p2align 5
1:  movq %rbx, %rdi
    movl $4096, %esi
    movl $1, %edx
    movl $10, %eax
    system_call
    testq %rax, %rax
    js 2f
    addq $8192, %rbx
    incl %ebp
    .p2align 5
    cmpl $65000, %ebp
    jb 1b
    xorl %eax, %eax
    return
    .p2align 5
2:  movl $1, %eax
    return
