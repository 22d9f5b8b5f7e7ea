/* Leaves the x87 stack full and MMX state behind.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t returns 1
 */
#include "Inputs/attack.h"
    function attack
    fld1
    fld1
    fld1
    fld1
    .p2align 5
    fld1
    fld1
    fld1
    fld1
    .p2align 5
    movl $1, %eax
    return
