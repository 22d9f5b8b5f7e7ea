// Structures as arguments and results: in registers, in memory, mixed classes, packed, with flexible copies.
// RUN: %levels %s %t
#include <complex.h>
#include <stdio.h>
#include <string.h>
#define NOINLINE __attribute__((noinline))
struct one { char c; };
struct two { int a; float f; };
struct mixed { double d; long l; };
struct floats { float f[4]; };
struct three { long a, b, c; };
struct huge { char text[300]; int n; };
struct __attribute__((packed)) packed { char c; int i; double d; };
union both { long l; double d; };
NOINLINE static struct one f1(struct one a, int k) { a.c += k; return a; }
NOINLINE static struct two f2(struct two a, struct two b) { return (struct two){a.a + b.a, a.f * b.f}; }
NOINLINE static struct mixed f3(int k, struct mixed a, struct mixed b, struct mixed c, struct mixed d) { return (struct mixed){a.d + d.d * k, b.l - c.l}; }
NOINLINE static struct floats f4(struct floats a) { a.f[3] += a.f[0]; return a; }
NOINLINE static struct three f5(struct three a, struct three b) { a.c += b.a; return a; }
NOINLINE static struct huge f6(struct huge a, int k) { a.text[k] = '!'; a.n += k; return a; }
NOINLINE static struct packed f7(struct packed a) { a.i *= 3; a.d += a.i; return a; }
NOINLINE static union both f8(union both a) { a.l ^= 1l << 62; return a; }
NOINLINE static double complex f9(double complex a, float complex b) { return a * b + 1; }
NOINLINE static __int128 f10(__int128 a, unsigned __int128 b) { return a * 3 - (__int128)b / 7; }
int main(void) {
  struct huge h = {"structures in memory", 4};
  struct two t = f2((struct two){3, 1.5f}, (struct two){4, 2});
  struct mixed m = f3(2, (struct mixed){1, 2}, (struct mixed){3, 4}, (struct mixed){5, 6}, (struct mixed){7, 8});
  struct floats f = f4((struct floats){{1, 2, 3, 4}});
  struct three r = f5((struct three){1, 2, 3}, (struct three){4, 5, 6});
  struct packed p = f7((struct packed){1, 2, 3.5});
  printf("%c %d %g %g %ld\n", f1((struct one){'a'}, 5).c, t.a, t.f, m.d, m.l);
  printf("%g %ld %g %d\n", f.f[3], r.c, p.d, p.i);
  h = f6(f6(h, 2), 7);
  printf("%s %d %g\n", h.text, h.n, f8((union both){.d = 1.5}).d);
  double complex c = f9(1 + 2 * I, 3 - I);
  __int128 w = f10((__int128)1 << 70, 12345);
  printf("%g %g %llx %llx\n", creal(c), cimag(c), (unsigned long long)(w >> 64), (unsigned long long)w);
}
