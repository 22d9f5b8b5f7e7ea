/* Writes code to its memory and jumps there: never executable.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 1
 */
#include "Inputs/attack.h"
    function attack
    leaq arena(%rip), %rax
    movl $0xf4f4f4f4, arena(%rip)
    .p2align 5
    andl $-32, %eax
    addq %gs:BH_CONTEXT_BASE, %rax
    jmpq *%rax
