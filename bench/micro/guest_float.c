/* The same, for the transitions of modules that use x87 and read and write MXCSR. */
#include "guest.c"

long double half(long double x) { return x / 2; }

unsigned control(void) {
  unsigned word;
  __asm__ volatile("stmxcsr %0" : "=m"(word));
  __asm__ volatile("ldmxcsr %0" : : "m"(word));
  return word;
}
