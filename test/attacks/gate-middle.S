/* A jump past the instruction that loads a thunk's number is rounded down to it: the number is the thunk's.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 12
 */
#include "Inputs/attack.h"
    function attack
    movl $0, %r11d
    movl $BH_GATE_OFFSET + 64 + 32 * (BH_CALLBACK_COUNT - 1) + 6, %ecx
    .p2align 5
    andl $-32, %ecx
    addq %gs:BH_CONTEXT_BASE, %rcx
    jmpq *%rcx
