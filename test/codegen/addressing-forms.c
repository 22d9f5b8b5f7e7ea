// Every register as base and as index with every scale, and every size of displacement, in file-scope assembly.
// RUN: %levels --at O1,text0 %s %t
#include <stdint.h>
#include <stdio.h>

// Each form loads and stores through a base at `words` and an index of 3, and adds what it read to the sum in memory.
asm(R"(
    .text
    .macro enter
    push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15
    .endm
    .macro leave_
    pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx
    ret
    .endm
    .macro one operand:vararg
    incl \operand
    pushq \operand
    pop scratch(%rip)
    addl $5, \operand
    pushf
    popq flags(%rip)
    push %rax
    mov scratch(%rip), %eax
    add flags(%rip), %eax
    addl %eax, sum(%rip)
    pop %rax
    .endm
    .macro base r
    lea words+512(%rip), %\r
    one (%\r)
    one 8(%\r)
    one -128(%\r)
    one 127(%\r)
    one 1024(%\r)
    one -512(%\r)
    .endm
    .macro pair b, i
    lea words+512(%rip), %\b
    mov $3, %\i
    one (%\b,%\i)
    one 4(%\b,%\i,2)
    one -256(%\b,%\i,4)
    one 60(%\b,%\i,8)
    .endm
    .macro index i
    lea words+512(%rip), %\i
    one (,%\i,1)
    one 16(,%\i,1)
    shr %\i
    one (,%\i,2)
    .endm

    .globl forms
    .type forms,@function
forms:
    enter
    .irp r, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
    base \r
    index \r
    .endr
    leave_
    .globl pairs
    .type pairs,@function
pairs:
    enter
    .irp b, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
    .irp i, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
    .ifnc \b,\i
    pair \b, \i
    .endif
    .endr
    .endr
    leave_
    .globl stack
    .type stack,@function
stack:
    sub $1024, %rsp
    movl $77, 512(%rsp)
    mov $64, %eax
    .irp i, rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11
    mov $64, %\i
    movl $5, 24(%rsp,%\i,4)
    movl $6, (%rsp,%\i)
    addl 24(%rsp,%\i,4), %eax
    addl (%rsp,%\i), %eax
    addl (%rsp,%\i,8), %eax
    addl 256(%rsp,%\i,4), %eax
    .endr
    add $1024, %rsp
    ret
    .globl frame
    .type frame,@function
frame:
    push %rbp
    mov %rsp, %rbp
    sub $64, %rsp
    movl $9, -8(%rbp)
    mov $-2, %rcx
    mov -8(%rbp), %eax
    add (%rbp,%rcx,4), %eax
    leaq -8(%rbp,%rcx,2), %rdx
    movl $4, (%rdx)
    add -12(%rbp), %eax
    mov %rbp, %rsp
    pop %rbp
    ret
    .bss
    .balign 16
words: .zero 4096
sum:  .zero 8
scratch: .zero 8
flags: .zero 8
    .text
)");
void forms(void), pairs(void);
int stack(void), frame(void);
extern uint32_t words[1024] __asm__("words"), sum __asm__("sum");

int main(void) {
  for (int i = 0; i < 1024; i++)
    words[i] = i * 17;
  forms();
  printf("%u\n", sum);
  pairs();
  printf("%u\n", sum);
  uint32_t hash = 0;
  for (int i = 0; i < 1024; i++)
    hash = hash * 31 + words[i];
  printf("%u %d %d\n", hash, stack(), frame());
}
