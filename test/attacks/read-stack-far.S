/* rsp with a displacement beyond the guards.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t refused M3
 */
#include "Inputs/attack.h"
    function attack
    movq 0x5000(%rsp), %rax
    return
