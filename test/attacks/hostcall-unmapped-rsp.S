/* Points rsp at unmapped memory, then makes a host call: the stub must not touch it.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t returns 2
 */
#include "Inputs/attack.h"
    function attack
    movq %rsp, %rbx
    .p2align 5
    movl $0x8000, %esp
    addq %gs:BH_CONTEXT_BASE, %rsp
    movl $39, %eax
    system_call
    .p2align 5
    movl %ebx, %esp
    addq %gs:BH_CONTEXT_BASE, %rsp
    return
