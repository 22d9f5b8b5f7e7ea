/* Ends the call with rsp and rbp at unmapped memory.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t returns 5
 */
#include "Inputs/attack.h"
    function attack
    movl $0x8000, %esp
    addq %gs:BH_CONTEXT_BASE, %rsp
    .p2align 5
    movq %rsp, %rbp
    movl $5, %eax
    jmpq *%gs:BH_HOSTCALL_TABLE + 8
