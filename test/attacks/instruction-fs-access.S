/* `movq %fs:0, %rax` is not on the list.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t refused memory
 */
#include "Inputs/attack.h"
    function attack
    movq %fs:0, %rax
    return
