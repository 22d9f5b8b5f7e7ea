/* Writes the table of host calls.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 1
 */
#include "Inputs/attack.h"
    function attack
    movq %rsi, %gs:BH_HOSTCALL_TABLE
    hlt
