// Floating point in SSE registers: constants in memory, conversions, comparisons with NaN, min, max, the rounding mode.
// RUN: %levels %s %t -ffp-contract=off
#include <fenv.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#define NOINLINE __attribute__((noinline))
NOINLINE static double polynomial(double x) { return ((1.5 * x - 2.25) * x + 3.125) * x - 4; }
NOINLINE static float mixed(int a, unsigned long b, float c, double d) { return a * c + b / d; }
NOINLINE static int order(double a, double b) { return (a < b) | (a > b) << 1 | (a == b) << 2 | (a != b) << 3 | (a <= b) << 4 | !(a >= b) << 5; }
NOINLINE static uint64_t convert(double d) { return (uint64_t)d ^ (uint32_t)(int64_t)d ^ (uint64_t)(int)(float)(d / 1e8); }
NOINLINE static double bits(double d) { return fabs(-d) + copysign(2, d) + fmin(d, 3) + fmax(d, 1); }
int main(void) {
  double v[] = {0.0, -0.0, 1.5, -7.75, 1e10, NAN, INFINITY};
  for (int i = 0; i < 7; i++)
    for (int j = 0; j < 7; j++)
      printf("%d ", order(v[i], v[j]));
  printf("\n%g %g %llu %g\n", polynomial(1.75), mixed(3, 17, 2.5f, 4), (unsigned long long)convert(9e15), bits(-1.25));
  printf("%.17g %.17g %.17g %.17g\n", sin(1), exp(2), pow(2, 0.3), fma(2, 3, 4));
  volatile double third = 1.0, three = 3;
  fesetround(FE_UPWARD);
  volatile double up = third / three;
  fesetround(FE_TONEAREST);
  volatile double near = third / three;
  printf("%d %g\n", up > near, floor(2.7) + ceil(2.2) + trunc(-2.5) + rint(2.5));
}
