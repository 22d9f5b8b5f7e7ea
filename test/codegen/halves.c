// Half precision: conversions of all halves from and to every other type, and arithmetic, as stock clang does it with its own run-time library. The native
// twin shares the guest's builtins, so it proves nothing here.
// (Conversions to __int128 are libgcc's: compiler-rt has none.)
// RUN: %clang -O2 -w --rtlib=compiler-rt %s -o %t.stock -lm -lgcc && %t.stock > %t.expected
// RUN: %bulkhead-clang -O0 -w %s -o %t.0 && %bulkhead-run %t.0 | diff %t.expected -
// RUN: %bulkhead-clang -O2 -w %s -o %t.2 && %bulkhead-run %t.2 | diff %t.expected -
// RUN: %native-clang -O2 -w %s -o %t.native && %t.native | diff %t.expected -
// RUN: %clang -O2 -w -march=x86-64-v3 --rtlib=compiler-rt %s -o %t.stock3 -lm -lgcc
// RUN: %bulkhead-clang -O2 -w -march=x86-64-v3 %s -o %t.3
// RUN: bash -c 'grep -qw f16c /proc/cpuinfo || exit 0; %t.stock3 > %t.expected3 && %bulkhead-run %t.3 | diff %t.expected3 -'
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BITS(type, value) ({ type v_ = (value); uint16_t b_; memcpy(&b_, &v_, 2); b_; })
static uint64_t sum;
static void add(const void *p, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        sum = (sum ^ ((const unsigned char *)p)[i]) * 0x100000001b3u;
}
#define ADD(type, size, value) do { type v_ = (value); add(&v_, size); } while (0)
// Which NaN an operation makes is nobody's to say.
#define RESULT(type, value) do { type r_ = (value); if (r_ == r_) add(&r_, 2); else add("NaN", 3); } while (0)

static void from_half(uint16_t bits)
{
    volatile _Float16 h;
    volatile __fp16 storage;
    memcpy((void *)&h, &bits, 2);
    memcpy((void *)&storage, &bits, 2);
    // Where a signalling NaN becomes a quiet one is nobody's to say, either.
    int signalling = (bits & 0x7fff) > 0x7c00 && !(bits & 0x200);
    if (signalling) {
        volatile float f = h;
        ADD(int, 4, f != f);
        return;
    }
    ADD(float, 4, h);
    ADD(float, 4, storage);
    ADD(double, 8, h);
    ADD(long double, 10, h);
    ADD(__float128, 16, h);
    ADD(_Float16, 2, -h);
    RESULT(_Float16, h + (_Float16)1);
    RESULT(_Float16, h * h);
    RESULT(_Float16, (_Float16)1 / h);
    ADD(int, 4, h < (_Float16)0.5 ? 1 : h == h ? 2 : 3);
    if (h > -2048 && h < 2048) {
        ADD(int, 4, h);
        ADD(long, 8, h);
        ADD(__int128, 16, h);
        if (h >= 0)
            ADD(unsigned __int128, 16, h);
    }
}

static void from_bfloat(uint16_t bits)
{
    volatile __bf16 b;
    memcpy((void *)&b, &bits, 2);
    if ((bits & 0x7fff) > 0x7f80 && !(bits & 0x40))
        return;
    ADD(float, 4, (float)b);
    ADD(double, 8, (double)b);
    ADD(long double, 10, (long double)(float)b);
    RESULT(__bf16, b + (__bf16)1);
    RESULT(__bf16, b * b);
}

