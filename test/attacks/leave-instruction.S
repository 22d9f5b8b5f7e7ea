/* leave loads rsp from rbp.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t refused memory
 */
#include "Inputs/attack.h"
    function attack
    leave
    hlt
