/* The end of the slot with a wide operand.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 1
 */
#include "Inputs/attack.h"
    function attack
    movl $0xffffffe8, %eax
    movups %xmm0, %gs:12(%eax)
    hlt
