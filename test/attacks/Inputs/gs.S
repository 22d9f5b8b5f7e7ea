/* Writes through GS: at once, after a callback, and after a system call. */
#include "guest.h"
    bulkhead_note BH_NOTE_FLAG_LIBRARY

    function _start
    xorl %eax, %eax
    jmpq *%gs:BH_HOSTCALL_TABLE + 8

    /* void poke(int *at, int value) */
    function poke
    movl %esi, %gs:(%edi)
    return

    /* void after_callback(int *at, int value, void (*callback)(void)) */
    function after_callback
    pushq %rdi
    pushq %rsi
    pushq %rsi
    .p2align 5
    .skip 18, 0x90
    andl $-32, %edx
    addq %gs:BH_CONTEXT_BASE, %rdx
    callq *%rdx
    popq %rsi
    popq %rsi
    popq %rdi
    movl %esi, %gs:(%edi)
    return

    /* void after_call(int *at, int value): fork, so that the host logs a refusal */
    function after_call
    movl $57, %eax
    system_call
    movl %esi, %gs:(%edi)
    return

    .bss
    .globl cell
    .type cell, @object
    .size cell, 4
    .p2align 2
cell:
    .skip 4
