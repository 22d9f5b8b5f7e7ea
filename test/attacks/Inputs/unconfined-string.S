/* A string instruction without the sequence that confines it. */
#include "guest.h"
    bulkhead_note BH_NOTE_FLAG_LIBRARY
    function _start
    stosb
    xorl %eax, %eax
    jmpq *%gs:BH_HOSTCALL_TABLE + 8
