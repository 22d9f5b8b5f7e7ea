/* A jump through memory.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t refused C3
 */
#include "Inputs/attack.h"
    function attack
    jmpq *%gs:(%edi)
