// Stack memory of run-time size: alloca, variable-length arrays in loops and branches, with the flags live across.
// RUN: %levels %s %t
#include <alloca.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
__attribute__((noinline)) static void use(char *p, size_t n) { memset(p, 'a' + n % 26, n); }
__attribute__((noinline)) static int array(int n) {
  int v[n];
  for (int i = 0; i < n; i++)
    v[i] = i * n;
  int sum = 0;
  for (int i = n; i--;)
    sum += v[i];
  return sum;
}
__attribute__((noinline)) static unsigned loop(int n) {
  unsigned hash = 0;
  for (int i = 1; i < n; i++) {
    char v[i * 3];
    use(v, sizeof v);
    if (i == n / 2)
      continue;
    char w[i][i + 1];
    use(&w[0][0], sizeof w);
    hash = hash * 31 + v[i] + w[i - 1][i] + ((uintptr_t)v & 7);
    if (hash == 77)
      goto out;
  }
out:
  return hash;
}
__attribute__((noinline)) static size_t kept(int n) {
  char *p[20];
  for (int i = 0; i < n; i++) {
    p[i] = alloca(i * 100 + 1);
    use(p[i], i * 100 + 1);
  }
  size_t sum = 0;
  for (int i = 0; i < n; i++)
    sum += p[i][i * 100] + ((uintptr_t)p[i] & 15);
  return sum;
}
// The restore of rsp stands between a comparison and what uses it.
__attribute__((noinline)) static int flags(const char *s, int n) {
  int found;
  {
    char copy[n + 1];
    memcpy(copy, s, n);
    copy[n] = 0;
    found = strcmp(copy, s) < 0;
  }
  return found ? 10 : 20;
}
__attribute__((noinline)) static int early(int n) {
  int r = 3;
  for (int i = 0; i < 3; i++) {
    volatile char v[n + i];
    v[0] = n;
    if (v[0] > 100)
      return i + 50;
    r += v[0] == i;
  }
  return r;
}
__attribute__((noinline)) static long large(size_t n) {
  volatile char *p = alloca(n);
  long sum = 0;
  for (size_t i = 0; i < n; i += 4096)
    p[i] = i >> 12;
  for (size_t i = 0; i < n; i += 4096)
    sum += p[i];
  p[n - 1] = 3;
  return sum + p[n - 1];
}
int main(void) {
  printf("%d %d %u %u\n", array(1), array(100), loop(3), loop(40));
  printf("%zu %d %d\n", kept(20), flags("hello", 3), flags("hello", 5));
  printf("%d %d %d\n", early(1), early(2), early(101));
  printf("%ld %ld\n", large(17000), large(3 << 20));
}
