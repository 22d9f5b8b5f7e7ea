// The compiler's own setjmp and longjmp, wherever the code lies: the mark that it leaves in the code has no bytes, and gets none.
// RUN: %levels --noreturn jump %s %t
// RUN: %levels --noreturn jump --at O0,O2 %s %t.clash -fstack-clash-protection
#include <stdio.h>
static void *buffer[5];
__attribute__((noinline)) static void jump(void **b) { __builtin_longjmp(b, 1); }
__attribute__((noinline)) static int times(int limit) {
  volatile int n = 0;
  volatile char *p = __builtin_alloca(limit * 100);
  p[3] = 1;
  if (__builtin_setjmp(buffer))
    n++;
  if (n < limit)
    jump(buffer);
  return n + p[3];
}
#define AT(n)                                                                                                          \
  __attribute__((noinline)) static int at##n(void) {                                                                   \
    void *b[5];                                                                                                        \
    __asm__ volatile(".rept " #n "\n nop\n .endr");                                                                    \
    if (!__builtin_setjmp(b))                                                                                          \
      jump(b);                                                                                                         \
    return n;                                                                                                          \
  }
AT(1) AT(5) AT(10) AT(14) AT(19) AT(23) AT(27) AT(30)
int main(void) {
  printf("%d %d\n", times(1), times(5));
  printf("%d\n", at1() + at5() + at10() + at14() + at19() + at23() + at27() + at30());
  return 0;
}
