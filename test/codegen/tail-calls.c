// Tail calls: direct, through registers and memory, with arguments on the stack, mutual and endless recursion by musttail.
// RUN: %levels %s %t
#include <stdio.h>
#define TAIL __attribute__((musttail)) return
#define NOINLINE __attribute__((noinline))
struct machine;
typedef long step(struct machine *, long, long, long, long, long);
struct machine { step *const *steps; const unsigned char *code; long count; };
static step add, multiply, rotate, stop;
static step *const steps[] = {add, multiply, rotate, stop};
static long add(struct machine *m, long a, long b, long c, long d, long e) { m->count++; TAIL m->steps[*m->code++](m, a + b, b, c, d, e); }
static long multiply(struct machine *m, long a, long b, long c, long d, long e) { m->count++; TAIL m->steps[*m->code++](m, a * c, b, c, d, e); }
static long rotate(struct machine *m, long a, long b, long c, long d, long e) { m->count++; TAIL m->steps[*m->code++](m, b, c, d, e, a); }
static long stop(struct machine *m, long a, long b, long c, long d, long e) { return a + b * 2 + c * 3 + d * 5 + e * 7 + m->count; }
NOINLINE static int odd(unsigned n);
NOINLINE static int even(unsigned n) { if (!n) return 1; TAIL odd(n - 1); }
NOINLINE static int odd(unsigned n) { if (!n) return 0; TAIL even(n - 1); }
NOINLINE static long many(long a, long b, long c, long d, long e, long f, long g, long h) { return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h; }
NOINLINE static long shuffle(long a, long b, long c, long d, long e, long f, long g, long h) { TAIL many(h, g, f, e, d, c, b, a); }
struct table { long (*f[4])(long, long, long, long, long, long, long, long); };
NOINLINE static long memory(long a, long b, long c, long d, long e, long f, struct table *t, long k) { return t->f[k](a, b, c, d, e, f, 1, k); }
NOINLINE static long all_registers(long (*f)(long (*)(), long, long, long, long, long), long b, long c, long d, long e, long g) { return f((long (*)())f, c, d, e, g, b); }
static long last(long (*f)(), long b, long c, long d, long e, long g) { return b + c * 10 + d * 100 + e * 1000 + g * 10000; }
int main(void) {
  static const unsigned char code[] = {0, 1, 2, 0, 0, 1, 2, 2, 1, 0, 3};
  struct machine m = {steps, code, 0};
  printf("%ld\n", add(&m, 1, 2, 3, 4, 5));
  printf("%d %d\n", even(1000000), odd(1000001));
  struct table t = {{many, shuffle, many, shuffle}};
  printf("%ld %ld %ld\n", shuffle(1, 2, 3, 4, 5, 6, 7, 8), memory(1, 2, 3, 4, 5, 6, &t, 1), memory(1, 2, 3, 4, 5, 6, &t, 2));
  printf("%ld\n", all_registers(last, 1, 2, 3, 4, 5));
}
