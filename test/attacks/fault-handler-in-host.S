/* A handler of faults in the host.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t contained
 */
#include "Inputs/fault.h"
    function attack
    movq %rsi, %rax
    set_handler SA_NODEFER
    movl $16, %ebx
    movl %eax, %gs:(%ebx)
    hlt
