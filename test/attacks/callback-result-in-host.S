/* Where a callback's structure goes is the guest's to say, in its slot alone: from an address in the host the guest faults.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 1
 */
#include "Inputs/attack.h"
    /* attack(secret, ...): rdi is the address of a secret of the host */
    function attack
    movl $3, %r11d
    jmpq *%gs:BH_HOSTCALL_TABLE + 16

    .bss
    .globl callbacks
    .type callbacks, @object
    .size callbacks, 32
    .p2align 3
callbacks:
    .skip 32
