/* A system call whose return address is in the host.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t contained
 */
#include "Inputs/attack.h"
    function attack
    movl $39, %eax
    movq %rsi, %r11
    jmpq *%gs:BH_HOSTCALL_TABLE
