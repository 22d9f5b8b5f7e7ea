// Each kind of branch: every condition, near and far, loops, calls through memory and registers, into functions far away.
// RUN: %levels %s %t
#include <stdint.h>
#include <stdio.h>
#define NOINLINE __attribute__((noinline))

#define CONDITIONS(X) X(==, eq) X(!=, ne) X(<, lt) X(<=, le) X(>, gt) X(>=, ge)
#define DEFINE(op, name)                                                                                   \
  NOINLINE static int s##name(int64_t a, int64_t b) { int r = 0; if (a op b) r = printf("") + 5; return r + 1; } \
  NOINLINE static int u##name(uint32_t a, uint32_t b) { int r = 0; while (a op b && r < 7) r++, b ^= 3; return r; } \
  NOINLINE static int f##name(double a, double b) { if (a op b) return printf("") + 3; return 4; }
CONDITIONS(DEFINE)

// The operands decide between rel8 and rel32: bodies of every size around the limit.
#define FILL1 x = x * 3 + y; y ^= x >> 3;
#define FILL4 FILL1 FILL1 FILL1 FILL1
#define FILL16 FILL4 FILL4 FILL4 FILL4
#define BODY(n, fill)                                                  \
  NOINLINE static unsigned body##n(unsigned x, unsigned y, int k) {    \
    do {                                                               \
      if (k & 1) { fill } else { y += 7; }                             \
      if (x == 12345) return y;                                        \
    } while (--k);                                                     \
    return x ^ y;                                                      \
  }
BODY(1, FILL1) BODY(2, FILL1 FILL1) BODY(3, FILL1 FILL1 FILL1) BODY(4, FILL4) BODY(5, FILL4 FILL1) BODY(6, FILL4 FILL1 FILL1)
BODY(8, FILL4 FILL4) BODY(12, FILL4 FILL4 FILL4) BODY(16, FILL16) BODY(20, FILL16 FILL4) BODY(64, FILL16 FILL16 FILL16 FILL16)

static int add(int a, int b) { return a + b; }
static int subtract(int a, int b) { return a - b; }
static int (*const table[])(int, int) = {add, subtract};
struct object { int (*method)(int, int); int value; } ;
NOINLINE static int through_memory(struct object *o, int k) { return o[k & 1].method(o->value, k) + table[k & 1](k, 2); }
NOINLINE static int and_again(int (*f)(int, int), int k) { int r = 0; while (k--) r = f(r, k); return r; }
NOINLINE static int bits(unsigned a) { int n = 0; for (; a; a &= a - 1) n++; return __builtin_parity(a ^ n) + n; }
NOINLINE static int overflow(int a, int b) { int r; return __builtin_mul_overflow(a, b, &r) ? -1 : r; }

int main(void) {
  static const int64_t values[] = {0, 1, -1, 5, 0x7fffffff, -0x80000000ll, 0x123456789ll};
  unsigned sum = 0;
  for (int i = 0; i < 7; i++)
    for (int j = 0; j < 7; j++) {
#define USE(op, name) sum = sum * 3 + s##name(values[i], values[j]) + u##name(values[i], values[j]) + f##name(values[i], values[j]);
      CONDITIONS(USE)
      sum += bits(values[i]) + overflow(values[i], values[j]);
    }
  printf("%u\n", sum);
  printf("%u %u %u %u %u %u %u %u %u %u %u\n", body1(1, 2, 9), body2(1, 2, 9), body3(1, 2, 9), body4(1, 2, 9), body5(1, 2, 9),
         body6(1, 2, 9), body8(1, 2, 9), body12(1, 2, 9), body16(1, 2, 9), body20(1, 2, 9), body64(1, 2, 9));
  struct object objects[2] = {{subtract, 10}, {add, 20}};
  printf("%d %d\n", through_memory(objects, 1), through_memory(objects, 4));
  printf("%d %d\n", and_again(add, 10), and_again(table[1], 10));
}
