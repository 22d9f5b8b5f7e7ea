/* The number is 32 bits: what the upper half of r11 holds does not matter.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t returns 0
 */
#include "Inputs/attack.h"
    function attack
    pushq %rdi
    xorl %edi, %edi
    leaq back(%rip), %rax
    pushq %rax
    movabsq $0xdeadbeef00000000, %r11
    .p2align 5
    jmpq *%gs:BH_HOSTCALL_TABLE + 16
    .p2align 5
back:
    popq %rdi
    return

    .bss
    .globl callbacks
    .type callbacks, @object
    .size callbacks, 32
    .p2align 3
callbacks:
    .skip 32
