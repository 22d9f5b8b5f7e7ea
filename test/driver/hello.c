// A command line as for any compiler gives a module that the verifier accepts and that runs, at every level.
// RUN: %bulkhead-clang %s -o %t && %bulkhead-verify %t && %bulkhead-run %t a "b c" | FileCheck %s
// RUN: %bulkhead-clang -O2 -g %s -o %t && %bulkhead-verify %t && %bulkhead-run %t a "b c" | FileCheck %s
// RUN: %bulkhead-clang -Os -Werror -static -rdynamic %s -o %t -lm -lpthread && %bulkhead-verify %t && %bulkhead-run %t a "b c" | FileCheck %s
// RUN: %bulkhead-clang -O3 -fPIC -pthread -ffunction-sections -Wl,--gc-sections %s -o %t
// RUN: %bulkhead-verify %t && %bulkhead-run %t a "b c" | FileCheck %s
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local int counter = 40;
static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
__attribute__((constructor)) static void before(void) { counter++; }
static void after(void) { puts("after"); }

int main(int argc, char **argv) {
  int numbers[] = {5, 3, 9, 1};
  atexit(after);
  qsort(numbers, 4, sizeof *numbers, compare);
  char *copy = strdup(argv[argc - 1]);
  printf("%d %d %d %s %.3f %d\n", argc, numbers[0], numbers[3], copy, sqrt(2.0), ++counter);
  free(copy);
  // CHECK: 3 1 9 b c 1.414 42
  // CHECK-NEXT: after
#ifndef __bulkhead__
#error "bulkhead-clang defines __bulkhead__"
#endif
  return 0;
}
