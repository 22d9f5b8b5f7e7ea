// -finstrument-functions calls what the program defines. See options.test.
#include <stdio.h>
#define PLAIN __attribute__((no_instrument_function))
static int depth, deepest, entered;
PLAIN void __cyg_profile_func_enter(void *f, void *site) { entered++; if (++depth > deepest) deepest = depth; }
PLAIN void __cyg_profile_func_exit(void *f, void *site) { depth--; }
__attribute__((noinline)) static int leaf(int x) { return x * 3; }
__attribute__((noinline)) static int sum(int n) { return n ? leaf(n) + sum(n - 1) + 1 : 0; }
PLAIN int main(void) {
  int s = sum(9);
  printf("%d %d %d\n", s, depth, deepest > 1 && entered > 10);
}