#define TO(from, to, name)                                                                                             \
    static void name(from value, const char *what)                                                                     \
    {                                                                                                                  \
        volatile from v = value;                                                                                       \
        printf("%s %s %04x\n", #name, what, BITS(to, (to)v));                                                          \
    }
TO(float, _Float16, float_to_half)
TO(double, _Float16, double_to_half)
TO(long double, _Float16, long_double_to_half)
TO(__float128, _Float16, quad_to_half)
TO(float, __bf16, float_to_bfloat)
TO(double, __bf16, double_to_bfloat)
TO(long long, _Float16, integer_to_half)
TO(__int128, _Float16, wide_to_half)
TO(unsigned __int128, _Float16, unsigned_to_half)

// From every type the same values, around each half: itself, the middle to the next one, and both of its neighbours in the wider type.
static void to_half(uint16_t bits)
{
    _Float16 h, next;
    uint16_t up = bits + 1;
    memcpy(&h, &bits, 2);
    memcpy(&next, &up, 2);
    double middle = ((double)h + (double)next) / 2;
    const double values[] = {h, middle, middle * (1 + 0x1p-52), middle * (1 - 0x1p-52), middle * (1 + 0x1p-20), middle * (1 - 0x1p-20)};
    for (unsigned i = 0; i < sizeof values / sizeof *values; i++) {
        volatile float f = values[i];
        volatile double d = values[i];
        volatile long double x = values[i];
        volatile __float128 q = values[i];
        ADD(_Float16, 2, f);
        ADD(_Float16, 2, d);
        ADD(_Float16, 2, x);
        ADD(_Float16, 2, q);
        x *= 1 + 0x1p-60L;
        ADD(_Float16, 2, x);
        ADD(__bf16, 2, f);
        ADD(__bf16, 2, d);
    }
}

int main(void)
{
    for (unsigned i = 0; i < 0x10000; i++) {
        from_half(i);
        from_bfloat(i);
        if (i % 0x400 == 0x3ff || i % 0x8000 == 0x7bff)
            printf("%04x %016llx\n", i, (unsigned long long)sum);
    }
    for (unsigned i = 0; i < 0x10000; i++) {
        if ((i & 0x7fff) < 0x7c00)
            to_half(i);
        if (i % 0x400 == 0x3ff)
            printf("to %04x %016llx\n", i, (unsigned long long)sum);
    }
#define ALL(value)                                                                                                     \
    float_to_half(value, #value), double_to_half(value, #value), long_double_to_half(value, #value), quad_to_half(value, #value),   \
        float_to_bfloat(value, #value), double_to_bfloat(value, #value)
    ALL(0.0); ALL(-0.0); ALL(1.0); ALL(65504.0); ALL(65519.99); ALL(65520.0); ALL(-65520.0); ALL(1e9); ALL(1e300); ALL(0x1p-24); ALL(0x1p-25); ALL(0x1.8p-25);
    ALL(0x1.0000000000001p-25); ALL(0x1p-14); ALL(0x1.ffcp-15); ALL(0x1.ffep-15); ALL(0x1p-133); ALL(0x1p-134); ALL(0x1.8p-134); ALL(1e-310);
    ALL(__builtin_inf()); ALL(-__builtin_inf()); ALL(__builtin_nan("")); ALL(-__builtin_nan("")); ALL(__builtin_nan("0x4000000000000"));
    long_double_to_half(0x1p-16445L, "least"), long_double_to_half(0x1.8p+16383L, "most"), long_double_to_half(0x1.0000000000000002p-25L, "just above half the least");
    long_double_to_half(0x1.ffdffffffffffffep+15L, "just below the middle to infinity"), long_double_to_half(-0x1.ffep+15L, "at it");
    integer_to_half(2049, "2049"), integer_to_half(-2051, "-2051"), integer_to_half(65519, "65519"), integer_to_half(1LL << 62, "large");
    wide_to_half(2049, "2049"), wide_to_half(-2051, "-2051"), wide_to_half(65519, "65519"), wide_to_half(65520, "65520"), wide_to_half((__int128)-1 << 100, "large");
    unsigned_to_half(2051, "2051"), unsigned_to_half(~(unsigned __int128)0, "largest");
    _Complex _Float16 z = 3.0f16 + 4.0f16 * 1.0if16;
    volatile _Complex _Float16 w = z * z / (z + (_Float16)1);
    printf("%04x %04x\n", BITS(_Float16, __real__ w), BITS(_Float16, __imag__ w));
    return 0;
}
