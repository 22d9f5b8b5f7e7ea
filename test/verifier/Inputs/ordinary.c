/* Ordinary code for which compilers use instructions that no intrinsic function names. */
#include <math.h>
#include <stdint.h>

__int128 shared;
long counter;

int swap16(__int128 *old, __int128 new)
{
    return __atomic_compare_exchange_n(&shared, old, new, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}
uint64_t big_endian(const uint64_t *p) { return __builtin_bswap64(*p); }
void store_big_endian(uint32_t *p, uint32_t v) { *p = __builtin_bswap32(v); }
double fused(double a, double b, double c) { return __builtin_fma(a, b, c); }
long double root(long double x) { return __builtin_sqrtl(x); }
long double remainder_of(long double x, long double y) { return fmodl(x, y); }
long double quotient(long double x, int64_t y) { return x / y; }
int64_t rounded(long double x) { return __builtin_llrintl(x); }
int less(long double x, long double y) { return x < y; }
uint64_t field(uint64_t x) { return x >> 7 & 0x1FFF; }
uint64_t without(uint64_t x, uint64_t y) { return x & ~y; }
uint32_t rotated(uint32_t x) { return x >> 5 | x << 27; }
long add(long n) { return __atomic_fetch_add(&counter, n, __ATOMIC_SEQ_CST); }
unsigned __int128 sum(unsigned __int128 a, unsigned __int128 b) { return a + b; }

int main(void) { return 0; }
