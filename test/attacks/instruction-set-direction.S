/* `std` is not on the list.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t refused state
 */
#include "Inputs/attack.h"
    function attack
    std
    return
