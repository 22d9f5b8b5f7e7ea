// Switches through jump tables: dense, large, nested, with fall-through; every entry is aligned.
// RUN: %levels %s %t
// RUN: %bulkhead-clang -O2 -ffunction-sections -c %s -o %t.tables.o && %check-layout --tables %t.tables.o
// RUN: llvm-readelf -rW %t.tables.o | FileCheck %s
// CHECK: .rela.rodata.dense
// CHECK: R_X86_64_PC32
#include <stdio.h>
__attribute__((noinline)) int dense(int x, int y) {
  switch (x) {
  case 0: return y + 3;
  case 1: return y * 7;
  case 2: y ^= 0x55; /* fall through */
  case 3: return y - 9;
  case 4: return printf("four\n");
  case 5: y = -y; break;
  case 6: return y << 3;
  case 7: return y / 3;
  case 8: return y % 5;
  }
  return y + 1;
}
#define CASE(n) case n: r = r * 33 + n * n; if (r & 1) r += n; break;
#define CASES4(n) CASE(n) CASE(n + 1) CASE(n + 2) CASE(n + 3)
#define CASES16(n) CASES4(n) CASES4(n + 4) CASES4(n + 8) CASES4(n + 12)
#define CASES64(n) CASES16(n) CASES16(n + 16) CASES16(n + 32) CASES16(n + 48)
__attribute__((noinline)) unsigned large(const unsigned char *code, int n) {
  unsigned r = 1;
  while (n--)
    switch (*code++) {
      CASES64(0) CASES64(64) CASES64(128) CASES64(192)
    }
  return r;
}
__attribute__((noinline)) int nested(int a, int b) {
  switch (a) {
  case 10: switch (b) { case 0: return 1; case 1: return printf("n\n"); case 2: return a; case 3: return b * a; case 4: return 77; default: return 5; }
  case 11: return b; case 12: return a - b; case 13: return 99; case 14: b++; break;
  case 17: return b * 3; case 18: return -1;
  }
  return b;
}
int main(void) {
  unsigned char code[512];
  for (int i = 0; i < 512; i++)
    code[i] = i * 7;
  for (int i = -1; i < 10; i++)
    printf("%d ", dense(i, i * 100));
  printf("%u\n", large(code, 512));
  for (int a = 9; a < 20; a++)
    for (int b = -1; b < 6; b++)
      printf("%d ", nested(a, b));
  puts("");
}
