/* An absolute address without GS.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t refused M1
 */
#include "Inputs/attack.h"
    function attack
    movq 0x10000, %rax
    return
