/* What a callback leaves in registers: results and the guest's own callee-saved ones, nothing of the host.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t returns 0
 */
#include "Inputs/attack.h"
#include "Inputs/stale-registers.h"
    function attack
    pushq %rbx
    movl $0x11, %ebx
    movl $0x22, %ebp
    movl $0x33, %r12d
    .p2align 5
    movl $0x44, %r13d
    movl $0x55, %r14d
    movl $0x66, %r15d
    xorl %edi, %edi
    .p2align 5
    movq callbacks+0(%rip), %rcx
    .skip 11, 0x90
    andl $-32, %ecx
    addq %gs:BH_CONTEXT_BASE, %rcx
    callq *%rcx
    orq %rdx, %rax
    orq %rsi, %rax
    orq %rdi, %rax
    orq %r8, %rax
    orq %r9, %rax
    orq %r10, %rax
    orq %r11, %rax
    .p2align 5
    xorq $0x11, %rbx
    orq %rbx, %rax
    xorq $0x22, %rbp
    orq %rbp, %rax
    xorq $0x33, %r12
    orq %r12, %rax
    .p2align 5
    xorq $0x44, %r13
    orq %r13, %rax
    xorq $0x55, %r14
    orq %r14, %rax
    xorq $0x66, %r15
    orq %r15, %rax

    gather_ymm
    gather_mm %rdx
    gather_mxcsr
    popq %rbx
    return

    .bss
    .globl callbacks
    .type callbacks, @object
    .size callbacks, 32
    .p2align 3
callbacks:
    .skip 32
