/* Unmaps, protects, moves, drops and maps over the context page, the gate, its code, the guards and other slots: none
 * succeeds. One ordinary mmap among them does, to show that the table is read.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t returns 1
 */
#include "Inputs/attack.h"
    function attack
    /* An address of 1 in the table stands for this code. */
    leaq attack(%rip), %r12
    andq $-4096, %r12
    subq %gs:BH_CONTEXT_BASE, %r12
    .p2align 5
    leaq table(%rip), %rbx
    xorl %ebp, %ebp
    .p2align 5
1:  movq %gs:(%ebx), %rax
    testq %rax, %rax
    js 3f
    movq %gs:8(%ebx), %rdi
    cmpq $1, %rdi
    cmoveq %r12, %rdi
    .p2align 5
    addq %gs:BH_CONTEXT_BASE, %rdi
    .p2align 5
    movq %gs:16(%ebx), %rsi
    movq %gs:24(%ebx), %rdx
    movq %gs:32(%ebx), %r10
    .p2align 5
    movq %gs:40(%ebx), %r8
    xorl %r9d, %r9d
    system_call
    addq $48, %rbx
    cmpq $-4096, %rax
    ja 1b
    incl %ebp
    jmp 1b
    .p2align 5
3:  movq %rbp, %rax
    return
    .section .rodata
    .p2align 3
table:
    .quad 11, 0x10000, 4096, 0, 0, 0
    .quad 10, 0x10000, 4096, 3, 0, 0
    .quad 10, 0x10000, 4096, 7, 0, 0
    .quad 10, 0x10000, 4096, 0, 0, 0
    .quad 9, 0x10000, 4096, 3, 0x32, -1
    .quad 9, 0x10000, 4096, 3, 0x100022, -1
    .quad 25, 0x10000, 4096, 8192, 1, 0
    .quad 28, 0x10000, 4096, 4, 0, 0
    .quad 28, 0x10000, 4096, 8, 0, 0
    .quad 28, 0x10000, 4096, 9, 0, 0
    .quad 11, 0x11000, 4096, 0, 0, 0
    .quad 10, 0x11000, 4096, 3, 0, 0
    .quad 10, 0x11000, 4096, 7, 0, 0
    .quad 10, 0x11000, 4096, 0, 0, 0
    .quad 9, 0x11000, 4096, 3, 0x32, -1
    .quad 9, 0x11000, 4096, 3, 0x100022, -1
    .quad 25, 0x11000, 4096, 8192, 1, 0
    .quad 28, 0x11000, 4096, 4, 0, 0
    .quad 28, 0x11000, 4096, 8, 0, 0
    .quad 28, 0x11000, 4096, 9, 0, 0
    .quad 11, 0x0, 4096, 0, 0, 0
    .quad 10, 0x0, 4096, 3, 0, 0
    .quad 10, 0x0, 4096, 7, 0, 0
    .quad 10, 0x0, 4096, 0, 0, 0
    .quad 9, 0x0, 4096, 3, 0x32, -1
    .quad 9, 0x0, 4096, 3, 0x100022, -1
    .quad 25, 0x0, 4096, 8192, 1, 0
    .quad 28, 0x0, 4096, 4, 0, 0
    .quad 28, 0x0, 4096, 8, 0, 0
    .quad 28, 0x0, 4096, 9, 0, 0
    .quad 11, 0xff000000, 4096, 0, 0, 0
    .quad 10, 0xff000000, 4096, 3, 0, 0
    .quad 10, 0xff000000, 4096, 7, 0, 0
    .quad 10, 0xff000000, 4096, 0, 0, 0
    .quad 9, 0xff000000, 4096, 3, 0x32, -1
    .quad 9, 0xff000000, 4096, 3, 0x100022, -1
    .quad 25, 0xff000000, 4096, 8192, 1, 0
    .quad 28, 0xff000000, 4096, 4, 0, 0
    .quad 28, 0xff000000, 4096, 8, 0, 0
    .quad 28, 0xff000000, 4096, 9, 0, 0
    .quad 11, 0xfffff000, 4096, 0, 0, 0
    .quad 10, 0xfffff000, 4096, 3, 0, 0
    .quad 10, 0xfffff000, 4096, 7, 0, 0
    .quad 10, 0xfffff000, 4096, 0, 0, 0
    .quad 9, 0xfffff000, 4096, 3, 0x32, -1
    .quad 9, 0xfffff000, 4096, 3, 0x100022, -1
    .quad 25, 0xfffff000, 4096, 8192, 1, 0
    .quad 28, 0xfffff000, 4096, 4, 0, 0
    .quad 28, 0xfffff000, 4096, 8, 0, 0
    .quad 28, 0xfffff000, 4096, 9, 0, 0
    .quad 11, 1, 4096, 0, 0, 0
    .quad 10, 1, 4096, 3, 0, 0
    .quad 10, 1, 4096, 7, 0, 0
    .quad 10, 1, 4096, 0, 0, 0
    .quad 9, 1, 4096, 3, 0x32, -1
    .quad 9, 1, 4096, 3, 0x100022, -1
    .quad 25, 1, 4096, 8192, 1, 0
    .quad 28, 1, 4096, 4, 0, 0
    .quad 28, 1, 4096, 8, 0, 0
    .quad 28, 1, 4096, 9, 0, 0
    .quad 11, 0, 0x100000000, 0, 0, 0
    .quad 11, 0x10000, 0xfffff0000, 0, 0, 0
    .quad 11, 0xfff0000, 0xffffffffffffffff, 0, 0, 0
    .quad 10, 0, 0xffffffffffffffff, 3, 0, 0
    .quad 9, 0x100000000, 4096, 3, 0x32, -1
    .quad 9, -4096, 4096, 3, 0x32, -1
    .quad 11, 0x100000000, 4096, 0, 0, 0
    .quad 11, -4096, 4096, 0, 0, 0
    .quad 10, 0x100000000, 4096, 3, 0, 0
    .quad 25, 0x100000000, 4096, 8192, 1, 0
    .quad 28, 0x100000000, 4096, 4, 0, 0
    .quad 9, 0x40000000, 4096, 7, 0x32, -1
    .quad 9, 0x40000000, 4096, 4, 0x32, -1
    .quad 9, 0x40000000, 4096, 3, 0x40032, -1
    .quad 216, 1, 4096, 0, 0, 0
    .quad 329, 0x40000000, 4096, 7, 0, 0
    .quad 30, 0, 1, 0, 0, 0
    .quad 9, 0x40000000, 4096, 3, 0x32, -1
    .quad -1
    .text
