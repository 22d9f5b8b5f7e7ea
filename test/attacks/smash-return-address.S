/* Overwrites its return address with that of a host function.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t contained
 */
#include "Inputs/attack.h"
    function attack
    movq %rsi, (%rsp)
    return
