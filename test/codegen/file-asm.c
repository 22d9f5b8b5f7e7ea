// File-scope assembly: functions, tables of labels before and after the code, data between functions, macros, sections.
// RUN: %levels --at O0,O2,text2 %s %t
#include <stdio.h>
asm(R"(
    .text
    .globl choose
    .type choose,@function
choose:
    lea table(%rip), %rax
    movslq (%rax,%rdi,4), %rcx
    add %rax, %rcx
    jmp *%rcx
    .p2align 5
.Lzero:
    mov $10, %eax
    ret
    .p2align 5
.Lone:
    mov %esi, %eax
    ret
    .p2align 5
.Ltwo:
    lea (%rsi,%rsi), %eax
    ret
    .size choose, .-choose
    .section .rodata
    .balign 4
table: .long .Lzero-table, .Lone-table, .Ltwo-table
    .text
    .globl lookup
    .type lookup,@function
lookup:
    lea after(%rip), %rax
    mov (%rax,%rdi,8), %rax
    call *%rax
    add $1, %eax
    ret
    .p2align 5
.type first,@function
first: mov $100, %eax
    ret
    .p2align 5
.type second,@function
second: mov $200, %eax
    ret
    .pushsection .data.rel.ro,"aw",@progbits
    .balign 8
after: .quad first, second
    .popsection
    .macro adder name, n
    .globl \name
    .type \name,@function
\name:
    .cfi_startproc
    push %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbp, 0
    lea \n(%rdi), %eax
    .if \n > 5
    add $1000, %eax
    .endif
    pop %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbp
    ret
    .cfi_endproc
    .endm
    adder add_three, 3
    adder add_nine, 9
    .globl local_labels
    .type local_labels,@function
local_labels:
    xor %eax, %eax
1:  add $1, %eax
    cmp %edi, %eax
    jl 1b
    jmp 1f
    .rept 40
    add $7, %eax
    .endr
1:  test $1, %al
    jz 1f
    neg %eax
1:  ret
    .section .text.other,"ax",@progbits
    .globl elsewhere
    .type elsewhere,@function
elsewhere:
    sub $8, %rsp
    call add_three
    add $8, %rsp
    jmp add_nine
    .globl alias
    .set alias, add_three
    .text
)");
int choose(long, int), lookup(long), add_three(int), add_nine(int), local_labels(int), elsewhere(int), alias(int);
int main(void) {
  printf("%d %d %d %d %d\n", choose(0, 5), choose(1, 5), choose(2, 5), lookup(0), lookup(1));
  printf("%d %d %d %d %d %d\n", add_three(1), add_nine(1), local_labels(3), local_labels(4), elsewhere(1), alias(2));
}
