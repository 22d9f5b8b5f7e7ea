/* The frame of an attack: what attack-host expects of a module besides `attack` itself. */
#include "guest.h"
#ifndef ATTACK_FLAGS
#define ATTACK_FLAGS BH_NOTE_FLAG_LIBRARY
#endif
    bulkhead_note ATTACK_FLAGS

    function _start
    xorl %eax, %eax
    jmpq *%gs:BH_HOSTCALL_TABLE + 8
    function benign
    movl $42, %eax
    return

    .bss
    .globl arena
    .type arena, @object
    .size arena, 65536
    .p2align 12
arena:
    .skip 65536
    .text
