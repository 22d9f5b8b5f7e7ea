/* The guest of the micro-benchmarks: exports that do next to nothing. */
#include <stdlib.h>

void nothing(void) {}

int add(int a, int b) { return a + b; }

double add_doubles(double a, double b) { return a + b; }

char *identity(char *p) { return p; }

/* Calls back so many times. */
void repeat(int (*function)(int), int count) {
  for (int n = 0; n < count; n++)
    function(n);
}

void forever(void) {
  for (;;)
    __asm__ volatile("");
}

int use_heap(void) {
  char *volatile block = malloc(100);
  int good = block != NULL;
  if (good)
    block[0] = 1;
  free(block);
  return good;
}
