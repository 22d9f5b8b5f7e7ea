// SSE and AVX2: vector extensions and intrinsics, spills, masks, conversions, 32-byte alignment on the stack.
// RUN: %levels %s %t -ffp-contract=off
// REQUIRES: x86-64-v3
// RUN: %levels %s %t.avx2 -DWIDE -mavx2 -mfma -mbmi -mbmi2 -ffp-contract=off
#include <immintrin.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#define NOINLINE __attribute__((noinline))
typedef float v8f __attribute__((vector_size(32)));
typedef int v8i __attribute__((vector_size(32)));
typedef unsigned char v16b __attribute__((vector_size(16)));
static _Alignas(32) float a[100], b[100], c[100];
static int16_t w[100];
static v8f *pointer(float *p) { return (v8f *)p; }
NOINLINE static v8f by_value(v8f *x, v8f *y) { v8f r = *x * *y + *x; r[3] = 9; return r; }
NOINLINE static void loops(int n) {
  for (int i = 0; i < n; i++) c[i] = a[i] * b[i] + 0.5f;
  for (int i = 0; i < n; i++) if (a[i] > 20) c[i] -= b[i];
  for (int i = 0; i < n; i++) w[i] = (int16_t)(w[i] * 3 + i);
}
NOINLINE static int conditional(int *p, const int *q, int n) {
  int s = 0;
  for (int i = 0; i < n; i++) {
    if (q[i] & 1) p[i] = q[i] * 3;
    s += p[i] ^ q[i];
  }
  return s;
}
NOINLINE static uint64_t sse(const uint8_t *p) {
  __m128i x = _mm_loadu_si128((const __m128i *)p), y = _mm_set1_epi8(37);
  __m128i m = _mm_cmpgt_epi8(x, y);
  __m128i s = _mm_sad_epu8(_mm_max_epu8(x, y), _mm_setzero_si128());
  __m128i t = _mm_shuffle_epi32(_mm_unpacklo_epi8(x, y), 0x1b);
  uint64_t out[2];
  _mm_storeu_si128((__m128i *)out, _mm_add_epi64(s, t));
  return out[0] * 31 + out[1] + _mm_movemask_epi8(m) + _mm_cvtsi128_si32(x);
}
NOINLINE static double sse_double(const double *p) {
  __m128d x = _mm_loadh_pd(_mm_load_sd(p), p + 1);
  x = _mm_sqrt_pd(_mm_mul_pd(x, _mm_set1_pd(2)));
  double r[2];
  _mm_storel_pd(r, x), _mm_storeh_pd(r + 1, x);
  return r[0] - r[1];
}
#ifdef WIDE
NOINLINE static uint64_t avx2(const uint8_t *p) {
  __m256i x = _mm256_loadu_si256((const __m256i *)p);
  __m256i m = _mm256_cmpgt_epi32(x, _mm256_set1_epi32(0x20000000));
  int masked[8] = {0};
  _mm256_maskstore_epi32(masked, m, x);
  __m256i l = _mm256_maskload_epi32((const int *)p, _mm256_xor_si256(m, _mm256_set1_epi32(-1)));
  __m256i s = _mm256_shuffle_epi8(_mm256_permute4x64_epi64(l, 0x4e), _mm256_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 1, 1, 1, 1, 2, 2, 2, 2, 0, 3, 0, 3, 4, 4, 4, 4));
  uint64_t out[4], h = 0;
  _mm256_storeu_si256((__m256i *)out, s);
  for (int i = 0; i < 8; i++) h = h * 31 + masked[i];
  for (int i = 0; i < 4; i++) h = h * 31 + out[i];
  _mm256_stream_si256((__m256i *)pointer(a), s);
  _mm_prefetch(p, _MM_HINT_T0);
  return h + _pext_u64(out[0], 0xff00ff00ff) + _pdep_u32(77, 0x0f0f0f0f) + _mulx_u64(out[1], out[2], (unsigned long long *)&out[3]) + out[3] + _andn_u32(3, 99) + _lzcnt_u32(77) + _tzcnt_u64(out[0]);
}
#endif
int main(void) {
  static _Alignas(32) float x[8] = {1, 2, 3, 4, 5, 6, 7, 8}, y[8] = {8, 7, 6, 5, 4, 3, 2, 1};
  uint8_t bytes[64];
  for (int i = 0; i < 100; i++) a[i] = i, b[i] = 100 - i, w[i] = i * 11;
  for (int i = 0; i < 64; i++) bytes[i] = i * 37;
  loops(97);
  float total = 0;
  for (int i = 0; i < 100; i++) total += c[i] + w[i];
  v8f r = by_value(pointer(x), pointer(y));
  int p[50], q[50];
  for (int i = 0; i < 50; i++) p[i] = i * 5, q[i] = i * i;
  int s = conditional(p, q, 50);
  printf("%g %g %g %g %d\n", total, r[0], r[3], r[7], s);
  v16b v = {1, 2, 3}; v += 250; v >>= 1;
  printf("%d %d %llx %.3f\n", v[0], v[15], (unsigned long long)sse(bytes + 3), sse_double((double[]){4.5, 9}));
#ifdef WIDE
  printf("%llx\n", (unsigned long long)avx2(bytes + 1));
#endif
}
