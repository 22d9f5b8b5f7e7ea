/* Stores through a host pointer: the slot is all that 32 bits reach.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 1
 */
#include "Inputs/attack.h"
    function attack
    movq $-1, %rax
    movl %eax, %gs:(%edi)
    hlt
