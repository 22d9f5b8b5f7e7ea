/* Leaves an unmasked x87 exception pending: the host's next x87 instruction would raise it.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t returns 1
 */
#include "Inputs/attack.h"
    function attack
    movl $0, -8(%rsp)
    fldcw -8(%rsp)
    fld1
    fldz
    fdivrp

    .p2align 5
    movl $1, %eax
    return
