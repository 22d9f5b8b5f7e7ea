/* Unmaps its own data, heap and stack: nothing of the host may land there.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t contained
 */
#include "Inputs/attack.h"
    function attack
    leaq arena(%rip), %rdi
    movl $65536, %esi
    movl $11, %eax
    system_call
    movl $0xfe000000, %edi
    addq %gs:BH_CONTEXT_BASE, %rdi
    movl $0x1000000, %esi
    movl $11, %eax
    system_call
    pushq %rax
    hlt
