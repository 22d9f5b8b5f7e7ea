/* Returns from a signal that never came, with a frame of its own making.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 9
 */
#include "Inputs/attack.h"
    function attack
    pushq %rsi
    movl $15, %eax
    system_call
    hlt
