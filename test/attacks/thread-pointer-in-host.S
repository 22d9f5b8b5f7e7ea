/* A thread pointer in the host: its accesses are confined all the same.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t contained
 */
#include "Inputs/attack.h"
    function attack
    movl $0x1002, %eax
    xchgq %rdi, %rax
    xchgq %rsi, %rax
    movl $158, %eax
    system_call
    .p2align 5
    movq %gs:BH_CONTEXT_TP, %rax
    movl %gs:(%eax), %ecx
    movl %ecx, %gs:(%eax)
    hlt
