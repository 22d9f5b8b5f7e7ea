/* A guest whose mutants are run: many kinds of code in little space. As a program it runs all of it; as a library it exports
 * each part. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default"), noinline))

static uint32_t table[256];
static char text[4096];
static double matrix[12][12];
static jmp_buf back;
volatile uint64_t sink;

EXPORT uint64_t checksum(uint64_t seed, uint64_t rounds)
{
    const unsigned char *p = (const unsigned char *)table;
    uint64_t h = seed;
    for (uint64_t i = 0; i < (rounds & 1023); i++)
        h = (h ^ p[i]) * 0x100000001B3 + (h >> 29);
    return h;
}

EXPORT uint64_t copies(uint64_t n, uint64_t fill)
{
    n &= 2047;
    memset(text, (int)fill, n);
    memmove(text + 7, text, n);
    memcpy(text + 2048, text, n);
    return strlen(text) + (uint64_t)memcmp(text, text + 2048, n);
}

EXPORT double floats(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f, double x, double y)
{
    double sum = x;
    long double wide = (long double)y + a;
    float narrow = (float)(b & 1023);
    for (int i = 0; i < 12; i++)
        for (int j = 0; j < 12; j++) {
            matrix[i][j] = sum * i + y * j;
            sum += matrix[j][i] / (1 + (double)(c & 15));
        }
    return sum + (double)(wide * wide) + sqrtf(narrow) + fabs(x - y) + (double)(int64_t)(d + e + f);
}

static uint64_t one(uint64_t x) { return x + 1; }
static uint64_t two(uint64_t x) { return x * 3 ^ 2; }
static uint64_t three(uint64_t x) { return (x << 13 | x >> 51) - x; }
static uint64_t (*const functions[])(uint64_t) = {one, two, three, one, two};

EXPORT uint64_t indirect(uint64_t x, uint64_t rounds)
{
    for (uint64_t i = 0; i < (rounds & 63); i++)
        x = functions[x % 5](x);
    return x;
}

EXPORT uint64_t switches(uint64_t x)
{
    switch (x & 15) {
    case 0: return x / 7;
    case 1: return x % 11;
    case 2: return (uint64_t)__builtin_popcountll(x);
    case 3: return (uint64_t)__builtin_ctzll(x | 1);
    case 4: return x * x;
    case 5: return __builtin_bswap64(x);
    case 6: return (uint64_t)(int8_t)x;
    case 7: return (uint64_t)((__int128)x * (int64_t)x >> 64);
    case 8: return checksum(x, 10);
    case 9: return indirect(x, 9);
    case 10: return x >> (x & 63);
    default: return x - 1;
    }
}

static uint64_t sum(int n, ...)
{
    va_list list;
    uint64_t total = 0;
    va_start(list, n);
    while (n-- > 0)
        total += va_arg(list, uint64_t);
    va_end(list);
    return total;
}

EXPORT uint64_t stacks(uint64_t n, uint64_t depth)
{
    n = (n & 255) + 16;
    char *block = __builtin_alloca(n);
    memset(block, (int)depth, n);
    if ((depth & 15) > 1)
        return stacks(n / 2, (depth & 15) - 1) + (uint64_t)block[n / 2];
    return sum(7, n, depth, n, depth, n, depth, n) + (uint64_t)block[1];
}

EXPORT uint64_t jumps(uint64_t x)
{
    if (setjmp(back) == 0) {
        if (x & 1)
            longjmp(back, 5);
        return 1;
    }
    return 2;
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

EXPORT uint64_t heap(uint64_t n, uint64_t x)
{
    char line[128];
    uint32_t *p = malloc(4 * ((n & 127) + 1));
    if (!p)
        return 0;
    for (uint64_t i = 0; i <= (n & 127); i++)
        p[i] = (uint32_t)(x = x * 6364136223846793005 + 1442695040888963407);
    qsort(p, (n & 127) + 1, 4, compare);
    uint64_t result = p[n & 127];
    snprintf(line, sizeof line, "%u %g %s", p[0], (double)result, "text");
    result += strlen(line);
    free(p);
    return result;
}

EXPORT uint64_t atomics(uint64_t x)
{
    static uint64_t word, words[2] __attribute__((aligned(16)));
    __atomic_fetch_add(&word, x, __ATOMIC_SEQ_CST);
    __atomic_exchange_n(&words[0], x, __ATOMIC_SEQ_CST);
    __atomic_compare_exchange_n(&words[1], &x, word, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return word + words[1];
}

int main(int argc, char **argv)
{
    uint64_t x = (uint64_t)argc;
    for (unsigned i = 0; i < 256; i++)
        table[i] = i * 2654435761u;
    for (unsigned i = 0; i < 20; i++) {
        x += checksum(x, i * 50) + copies(x, i) + (uint64_t)floats(x, i, i, i, i, i, 1.5, 2.5) + indirect(x, i) + switches(i);
        x += stacks(x, i) + jumps(i) + heap(x, i) + atomics(x);
    }
    sink = x;
    printf("%s: %016llx\n", argv[0], (unsigned long long)x);
    return 0;
}
