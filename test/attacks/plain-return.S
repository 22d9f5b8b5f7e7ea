/* ret takes its target from memory that another thread can write.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t refused C4
 */
#include "Inputs/attack.h"
    function attack
    movq %rsi, (%rsp)
    retq
