/* An unconfined store.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t refused M1
 */
#include "Inputs/attack.h"
    function attack
    movl %eax, (%rdi)
    return
