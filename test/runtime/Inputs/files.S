/* open(argv[1]) and exit with the low byte of the result or of its errno. */
#include "guest.h"
    bulkhead_note
    function _start
    movq 16(%rsp), %rdi
    xorl %esi, %esi
    movl $2, %eax
    system_call
    movl %eax, %edi
    negl %edi
    cmovsl %eax, %edi
    movl $231, %eax
    system_call
    hlt
