/* Recurses without end.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 3
 */
#include "Inputs/attack.h"
    function attack
    pushq %rax
    .p2align 5
    jmp attack
