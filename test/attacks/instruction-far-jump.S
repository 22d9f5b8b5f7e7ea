/* `ljmpq *%gs:(%edi)` is not on the list.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t refused control
 */
#include "Inputs/attack.h"
    function attack
    ljmpq *%gs:(%edi)
    return
