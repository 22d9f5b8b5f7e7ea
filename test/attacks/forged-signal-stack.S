/* Loads every 32-bit value into rsp while signals arrive: inside the sequence the kernel sees it.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t error 23
 */
#include "Inputs/attack.h"
    function attack
1:  addl $0x1010, %eax
    .p2align 5
    movl %eax, %esp
    addq %gs:BH_CONTEXT_BASE, %rsp
    jmp 1b
