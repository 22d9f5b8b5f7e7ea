/* A host call below the table.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t refused C5
 */
#include "Inputs/attack.h"
    function attack
    jmpq *%gs:BH_HOSTCALL_TABLE - 8
