/* Writes its own code: `movl` over the instruction that follows.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 1
 */
#include "Inputs/attack.h"
    function attack
    leaq 1f(%rip), %rax
    movl $0x90909090, %gs:(%eax)
1:  hlt
