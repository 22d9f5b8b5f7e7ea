/* A callback that was never registered: the call ends, whatever number it is.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 12
 */
#include "Inputs/attack.h"
    function attack
    movl $7, %r11d
    jmpq *%gs:BH_HOSTCALL_TABLE + 16
