/* Refused: a plain return, and an unconfined store. */
#include "guest.h"
    bulkhead_note
    function _start
    movl %eax, (%rdi)
    function leaf
    retq
