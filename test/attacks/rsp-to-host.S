/* Moves rsp to the host.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t refused S3
 */
#include "Inputs/attack.h"
    function attack
    movq %rdx, %rsp
    pushq %rax
    hlt
