// Labels as values: a threaded interpreter, tables of labels in data, distances between labels.
// RUN: %levels %s %t
#include <stdio.h>
__attribute__((noinline)) static long interpret(const unsigned char *code) {
  static void *const labels[] = {&&push, &&add, &&mul, &&dup, &&swap, &&loop, &&halt};
  long stack[16], *sp = stack, t;
#define NEXT goto *labels[*code++]
  NEXT;
push: *sp++ = *code++; NEXT;
add: t = *--sp; sp[-1] += t; NEXT;
mul: t = *--sp; sp[-1] *= t; NEXT;
dup: t = sp[-1]; *sp++ = t; NEXT;
swap: t = sp[-1]; sp[-1] = sp[-2]; sp[-2] = t; NEXT;
loop: if (sp[-1] < 1000000) code -= code[0]; else code++; NEXT;
halt: return sp[-1];
}
__attribute__((noinline)) static int distances(int k) {
  static const int table[] = {&&a - &&a, &&b - &&a, &&c - &&a};
  int r = 1;
  goto *(&&a + table[k]);
a: r += 1;
b: r *= 10;
c: r += 5;
  return r;
}
__attribute__((noinline)) static int through(void *target[2], int k) {
  void *here[] = {&&x, &&y, &&z};
  if (k == 3)
    return target[0] != target[1];
  goto *here[k];
x: return printf("x\n");
y: return 20;
z: return 30;
}
int main(void) {
  static const unsigned char code[] = {0, 7, 3, 2, 0, 3, 1, 3, 2, 5, 8, 6};
  printf("%ld\n", interpret(code));
  void *targets[2] = {0, targets};
  for (int k = 0; k < 3; k++)
    printf("%d %d\n", distances(k), through(targets, k));
}
