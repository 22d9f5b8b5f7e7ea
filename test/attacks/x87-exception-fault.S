/* Leaves an unmasked x87 exception pending when it faults.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 2
 */
#include "Inputs/attack.h"
    function attack
    movl $0, -8(%rsp)
    fldcw -8(%rsp)
    fld1
    fldz
    fdivrp

    hlt
