/* Unmasks all SSE exceptions, rounds to zero and flushes denormals.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t returns 1
 */
#include "Inputs/attack.h"
    function attack
    movl $0xe000, -8(%rsp)
    ldmxcsr -8(%rsp)
    .p2align 5
    movl $1, %eax
    return
