    .text
    .globl value
    .type value, @function
value:
    movl $VALUE, %eax
    ret
    .section .note.GNU-stack, "", @progbits
