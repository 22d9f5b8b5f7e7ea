/* The stack is not executable.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 1
 */
#include "Inputs/attack.h"
    function attack
    movq %rsp, %rax
    .p2align 5
    andl $-32, %eax
    addq %gs:BH_CONTEXT_BASE, %rax
    jmpq *%rax
