/* Every unused host call.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 8
 */
#include "Inputs/attack.h"
    function attack
    callq *%gs:BH_HOSTCALL_TABLE_END - 8
    hlt
