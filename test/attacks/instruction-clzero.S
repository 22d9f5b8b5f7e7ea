/* `clzero` is not on the list.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t refused memory
 */
#include "Inputs/attack.h"
    function attack
    clzero
    return
