// Frames: over-aligned ones (with variable parts too), larger than the guard's reach (16 KiB) and than 1 MiB.
// RUN: %levels %s %t
// Ordinary frames are not masked: no write to rsp but constants.
// RUN: %bulkhead-clang -O2 -c %s -o %t.o && llvm-objdump -d --disassemble-symbols=ordinary %t.o | FileCheck %s
// CHECK-LABEL: <ordinary>:
// CHECK-NOT: %gs:0x10000, %rsp
// CHECK: call
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#define NOINLINE __attribute__((noinline))
NOINLINE static void fill(void *p, size_t n) { memset(p, n * 7, n); }
#define ALIGNED(a)                                                                         \
  NOINLINE static int aligned##a(int n) {                                                   \
    _Alignas(a) char v[a];                                                                 \
    char w[33];                                                                            \
    fill(v, sizeof v), fill(w, sizeof w);                                                   \
    return (((uintptr_t)v) % a != 0) * 1000 + v[n] + w[n];                                  \
  }                                                                                        \
  NOINLINE static int variable##a(int n) {                                                  \
    _Alignas(a) char v[a];                                                                 \
    char w[n + 1];                                                                         \
    fill(v, sizeof v), fill(w, sizeof w);                                                   \
    return (((uintptr_t)v) % a != 0) * 1000 + v[n] + w[n];                                  \
  }
ALIGNED(32) ALIGNED(64) ALIGNED(256) ALIGNED(4096)
#define SIZED(bytes)                                                                        \
  NOINLINE static unsigned sized##bytes(int k, long a, long b, long c, long d, long e, long f, long g) { \
    volatile char v[bytes];                                                                \
    v[0] = k, v[bytes - 1] = k + 1, v[bytes / 2] = k + 2;                                   \
    if (k > 0)                                                                             \
      v[1] = sized##bytes(k - 1, b, c, d, e, f, g, a);                                      \
    else                                                                                   \
      v[1] = 9;                                                                            \
    return v[0] + v[1] + v[bytes - 1] * 3u + v[bytes / 2] * 5u + a + g;                     \
  }
SIZED(100) SIZED(4000) SIZED(4096) SIZED(16000) SIZED(16376) SIZED(16384) SIZED(16400) SIZED(20000) SIZED(32768) SIZED(65536)
SIZED(300000) SIZED(1100000)
NOINLINE int ordinary(int n) {
  char v[200];
  fill(v, sizeof v);
  return v[n];
}
// Untouched: nothing stores to the new frame before the branch.
NOINLINE static int untouched(int n, int (*f)(char *)) {
  char v[1000];
  if (n == 3)
    return 7;
  return f(v);
}
static int length(char *v) { strcpy(v, "length"); return strlen(v); }
int main(void) {
  printf("%d %d %d %d\n", aligned32(3), aligned64(4), aligned256(5), aligned4096(6));
  printf("%d %d %d %d\n", variable32(3), variable64(4), variable256(5), variable4096(6));
#define SHOW(bytes) printf(#bytes " %u\n", sized##bytes(3, 1, 2, 3, 4, 5, 6, 7));
  SHOW(100) SHOW(4000) SHOW(4096) SHOW(16000) SHOW(16376) SHOW(16384) SHOW(16400) SHOW(20000) SHOW(32768) SHOW(65536)
  SHOW(300000) SHOW(1100000)
  printf("%d %d %d\n", ordinary(5), untouched(3, length), untouched(4, length));
}
