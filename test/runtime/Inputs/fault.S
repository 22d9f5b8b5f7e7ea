/* A program that dies by the number of its arguments: 1 reads NULL, 2 executes ud2, 3 aborts, 4 loops. */
#include "guest.h"
    bulkhead_note
    function _start
    movq (%rsp), %rax
    cmpl $2, %eax
    je illegal
    cmpl $3, %eax
    je aborts
    .p2align 5
    cmpl $4, %eax
    je loops
    function reads_null
    movl %gs:8, %eax
    hlt
    function illegal
    ud2
    function aborts
    movl $2, %edi
    movl $6, %esi
    movl $200, %eax
    system_call
    hlt
    function loops
1:  jmp 1b
