/* A callback that was never registered.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 8
 */
#include "Inputs/attack.h"
    function attack
    movl $7, %r11d
    jmpq *%gs:BH_HOSTCALL_TABLE + 16
