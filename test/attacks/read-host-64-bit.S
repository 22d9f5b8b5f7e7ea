/* A GS operand with a 64-bit base reaches 2^64 bytes.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t refused M1
 */
#include "Inputs/attack.h"
    function attack
    movq %gs:(%rdi), %rax
    return
