// Memory operands that a compiler makes: every width, base, index and scale, rip-relative, the stack with an index.
// RUN: %levels %s %t
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))
struct node { struct node *next; int8_t b; int16_t w; int32_t d; int64_t q; int32_t row[4][6]; };
static struct node nodes[8];
static int8_t bytes[64];
static int16_t words[64];
int32_t longs[64];
int64_t quads[64];
static const char text[] = "constant in the image";
static int32_t *const middle = &longs[32];

NOINLINE static int64_t index8(int8_t *p, long i) { return p[i] + p[i + 3]; }
NOINLINE static int64_t index16(int16_t *p, long i) { return p[i] - p[i - 2]; }
NOINLINE static int64_t index32(int32_t *p, int i) { return p[i] ^ p[i + 100 - 99]; }
NOINLINE static int64_t index64(int64_t *p, unsigned i) { return p[i] + p[i + 1] * 3; }
NOINLINE static int64_t deep(struct node *n, long i, long j) { return n[i].row[j][i & 3] + n->next->next->d; }
NOINLINE static void store(struct node *n, long i, int64_t v) {
  n[i].b = v, n[i].w = v * 3, n[i].d = v * 5, n[i].q = v * 7;
  n[i].row[i & 3][v & 3] += v;
  longs[i] += 2, quads[i + 2] -= v, bytes[63 - i]++, words[i * 2] |= 0x101;
}
NOINLINE static int64_t stack(long i, int v) {
  volatile int32_t local[40];
  volatile int8_t small[40];
  for (int k = 0; k < 40; k++)
    local[k] = k * v, small[k] = k - v;
  return local[i] + small[i + 1] + local[39 - i];
}
NOINLINE static int64_t negative(long i) { return middle[-i] + middle[i - 1] + text[i & 15]; }
NOINLINE static int64_t far(char *p) { return p[0x12345] + p[-1] + *(int *)(p + 0x10000); }
static char large[0x20000];

int main(void) {
  for (int i = 0; i < 64; i++)
    bytes[i] = i * 3, words[i] = i * 50, longs[i] = i * 70000, quads[i] = i * 0x100000001;
  for (int i = 0; i < 8; i++)
    nodes[i].next = &nodes[(i + 3) % 8];
  int64_t sum = 0;
  for (long i = 0; i < 8; i++) {
    store(nodes, i, i * 12345 + 1);
    sum = sum * 31 + deep(nodes, i & 3, i & 3);
    sum = sum * 31 + index8(bytes, i) + index16(words, i + 2) + index32(longs, i) + index64(quads, i);
    sum = sum * 31 + stack(i, 9) + negative(i);
  }
  memset(large, 3, sizeof large);
  sum += far(large + 1);
  uint64_t hash = 0;
  for (size_t i = 0; i < 8; i++)
    hash = hash * 37 + nodes[i].b + nodes[i].w + nodes[i].d + nodes[i].q + nodes[i].row[i & 3][1];
  printf("%llx %llx\n", (unsigned long long)sum, (unsigned long long)hash);
}
