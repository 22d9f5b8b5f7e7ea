/* The same over a host call.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t returns 2
 */
#include "Inputs/attack.h"
    function attack
    movl $0, -8(%rsp)
    fldcw -8(%rsp)
    fld1
    fldz
    fdivrp

    movl $39, %eax
    system_call
    fninit
    return
