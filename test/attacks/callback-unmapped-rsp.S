/* A callback with rsp where nothing is mapped: the host does not touch it, the guest faults on its way back.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 1
 */
#include "Inputs/attack.h"
    function attack
    xorl %edi, %edi
    xorl %r11d, %r11d
    movl $0x8000, %esp
    addq %gs:BH_CONTEXT_BASE, %rsp
    .p2align 5
    jmpq *%gs:BH_HOSTCALL_TABLE + 16

    .bss
    .globl callbacks
    .type callbacks, @object
    .size callbacks, 32
    .p2align 3
callbacks:
    .skip 32
