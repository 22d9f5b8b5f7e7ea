/* `int $0x80` is not on the list.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t refused control
 */
#include "Inputs/attack.h"
    function attack
    int $0x80
    return
