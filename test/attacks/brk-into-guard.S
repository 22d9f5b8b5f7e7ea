/* A guest that gives up its stack and all that was in brk's way: brk ends where the guard at the slot's end begins.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t returns 1
 */
#include "Inputs/attack.h"
#define HIGH 0xff000000
    function attack
    leaq 32768+arena(%rip), %rax
    .p2align 5
    movl %eax, %esp
    addq %gs:BH_CONTEXT_BASE, %rsp
    .p2align 5
    xorl %edi, %edi
    movl $12, %eax
    system_call
    movq %rax, %rbx
    movq %rax, %rdi
    movl $HIGH, %esi
    subl %ebx, %esi
    movl $11, %eax
    system_call
    /* By 1 GiB at a time, unmapped at once: so it stays within the limit of memory. */
    movl $3, %r12d
    movq %rbx, %rbp
    .p2align 5
1:  addq $0x40000000, %rbp
    movq %rbp, %rdi
    movl $12, %eax
    system_call
    cmpq %rax, %rbp
    jne 2f
    movq %rbx, %rdi
    movl %ebp, %esi
    subl %ebx, %esi
    .p2align 5
    movl $11, %eax
    system_call
    decl %r12d
    jnz 1b
    /* To the guard, and one page into it. */
    movl $HIGH, %edi
    addq %gs:BH_CONTEXT_BASE, %rdi
    movq %rdi, %rbp
    .p2align 5
    movl $12, %eax
    system_call
    cmpq %rax, %rbp
    jne 2f
    leaq 4096(%rbp), %rdi
    movl $12, %eax
    .p2align 5
    system_call
    cmpq %rax, %rbp
    jne 2f
    movl $1, %eax
    jmpq *%gs:BH_HOSTCALL_TABLE + 8
    .p2align 5
2:  xorl %eax, %eax
    jmpq *%gs:BH_HOSTCALL_TABLE + 8
