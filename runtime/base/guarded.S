/* Copies between host and guest memory that may fault: the only instructions of the host that touch guest memory. The fault
 * handler knows them by address and continues at bh_guard_fault. They keep nothing on the stack, so that this is safe. */
#include "bulkhead/layout.h"

    .text
    .globl bh_guarded_copy, bh_guarded_string, bh_guarded_fill, bh_guarded_length, bh_guarded_gs_word
    .globl bh_guard_begin, bh_guard_end, bh_guard_fault
    .hidden bh_guarded_copy, bh_guarded_string, bh_guarded_fill, bh_guarded_length, bh_guarded_gs_word
    .hidden bh_guard_begin, bh_guard_end, bh_guard_fault

    .p2align 5
bh_guard_begin:
    .type bh_guarded_copy, @function
bh_guarded_copy:
    cmpq $8, %rdx
    je 1f
    movq %rdx, %rcx
    rep movsb
    xorl %eax, %eax
    ret
1:  movq (%rsi), %rax
    movq %rax, (%rdi)
    xorl %eax, %eax
    ret
    .size bh_guarded_copy, . - bh_guarded_copy

    .type bh_guarded_string, @function
    .p2align 4
bh_guarded_string:
    xorl %eax, %eax
2:  cmpq %rdx, %rax
    je 3f
    movb (%rsi,%rax), %cl
    movb %cl, (%rdi,%rax)
    incq %rax
    testb %cl, %cl
    jnz 2b
    ret
3:  incq %rax
    ret
    .size bh_guarded_string, . - bh_guarded_string

    .type bh_guarded_fill, @function
    .p2align 4
bh_guarded_fill:
    movl %esi, %eax
    movq %rdx, %rcx
    rep stosb
    xorl %eax, %eax
    ret
    .size bh_guarded_fill, . - bh_guarded_fill

    .type bh_guarded_length, @function
    .p2align 4
bh_guarded_length:
    xorl %eax, %eax
4:  cmpq %rsi, %rax
    je 5f
    cmpb $0, (%rdi,%rax)
    je 5f
    incq %rax
    jmp 4b
5:  ret
    .size bh_guarded_length, . - bh_guarded_length

    /* Wherever GS points: the slot, one hopes. */
    .type bh_guarded_gs_word, @function
    .p2align 4
bh_guarded_gs_word:
    movq %gs:BH_CONTEXT_BASE, %rax
    ret
    .size bh_guarded_gs_word, . - bh_guarded_gs_word
bh_guard_end:

bh_guard_fault:
    /* -1 from all functions. */
    movq $-1, %rax
    ret

    .section .note.GNU-stack, "", @progbits
