/* Behind the last thunk the gate pages are filled with hlt.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 2
 */
#include "Inputs/attack.h"
    function attack
    movl $0, %r11d
    movl $BH_GATE_OFFSET + 64 + 32 * BH_CALLBACK_COUNT, %ecx
    .p2align 5
    andl $-32, %ecx
    addq %gs:BH_CONTEXT_BASE, %rcx
    jmpq *%rcx
