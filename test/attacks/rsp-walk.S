/* Walks rsp without touching memory.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t refused S2
 */
#include "Inputs/attack.h"
    function attack
    subq $16384, %rsp
    subq $16384, %rsp
    pushq %rax
    hlt
