/* `vpgatherdd %xmm1, %gs:(%edi,%xmm0,4), %xmm2` is not on the list.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t refused memory
 */
#include "Inputs/attack.h"
    function attack
    vpgatherdd %xmm1, %gs:(%edi,%xmm0,4), %xmm2
    return
