#include "guest.h"
    bulkhead_note
    function _start
    print message, 6
    exit_with 7
    .section .rodata
message:
    .ascii "hello\n"
