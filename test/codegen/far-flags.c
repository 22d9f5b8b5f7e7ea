// Whether the flags are still needed is known however far away the next instruction is that writes or reads them.
// RUN: %levels %s %t
// With flags that nothing reads, no far move of rsp keeps them: the short sequence.
// RUN: llvm-objdump -d --no-show-raw-insn %t.O2.o | FileCheck %s
// CHECK-LABEL: <far>:
// CHECK: subl ${{.*}}, %esp
// CHECK-NEXT: addq %gs:0x10000, %rsp
#include <stdarg.h>
#include <stdio.h>
#define NOINLINE __attribute__((noinline))
#define R4(x) x x x x
#define R256(x) R4(R4(R4(R4(x))))
NOINLINE static void use(char *p) { p[0]++; }
NOINLINE int far(volatile int *p) {
  char big[20000];
  R256(*p = 1;)
  big[0] = 0;
  use(big);
  return big[0];
}
NOINLINE static int leaf(int x) {
  volatile char big[100000];
  big[5] = x;
  return big[5];
}
NOINLINE static int variadic(volatile int *p, int n, ...) {
  char big[20000];
  va_list list;
  va_start(list, n);
  R256(*p += 1;)
  int sum = 0;
  while (n--)
    sum += va_arg(list, int);
  va_end(list);
  big[0] = sum;
  use(big);
  return big[0];
}
NOINLINE static int realigned(volatile int *p, int n) {
  _Alignas(1024) char big[20000];
  char more[n];
  R256(*p += 1;)
  big[0] = ((unsigned long)big & 1023) + n;
  use(more);
  use(big);
  return big[0];
}
// The comparison is used on both sides of the allocation.
NOINLINE static int across(int x, int y) {
  int less = x < y;
  char *p = __builtin_alloca(x + 1);
  use(p);
  if (less)
    p = __builtin_alloca(y);
  p[0] = less;
  use(p);
  return p[0];
}
// Flags that do live, over a move that keeps them: to the next line, around a loop, and over a jump.
NOINLINE static int live(int x) {
  int r = 0;
  __asm__ volatile("subq $100000, %%rsp\n movq $0, (%%rsp)\n cmpl $3, %1\n leaq 100000(%%rsp), %%rsp\n jmp 1f\n ud2\n 1: setb %b0" : "+q"(r) : "r"(x) : "memory", "cc");
  return r;
}
NOINLINE static int jrcxz(int x) {
  int r = 0;
  __asm__ volatile("leaq -128(%%rsp), %%rsp\n movl $0, %%ecx\n movq %%rsp, %%rdx\n cmpl $3, %1\n movq %%rdx, %%rsp\n jrcxz 1f\n xorl %0, %0\n ud2\n 1: setb %b0\n leaq 128(%%rsp), %%rsp"
                   : "+q"(r) : "r"(x) : "rcx", "rdx", "memory", "cc");
  return r;
}
__attribute__((naked, noinline)) static int bare(void) {
  __asm__("subq $100000, %rsp\n movl $7, (%rsp)\n movl (%rsp), %eax\n addq $100000, %rsp\n ret");
}
int main(void) {
  volatile int i = 0;
  printf("%d %d %d\n", far((int *)&i), leaf(7), variadic((int *)&i, 3, 1, 2, 4));
  printf("%d %d %d\n", realigned((int *)&i, 10), across(3, 5), across(5, 3));
  printf("%d %d %d %d %d\n", live(1), live(9), jrcxz(1), jrcxz(9), bare());
  return 0;
}
