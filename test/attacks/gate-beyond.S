/* Behind the gate pages the image begins, with headers that are not executable.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 1
 */
#include "Inputs/attack.h"
    function attack
    movl $0, %r11d
    movl $BH_GATE_OFFSET + BH_GATE_SIZE, %ecx
    .p2align 5
    andl $-32, %ecx
    addq %gs:BH_CONTEXT_BASE, %rcx
    jmpq *%rcx
