    .text
    .globl value
    .type value, @function
value:
    movl $42, %eax
    ret
    .section .note.GNU-stack, "", @progbits
