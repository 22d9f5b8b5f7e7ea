// Weak references that nothing defines are null, and calls through them are guarded; weak definitions are used.
// RUN: %levels %s %t
#include <stdio.h>
extern int missing(int) __attribute__((weak));
extern int missing_data __attribute__((weak));
extern int (*volatile pointer)(int);
__attribute__((weak)) int defined(int a) { return a * 2; }
__attribute__((weak)) int defined_data = 9;
static int target(int a) { return a + 40; }
int alias(int) __attribute__((weak, alias("named")));
int named(int a) { return a - 1; }
static int (*table[])(int) = {missing, defined, alias};
int (*volatile pointer)(int) = missing;
__attribute__((noinline)) static int guarded(int a) {
  if (missing)
    return missing(a);
  return pointer ? pointer(a) : -1;
}
__attribute__((noinline)) static int tail(int a) { return missing ? missing(a) : target(a); }
int main(void) {
  printf("%d %d %d %d\n", guarded(1), &missing_data == 0, defined(3), defined_data);
  printf("%d %d %d %d\n", table[0] == 0, table[1](4), table[2](5), tail(2));
}
