// Branches in assembly: every condition code, jrcxz and loop, numeric labels, across sections, with the flags of before.
// RUN: %levels --at O1,text0 %s %t
#include <stdio.h>
asm(R"(
    .text
    .globl conditions
    .type conditions,@function
conditions:
    xor %eax, %eax
    .irp c, o, no, b, ae, e, ne, be, a, s, ns, p, np, l, ge, le, g
    cmp %esi, %edi
    j\c 1f
    add $1, %eax
    jmp 2f
1:  add $3, %eax
2:  rol $1, %eax
    .endr
    ret

    .globl counted
    .type counted,@function
counted:
    mov %rdi, %rcx
    xor %eax, %eax
    jrcxz 2f
1:  add %ecx, %eax
    loop 1b
2:  mov %rdi, %rcx
    cmp %rcx, %rcx
3:  inc %eax
    cmp $7, %eax
    loopne 3b
    jrcxz 4f
    add $100, %eax
4:  ret

    .globl cold_path
    .type cold_path,@function
cold_path:
    test %edi, %edi
    jz far_away
back:
    lea 1(%rdi), %eax
    ret
    .section .text.unlikely,"ax",@progbits
far_away:
    add $40, %edi
    jmp back
    .text

    .globl indirect
    .type indirect,@function
indirect:
    lea target(%rip), %rax
    cmp $1, %edi
    je 1f
    jb 2f
    mov targets(%rip), %rax
    jmp *%rax
1:  jmp *targets+8(%rip)
2:  push %rbx
    lea targets(%rip), %rbx
    mov $1, %eax
    call *(%rbx,%rax,8)
    pop %rbx
    inc %eax
    ret
    .p2align 5
    .type target,@function
target:
    mov $21, %eax
    ret
    .p2align 5
    .type other,@function
other:
    mov $42, %eax
    ret
    .section .data.rel.ro,"aw",@progbits
    .balign 8
targets: .quad target, other
    .text
)");
int conditions(int, int), counted(long), cold_path(int), indirect(int);
int main(void) {
  static const int v[] = {0, 1, -1, 0x7fffffff, -0x7fffffff - 1, 100};
  for (int i = 0; i < 6; i++)
    for (int j = 0; j < 6; j++)
      printf("%d\n", conditions(v[i], v[j]));
  printf("%d %d\n", counted(1), counted(9));
  printf("%d %d\n", cold_path(0), cold_path(5));
  printf("%d %d %d\n", indirect(0), indirect(1), indirect(2));
}
