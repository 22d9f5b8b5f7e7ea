/* open(argv[1], O_WRONLY | O_CREAT, 0600) and exit with 0 or its errno. */
#include "guest.h"
    bulkhead_note
    function _start
    movq 16(%rsp), %rdi
    movl $0x41, %esi
    movl $0600, %edx
    movl $2, %eax
    system_call
    xorl %edi, %edi
    movl %eax, %ecx
    negl %ecx
    cmovnsl %ecx, %edi
    .p2align 5
    testl %eax, %eax
    movl $0, %edx
    cmovnsl %edx, %edi
    movl $231, %eax
    system_call
    hlt
