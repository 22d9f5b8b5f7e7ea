# Loads of rsp. enter(void **save, void **stack, void (*f)(void)) calls f on another stack.
    .globl enter
    .type enter,@function
enter:
    pushq %rbx
    movq %rdi, %rbx
    movq %rsp, (%rdi)
    movq (%rsi), %rsp
    subq $16, %rsp
    call *%rdx
    movq (%rbx), %rsp
    popq %rbx
    ret

    .globl saved
    .type saved,@function
saved:
    movq %rsp, %rax
    pushq %rax
    pushq %rax
    movq 8(%rsp), %rsp
    pushq %rax
    popq %rsp
    ret

# int keeps_flags(void **stacks, long index): loads rsp between a comparison and what reads it.
    .globl keeps_flags
    .type keeps_flags,@function
keeps_flags:
    movq %rsi, %rcx
    movq %rsp, (%rdi,%rcx,8)
    cmpq $3, %rcx
    movq (%rdi,%rcx,8), %rsp
    sete %al
    movzbl %al, %eax
    ret
