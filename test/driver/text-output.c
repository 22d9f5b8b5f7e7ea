// -S gives text that stock clang and bulkhead-as assemble into code that verifies and runs the same; -save-temps too.
// RUN: %bulkhead-clang -O2 -S %s -o %t.s
// RUN: %clang -c %t.s -o %t.stock.o && %bulkhead-clang %t.stock.o -o %t.stock && %bulkhead-verify %t.stock
// RUN: %bulkhead-run %t.stock | FileCheck %s
// RUN: %bulkhead-clang -c %t.s -o %t.own.o && %bulkhead-clang %t.own.o -o %t.own && %bulkhead-verify %t.own
// RUN: %bulkhead-run %t.own | FileCheck %s
// RUN: rm -rf %t.d && mkdir %t.d && cd %t.d && %bulkhead-clang -O2 -save-temps %s -o out && %bulkhead-verify out
// RUN: %bulkhead-run out | FileCheck %s && ls | FileCheck %s --check-prefix=FILES
// FILES: text-output.s
#include <stdio.h>
static int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
int main(int argc, char **argv) {
  volatile int n = 20;
  switch (n) {
  case 1: return 1;
  case 2: return 4;
  case 3: return 9;
  case 4: return 3;
  case 5: return 7;
  }
  // CHECK: 6765
  printf("%d\n", fib(n));
}
