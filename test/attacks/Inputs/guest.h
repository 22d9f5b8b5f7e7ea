/* For guests written by hand: assembled by plain clang, laid out with .p2align. */
#include "bulkhead/layout.h"

    .macro bulkhead_note flags=0, version=BH_CONTRACT_VERSION, isolation=BH_ISOLATE_FULL
    .section .note.bulkhead, "a", @note
    .p2align 2
    .long BH_NOTE_NAME_SIZE, BH_NOTE_DESC_SIZE, BH_NOTE_TYPE
    .asciz BH_NOTE_NAME
    .p2align 2
    .long \version, BH_SCHEME_BUNDLE, BH_BUNDLE_SIZE, \isolation, \flags
    .text
    .endm

    /* A host call with the Linux convention; the number and the arguments are in registers. */
    .macro system_call
    .p2align 5
    leaq 9f(%rip), %r11
    jmpq *%gs:BH_HOSTCALL_TABLE
    .p2align 5
9:
    .endm

    .macro exit_with status
    movl $\status, %edi
    movl $231, %eax
    system_call
    hlt
    .endm

    .macro function name
    .p2align 5
    .globl \name
    .type \name, @function
\name:
    .endm

    /* A return: C4. */
    .macro return
    .p2align 5
    popq %rcx
    andl $-32, %ecx
    addq %gs:BH_CONTEXT_BASE, %rcx
    jmpq *%rcx
    .endm

    /* write(1, text, size): text in this image. */
    .macro print text, size
    movl $1, %edi
    leaq \text(%rip), %rsi
    movl $\size, %edx
    movl $1, %eax
    system_call
    .endm
