/* A signal handler in the host.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t contained
 */
#include "Inputs/attack.h"
    function attack
    movq %rsi, arena(%rip)
    movq $0, 8+arena(%rip)
    .p2align 5
    movq %rdi, 16+arena(%rip)
    movl $10, %edi
    .p2align 5
    leaq arena(%rip), %rsi
    xorl %edx, %edx
    movl $8, %r10d
    movl $13, %eax
    system_call
    movl $2, %edi
    movl $10, %esi
    movl $200, %eax
    system_call
    hlt
