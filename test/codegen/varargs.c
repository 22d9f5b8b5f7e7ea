// Variable arguments: integers and doubles in registers and on the stack, long double, structures, va_copy.
// RUN: %levels %s %t
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
struct pair { long a; double b; };
struct big { int v[9]; };
__attribute__((noinline)) static double sum(const char *kinds, ...) {
  va_list ap, again;
  va_start(ap, kinds);
  va_copy(again, ap);
  double total = 0;
  for (int round = 0; round < 2; round++)
    for (const char *k = kinds; *k; k++) {
      va_list *p = round ? &again : &ap;
      switch (*k) {
      case 'i': total += va_arg(*p, int); break;
      case 'l': total += va_arg(*p, long); break;
      case 'd': total += va_arg(*p, double); break;
      case 'L': total += va_arg(*p, long double); break;
      case 's': total += strlen(va_arg(*p, char *)); break;
      case 'p': { struct pair x = va_arg(*p, struct pair); total += x.a * x.b; break; }
      case 'b': { struct big x = va_arg(*p, struct big); total += x.v[0] + x.v[8]; break; }
      }
    }
  va_end(ap);
  va_end(again);
  return total;
}
__attribute__((noinline)) static int forward(char *out, const char *format, ...) {
  va_list ap;
  va_start(ap, format);
  int n = vsnprintf(out, 200, format, ap);
  va_end(ap);
  return n;
}
int main(void) {
  struct pair p = {3, 1.5};
  struct big b = {{1, 2, 3, 4, 5, 6, 7, 8, 9}};
  printf("%g\n", sum("iiiiiiiiii", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  printf("%g\n", sum("dddddddddd", 1., 2., 3., 4., 5., 6., 7., 8., 9., 10.));
  printf("%g\n", sum("ildLsppppbdi", 1, 2l, 3.5, 4.25L, "five", p, p, p, p, b, 0.5, -7));
  printf("%g\n", sum(""));
  char out[200];
  int n = forward(out, "%d %s %.3f %Lg %c %ld %x", 1, "two", 3.0, 4.0L, '5', 6l, 0x7u);
  printf("%d %s\n", n, out);
}
