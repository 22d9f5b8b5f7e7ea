// What the vectoriser and instruction selection make of gathers, AVX-512 and other instructions that are not accepted, where the processor has them.
#include <stdint.h>

void gather(float *restrict o, const float *a, const int *restrict i, int n) { for (int k = 0; k < n; k++) o[k] = a[i[k]]; }
void gather_some(double *restrict o, const double *a, const int64_t *restrict i, int n) { for (int k = 0; k < n; k++) if (i[k]) o[k] = a[i[k]]; }
void scatter(int64_t *restrict o, const int64_t *a, const int *restrict i, int n) { for (int k = 0; k < n; k++) o[i[k]] = a[k]; }
int vnni(const uint8_t *a, const int8_t *b, int n) { int s = 0; for (int k = 0; k < n; k++) s += a[k] * b[k]; return s; }
int vnni_words(const int16_t *a, const int16_t *b, int n) { int s = 0; for (int k = 0; k < n; k++) s += a[k] * b[k]; return s; }
void gfni_reverse(uint8_t *a, int n) { for (int k = 0; k < n; k++) a[k] = __builtin_bitreverse8(a[k]); }
void gfni_rotate(uint8_t *a, int n) { for (int k = 0; k < n; k++) a[k] = a[k] << 3 | a[k] >> 5; }
void xop_shift(uint8_t *a, uint8_t *b, int n) { for (int k = 0; k < n; k++) a[k] = a[k] >> (b[k] & 7); }
void xop_rotate(uint32_t *a, uint32_t *b, int n) { for (int k = 0; k < n; k++) a[k] = a[k] << (b[k] & 31) | a[k] >> (-b[k] & 31); }
void sse4a_store(float *p, float f) { __builtin_nontemporal_store(f, p); }
void sse4a_store_double(double *p, double f) { __builtin_nontemporal_store(f, p); }
double fma4(double a, double b, double c) { return __builtin_fma(a, b, c); }
unsigned tbm(unsigned x) { return (x & (x - 1)) ^ (x | (x + 1)); }
unsigned tbm_field(unsigned x) { return x >> 5 & 0x3ff; }
void fp16(_Float16 *a, _Float16 *b, int n) { for (int k = 0; k < n; k++) a[k] = a[k] * b[k] + a[k]; }
void bf16(__bf16 *a, float *b, int n) { for (int k = 0; k < n; k++) a[k] = b[k]; }
void bf16_back(float *a, __bf16 *b, int n) { for (int k = 0; k < n; k++) a[k] = b[k]; }
_Bool cmpccxadd(long *p, long v) { return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST) + v > 0; }
void raoint(long *p, long v)
{
    __atomic_fetch_add(p, v, __ATOMIC_RELAXED);
    __atomic_fetch_or(p, v, __ATOMIC_RELAXED);
    __atomic_fetch_xor(p, v, __ATOMIC_RELAXED);
    __atomic_fetch_and(p, v, __ATOMIC_RELAXED);
}
void prefetch(void *p) { __builtin_prefetch(p, 1, 3); __builtin_prefetch(p, 0, 0); __builtin_prefetch(p, 1, 2); }
void popcnt(uint32_t *a, int n) { for (int k = 0; k < n; k++) a[k] = __builtin_popcount(a[k]); }
void lzcnt(uint32_t *a, int n) { for (int k = 0; k < n; k++) a[k] = a[k] ? __builtin_clz(a[k]) : 32; }
void convert(uint64_t *a, double *b, int n) { for (int k = 0; k < n; k++) b[k] = a[k]; }
void convert_back(uint64_t *a, double *b, int n) { for (int k = 0; k < n; k++) a[k] = b[k]; }
int apx(int a, int b, int *p) { if (a) *p = b; return a > b ? *p : 0; }
void copy(char *d, char *s) { __builtin_memcpy(d, s, 400); }
void permute(char *restrict a, char *b) { for (int i = 0; i < 256; i++) a[i] = b[255 - i]; }
void ifma(int64_t *a, int64_t *b, int n) { for (int k = 0; k < n; k++) a[k] += (b[k] & 0xfffffffffffff) * (a[k] & 0xfffffffffffff); }
void masked(int *a, int *b, int n) { for (int k = 0; k < n; k++) if (b[k] > 3) a[k] = b[k]; }
__attribute__((target("avx512f,avx512vl,gfni"))) void asked_for(float *restrict o, const float *a, const int *restrict i, int n)
{
    for (int k = 0; k < n; k++)
        o[k] = a[i[k]];
}
__attribute__((target("tune=skylake"))) void tuned(float *restrict o, const float *a, const int *restrict i, int n)
{
    for (int k = 0; k < n; k++)
        o[k] = a[i[k]];
}
