// Stack protectors: the guard is read through the thread pointer, and a smashed one ends the program.
// RUN: %levels %s %t -fstack-protector-strong
// RUN: %levels %s %t.all -fstack-protector-all
// RUN: llvm-nm -u %t.O2.o | FileCheck %s
// CHECK: __stack_chk_fail
// RUN: bash -c '%bulkhead-run %t.O2 1 2 3 4 5; test $? -gt 128'
#include <stdio.h>
#include <string.h>
__attribute__((noinline)) static int copy(const char *s, int n) {
  char buffer[16];
  memset(buffer, 'y', 16);
  memcpy(buffer, s, n);
  buffer[15] = 0;
  return strlen(buffer);
}
__attribute__((noinline)) static int variable(int n) {
  char buffer[n + 1];
  memset(buffer, 'x', n);
  buffer[n] = 0;
  return strlen(buffer);
}
int main(int argc, char **argv) {
  static const char text[200] = "a text longer than the buffer that it goes to, when copied as a whole, by far";
  volatile int n = argc > 4 ? 64 : 12;
  printf("%d %d\n", copy(text, n), variable(n));
}
