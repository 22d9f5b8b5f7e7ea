/* The stub through which callbacks return, entered without one: it pops and goes there like any return.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t returns 9
 */
#include "Inputs/attack.h"
    function attack
    movl $9, %eax
    movl $BH_GATE_OFFSET + 32 + 7, %ecx
    .p2align 5
    andl $-32, %ecx
    addq %gs:BH_CONTEXT_BASE, %rcx
    jmpq *%rcx
