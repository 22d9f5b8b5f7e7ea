/* rsp at unmapped memory and a host call that does not exist.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 8
 */
#include "Inputs/attack.h"
    function attack
    movl $0x8000, %esp
    addq %gs:BH_CONTEXT_BASE, %rsp
    .p2align 5
    jmpq *%gs:BH_HOSTCALL_TABLE + 800
