/* Leaves an unmasked x87 exception pending over a host call (fork, refused: the host's log does long double arithmetic meanwhile).
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t returns -38
 */
#include "Inputs/attack.h"
    function attack
    movl $0, -8(%rsp)
    fldcw -8(%rsp)
    fld1
    fldz
    fdivrp

    movl $57, %eax
    system_call
    fninit
    return
