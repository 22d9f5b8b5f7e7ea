// asm goto, with and without outputs; the C preprocessor's tables of labels in inline assembly.
// RUN: %levels %s %t
#include <stdio.h>
__attribute__((noinline)) static int test(int a, int b) {
  __asm__ goto("cmpl %1, %0\n\tje %l[equal]\n\tjg %l[greater]" : : "r"(a), "r"(b) : "cc" : equal, greater);
  return -1;
equal:
  return 0;
greater:
  return printf("") + 1;
}
__attribute__((noinline)) static int output(int a) {
  int r;
  __asm__ goto("movl %1, %0\n\taddl $5, %0\n\tjs %l[negative]" : "=&r"(r) : "r"(a) : "cc" : negative);
  return r;
negative:
  return r - 1000;
}
__attribute__((noinline)) static long indirect(void) {
  long r;
  __asm__ goto("leaq %l[there](%%rip), %%rax\n\tjmp *%%rax" : : : "rax", "cc" : there);
  return 1;
there:
  __asm__("movq $33, %0" : "=r"(r));
  return r;
}
int main(void) { printf("%d %d %d %d %d %ld\n", test(1, 1), test(2, 1), test(0, 1), output(7), output(-70), indirect()); }
