/* GS with a negative displacement and 64-bit addresses: below the slot.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t refused M1
 */
#include "Inputs/attack.h"
    function attack
    movq %gs:-8, %rax
    return
