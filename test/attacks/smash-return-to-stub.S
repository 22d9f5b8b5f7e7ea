/* Returns to the address of a host-call stub, read from the context page.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 1
 */
#include "Inputs/attack.h"
    function attack
    movq %gs:BH_HOSTCALL_TABLE, %rax
    movq %rax, (%rsp)
    return
