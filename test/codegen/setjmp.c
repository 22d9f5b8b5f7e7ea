// setjmp and longjmp, also across frames of variable size and with values in callee-saved registers.
// RUN: %levels --noreturn dive %s %t
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
static jmp_buf top;
static sigjmp_buf with_mask;
__attribute__((noinline)) static void dive(int depth, int value) {
  volatile char v[depth * 16 + 1];
  v[depth] = depth;
  if (!depth)
    longjmp(top, value);
  dive(depth - 1, value + v[depth]);
  abort();
}
__attribute__((noinline)) static int attempt(int n, double d) {
  volatile int count = 0;
  int a = n * 3;
  int got = setjmp(top);
  if (got == 0)
    dive(n, 1);
  if (++count < 4)
    dive(n + count, count);
  return got + count + a + (int)(d * 2);
}
__attribute__((noinline)) static int masked(int n) {
  int got = sigsetjmp(with_mask, 1);
  return got < n ? (siglongjmp(with_mask, got + 1), 0) : got;
}
// Without the C library: one function jumps to itself.
__attribute__((noinline)) static int loop(int n) {
  static jmp_buf here;
  volatile int sum = 0;
  if (setjmp(here) < 1)
    sum = 1;
  sum = sum + n;
  if (sum < 100)
    longjmp(here, 1);
  return sum > 0;
}
int main(void) {
  printf("%d %d\n", attempt(1, 2.5), attempt(9, -4));
  printf("%d %d\n", masked(5), loop(50));
}
