/* A RIP-relative operand that leaves the image.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t refused M2
 */
#include "Inputs/attack.h"
    function attack
    movq -0x2000000(%rip), %rax
    return
