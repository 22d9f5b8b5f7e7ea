/* The handler is an instruction inside a sequence, and rdi, which the sequence confines, is the signal's number then; so it
 * begins where the bundle does.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t returns 1
 */
#include "Inputs/fault.h"
    function attack
    on_fault inside, 0
    movl $16, %ebx
    movl %eax, %gs:(%ebx)
    hlt
    .p2align 5
    leaq PAGE(%rip), %rdi
    .p2align 5
    leaq PAGE(%rip), %rdi
    movl %edi, %edi
    addq %gs:BH_CONTEXT_BASE, %rdi
inside:
    stosq
    .p2align 5
    return_one
