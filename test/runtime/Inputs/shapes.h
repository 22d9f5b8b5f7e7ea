/* Functions over structures of every class of the ABI. The guest exports them; the host compiles the same source, so that its
 * compiler says what they return. SHAPE(name, signature, type): name##_type is passed and returned. */
#include <stdbool.h>
#include <stdint.h>

typedef struct { int32_t a, b; } two_ints;
typedef struct { int64_t a; int32_t b; } long_int;
typedef struct { int8_t a[3]; } three_bytes;
typedef struct { int8_t a; int16_t b; int32_t c; int64_t d; } mixed_ints;
typedef struct { float a, b; } two_floats;
typedef struct { float a, b, c; } three_floats;
typedef struct { double a, b; } two_doubles;
typedef struct { double a, b, c; } three_doubles;
typedef struct { float a; int32_t b; } float_int;
typedef struct { int32_t a; float b; double c; } int_float_double;
typedef struct { double a; int64_t b; } double_long;
typedef struct { int64_t a; double b; } long_double_pair;
typedef struct { two_ints a; float b[2]; } nested;
typedef struct { struct { struct { int8_t a; } b[5]; } c; double d; } deep;
typedef struct { int64_t a, b, c; } three_longs;
typedef struct { int8_t a[100]; int32_t b; } large;
typedef struct { long double a; } one_wide;
typedef struct { int32_t a; long double b; } wide;
typedef union { int64_t a; double b; } int_union;
typedef union { double a; float b[2]; } sse_union;
typedef struct { int_union a; sse_union b; } unions;
typedef union { long double a; int64_t b; } wide_union;
typedef struct { void *a; uint8_t b; bool c; } pointer_byte;
typedef struct { double a[2]; } double_array;

#define SHAPES(SHAPE)                                                                                                          \
    SHAPE(two_ints, "{ii}") SHAPE(long_int, "{li}") SHAPE(three_bytes, "{3a}") SHAPE(mixed_ints, "{asil}")                     \
    SHAPE(two_floats, "{ff}") SHAPE(three_floats, "{3f}") SHAPE(two_doubles, "{dd}") SHAPE(three_doubles, "{ddd}")             \
    SHAPE(float_int, "{fi}") SHAPE(int_float_double, "{ifd}") SHAPE(double_long, "{dl}") SHAPE(long_double_pair, "{ld}")       \
    SHAPE(nested, "{{ii}2f}") SHAPE(deep, "{{5{a}}d}") SHAPE(three_longs, "{3l}") SHAPE(large, "{100ai}")                      \
    SHAPE(one_wide, "{e}") SHAPE(wide, "{ie}") SHAPE(int_union, "<ld>") SHAPE(sse_union, "<d2f>")                              \
    SHAPE(unions, "{<ld><d2f>}") SHAPE(wide_union, "<el>") SHAPE(pointer_byte, "{phb}") SHAPE(double_array, "{2d}")

/* echo: the structure through the first registers. late: after arguments that use most registers up, so that it may or may
 * not fit. through: by way of a function pointer. count: how often each byte is set, as a scalar. */
#define FUNCTIONS(name)                                                                                                        \
    LINKAGE name echo_##name(name x) { return x; }                                                                             \
    LINKAGE name fetch_##name(const name *from) { return *from; }                                                              \
    LINKAGE name late_##name(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, double f, double g, double h, double i,    \
                             double j, double k, double l, name x, int32_t last) {                                             \
        if (a + b + c + d + e + last != 21 || f + g + h + i + j + k + l != 28)                                                 \
            *(volatile int8_t *)&x ^= 1;                                                                                       \
        return x;                                                                                                              \
    }                                                                                                                          \
    LINKAGE name twice_##name(name x, float between, name y) {                                                                 \
        return between == 0.5f ? y : x;                                                                                        \
    }                                                                                                                          \
    LINKAGE name through_##name(name (*function)(name, int64_t, double, name), name x, name y) {                               \
        return function(x, 7, 0.25, y);                                                                                        \
    }

#define SCALARS(SCALAR)                                                                                                        \
    SCALAR(b, bool, u) SCALAR(a, int8_t, i) SCALAR(h, uint8_t, u) SCALAR(s, int16_t, i) SCALAR(t, uint16_t, u)                 \
    SCALAR(i, int32_t, i) SCALAR(u, uint32_t, u) SCALAR(l, int64_t, l) SCALAR(m, uint64_t, m) SCALAR(f, float, f)              \
    SCALAR(d, double, d) SCALAR(e, long double, e)

/* Enough of one type that the last ones are on the stack. */
#define SCALAR_FUNCTIONS(letter, type, member)                                                                                 \
    LINKAGE type last_##letter(type a, type b, type c, type d, type e, type f, type g, type h, type i, type j) {               \
        return a == b && c == d && e == f && g == h && i == a ? j : a;                                                         \
    }                                                                                                                          \
    LINKAGE type fetch_##letter(const type *from) { return *from; }                                                            \
    LINKAGE type apply_##letter(type (*function)(type, type, type, type, type, type, type, type, type, type), type x) {        \
        return function(x, x, x, x, x, x, x, x, x, x);                                                                         \
    }
