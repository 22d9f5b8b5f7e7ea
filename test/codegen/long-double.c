// x87: long double arithmetic, comparison, conversion, arguments and results, in memory of every kind.
// RUN: %levels %s %t
#include <math.h>
#include <stdio.h>
#include <string.h>
#define NOINLINE __attribute__((noinline))
static long double values[] = {0.5L, -3.25L, 1e30L, 1e-4900L, 7};
NOINLINE static long double mix(long double a, int b, long double c, float d, double e, short f) { return a * b - c / 3 + d * e + f; }
NOINLINE static int compare(long double a, long double b) { return (a < b) + 2 * (a == b) + 4 * (a >= b) + 8 * __builtin_isnan(a); }
NOINLINE static long long whole(long double a) { return (long long)a + (unsigned long long)(a < 0 ? -a : a) + (int)(short)(int)a; }
NOINLINE static void many(long double *out, long double a, long double b, long double c, long double d, long double e, long double f, long double g, long double h, long double i) {
  out[0] = a + b * c - d / e, out[1] = f * g + h - i, out[2] = a > b ? c : d;
}
NOINLINE static _Complex long double complex_(_Complex long double a) { return a * a; }
int main(void) {
  long double out[3];
  printf("%Lg %Lg\n", mix(1.5L, 3, 9.75L, 0.25f, 8.5, -3), mix(values[1], -2, values[0], 1, 2, 3));
  for (int i = 0; i < 5; i++)
    printf("%d %Lg %a\n", compare(values[i], values[(i + 2) % 5]), values[i] * values[i], (double)values[i]);
  printf("%lld %lld\n", whole(123456.75L), whole(-77.5L));
  many(out, 1, 2, 3, 4, 5, 6, 7, 8, 9);
  printf("%Lg %Lg %Lg\n", out[0], out[1], out[2]);
  printf("%.18Lg %.18Lg %.15Lg\n", sqrtl(2), fmodl(10.5L, 3), powl(2.5L, 3.5L));
  _Complex long double c = complex_(2 + 3i);
  printf("%Lg %Lg %d\n", __real__ c, __imag__ c, compare(__builtin_nanl(""), 1));
}
