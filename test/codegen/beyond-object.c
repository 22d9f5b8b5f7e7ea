// An access whose constant offset leaves its object does not lie in the image for certain. Where it never runs it makes no module unusable, and
// where it runs it is confined like any other: a fault in the slot, or whatever lies there.
// RUN: %bulkhead-clang -O0 -w %s -o %t.O0 && %bulkhead-verify %t.O0 && %bulkhead-run %t.O0 | FileCheck %s
// RUN: %bulkhead-clang -O2 -w %s -o %t.O2 && %bulkhead-verify %t.O2 && %bulkhead-run %t.O2 | FileCheck %s
// RUN: %bulkhead-clang -O2 -w -pthread %s -o %t.threads && %bulkhead-verify %t.threads && %bulkhead-run %t.threads | FileCheck %s
// RUN: %bulkhead-clang -O2 -w -mllvm -bulkhead-isolate=stores %s -o %t.stores && %bulkhead-verify --allow-stores-only %t.stores
// RUN: not %bulkhead-run %t.O2 run 2>&1 | FileCheck --check-prefix=RUNS %s
// RUNS: invalid memory access

// What lies in its object stays relative to rip.
// RUN: %bulkhead-clang -O2 -w -S %s -o - | FileCheck --check-prefix=CODE %s
// CODE-LABEL: inside:
// CODE-NOT: leaq
// CODE: pair+28(%rip)
// CODE-LABEL: outside:
// CODE: leaq {{.*}}pair{{.*}}(%rip), %r[[R:[a-z0-9]+]]
// CODE: %gs:

// The look at an object agrees with the one at the module.
// RUN: %bulkhead-clang -O2 -w -c %s -o %t.o && %bulkhead-verify %t.o
#include <stdio.h>
#include <string.h>

int nothing, pair[8];
extern int elsewhere[] __attribute__((weak));
struct { char bytes[5]; } five;
long wide[4];
int (*functions[2])(void);

__attribute__((noinline)) int inside(void) { return pair[7]; }
__attribute__((noinline)) int outside(void) { return pair[100000000]; }
__attribute__((noinline)) void store(int value) { pair[-100000000] = value; }
__attribute__((noinline)) void add(int value) { pair[200000000] += value; }
__attribute__((noinline)) int compare(void) { return pair[300000000] > 5 ? 3 : 4; }
__attribute__((noinline)) long straddle(void) { return *(volatile long *)(five.bytes + 100000000); }
__attribute__((noinline)) int call(void) { return functions[100000000](); }
__attribute__((noinline)) void copy(void) { memcpy((char *)wide + 1000000000, wide, 32); }

int main(int argc, char **argv) {
  if (argc > 1)
    return outside();
  if (nothing) {
    store(outside() + compare() + call());
    add((int)straddle());
    copy();
  }
  // CHECK: runs 0
  printf("runs %d\n", inside());
  return 0;
}
