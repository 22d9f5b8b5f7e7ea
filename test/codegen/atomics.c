// Atomics of every width and kind, bit operations by a variable bit (never a bit test that leaves the word), fences.
// RUN: %levels %s %t
// RUN: %levels --at O2,O3v3 %s %t.cx16 -mcx16 -DWIDE
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#define NOINLINE __attribute__((noinline))
#define KINDS(X) X(int8_t, 8) X(int16_t, 16) X(int32_t, 32) X(int64_t, 64)
#define DEFINE(T, n)                                                                                \
  static _Atomic T v##n = 5;                                                                       \
  NOINLINE static uint64_t all##n(T a, int bit) {                                                   \
    uint64_t h = 0;                                                                                \
    h = h * 31 + (T)atomic_fetch_add(&v##n, a);                                                     \
    h = h * 31 + (T)atomic_fetch_sub(&v##n, 3);                                                     \
    h = h * 31 + (T)atomic_fetch_or(&v##n, (T)((T)1 << bit));                                       \
    h = h * 31 + ((atomic_fetch_or(&v##n, (T)((T)1 << bit)) >> bit) & 1);                           \
    h = h * 31 + !!(atomic_fetch_and(&v##n, (T)~((T)1 << bit)) & (T)((T)1 << bit));                 \
    h = h * 31 + !!(atomic_fetch_xor(&v##n, (T)((T)1 << bit)) & (T)((T)1 << bit));                  \
    h = h * 31 + !!(atomic_fetch_or(&v##n, (T)4) & 4);                                              \
    h = h * 31 + !!(__atomic_fetch_nand((T *)&v##n, a, __ATOMIC_RELAXED) & 16);                     \
    atomic_fetch_or(&v##n, (T)((T)1 << (bit & 7)));                                                 \
    h = h * 31 + (T)atomic_exchange(&v##n, (T)(a * 3));                                             \
    T expected = (T)(a * 3);                                                                       \
    h = h * 31 + atomic_compare_exchange_strong(&v##n, &expected, (T)(a + 1));                      \
    h = h * 31 + atomic_compare_exchange_strong(&v##n, &expected, (T)(a + 2)) + (T)expected;        \
    atomic_thread_fence(memory_order_seq_cst);                                                     \
    T old = atomic_load(&v##n);                                                                    \
    while (!atomic_compare_exchange_weak(&v##n, &old, (T)(old * 2)))                                \
      ;                                                                                            \
    atomic_store(&v##n, (T)(atomic_load_explicit(&v##n, memory_order_acquire) + 1));                \
    return h * 31 + (T)v##n++;                                                                      \
  }
KINDS(DEFINE)
static _Atomic(uint32_t) bitmap[8];
NOINLINE static int set_bit(unsigned i) { return !!(atomic_fetch_or(&bitmap[i / 32], 1u << (i % 32)) & (1u << (i % 32))); }
NOINLINE static int clear_bit(unsigned i) { return !!(atomic_fetch_and(&bitmap[i / 32], ~(1u << (i % 32))) & (1u << (i % 32))); }
NOINLINE static int flip_bit(unsigned i) { return !!(atomic_fetch_xor(&bitmap[i / 32], 1u << (i % 32)) & (1u << (i % 32))); }
NOINLINE static int test_bit(const uint32_t *words, unsigned i) { return words[i / 32] >> (i % 32) & 1; }
static atomic_flag lock = ATOMIC_FLAG_INIT;
static _Atomic double real = 1.5;
int main(void) {
#define USE(T, n) for (int i = 0; i < 8; i++) printf("%llx\n", (unsigned long long)all##n((T)(i * 11 + 1), i % (n - 1)));
  KINDS(USE)
  for (unsigned i = 0; i < 256; i += 13)
    printf("%d%d%d%d%d", set_bit(i), set_bit(i), test_bit((uint32_t *)bitmap, i), i & 1 ? clear_bit(i) : flip_bit(i), flip_bit(i ^ 1));
  printf("\n%d %d\n", atomic_flag_test_and_set(&lock), atomic_flag_test_and_set(&lock));
  real += 2.25;
  printf("%g\n", real);
#ifdef WIDE
  static _Alignas(16) unsigned __int128 wide = 7;
  unsigned __int128 was = __sync_val_compare_and_swap(&wide, 7, (unsigned __int128)9 << 64);
  printf("%llx %llx\n", (unsigned long long)was, (unsigned long long)(wide >> 64));
#endif
}
