/* Writes the gate page.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 1
 */
#include "Inputs/attack.h"
    function attack
    movl $0, %gs:BH_GATE_OFFSET
    hlt
