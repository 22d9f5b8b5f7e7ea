/* After the return from a handler a host call comes back as ever: not to an address in the host.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t contained
 */
#include "Inputs/fault.h"
    function attack
    movq %rsi, %r12
    on_fault handler, 0
    protect_page 1
    leaq PAGE(%rip), %rbx
    movl %eax, %gs:(%ebx)
    .p2align 5
    movl $39, %eax
    movq %r12, %r11
    andq $-BH_BUNDLE_SIZE, %r11
    jmpq *%gs:BH_HOSTCALL_TABLE

    .p2align 5
    .type handler, @function
handler:
    protect_page 3
    sigreturn
