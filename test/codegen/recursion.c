// Recursion: deep, mutual, through function pointers; return addresses read back.
// RUN: %levels %s %t
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#define NOINLINE __attribute__((noinline))
NOINLINE static int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
NOINLINE static unsigned ackermann(unsigned m, unsigned n) { return !m ? n + 1 : !n ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1)); }
NOINLINE static long deep(long n) { volatile long v = n; return n ? deep(n - 1) + v : 0; }
static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
struct tree { struct tree *left, *right; int value; };
NOINLINE static struct tree *insert(struct tree *t, int v) {
  if (!t) {
    t = calloc(1, sizeof *t);
    t->value = v;
  } else if (v < t->value)
    t->left = insert(t->left, v);
  else
    t->right = insert(t->right, v);
  return t;
}
NOINLINE static void walk(struct tree *t, void (*f)(struct tree *, void *), void *data) {
  if (!t)
    return;
  walk(t->left, f, data);
  f(t, data);
  walk(t->right, f, data);
}
static void add(struct tree *t, void *sum) { *(unsigned *)sum = *(unsigned *)sum * 3 + t->value; }
NOINLINE static int returns_here(void *expected) { return __builtin_return_address(0) > expected && (char *)__builtin_return_address(0) < (char *)expected + 4096; }
NOINLINE static void hanoi(int n, int from, int to, int via, unsigned *moves) {
  if (!n)
    return;
  hanoi(n - 1, from, via, to, moves);
  *moves = *moves * 5 + from * 3 + to;
  hanoi(n - 1, via, to, from, moves);
}
int main(void) {
  int v[100];
  unsigned sum = 0, moves = 0;
  struct tree *t = NULL;
  for (int i = 0; i < 100; i++)
    v[i] = i * 7919 % 1000, t = insert(t, v[i]);
  qsort(v, 100, sizeof *v, compare);
  walk(t, add, &sum);
  hanoi(8, 1, 2, 3, &moves);
  printf("%d %u %ld %d %d %u %u\n", fib(18), ackermann(2, 9), deep(50000), v[0], v[99], sum, moves);
  printf("%d\n", returns_here((void *)main));
}
