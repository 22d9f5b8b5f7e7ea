// A float that stands between the same two halves, or the same two __bf16, as a long double: its last bit is set when
// anything was cut off
// ("round to odd"), so that rounding it once more rounds as if it were done in one step.
#include "int_lib.h"

static inline float round_to_odd(xf_float a) {
    enum { EXPONENT_MAX = 0x7fff, BIAS = 16383 - 127, CUT = 64 - 24 };
    union {
        xf_float f;
        struct {
            uint64_t significand;
            uint16_t sign_exponent;
        } bits;
    } x = {.f = a};
    union {
        uint32_t bits;
        float f;
    } y = {.bits = (uint32_t)(x.bits.sign_exponent >> 15) << 31};
    uint64_t significand = x.bits.significand;
    int exponent = x.bits.sign_exponent & EXPONENT_MAX;

    if (exponent == EXPONENT_MAX) { // infinite, or a NaN, which becomes a quiet one
        y.bits |= 0x7f800000u;
        if (significand << 1)
            y.bits |= 0x400000u | (uint32_t)(significand >> CUT & 0x7fffff);
        return y.f;
    }
    exponent -= BIAS;
    if (exponent >= 255) { // the largest: odd, and further rounding makes it infinite
        y.bits |= 0x7f7fffffu;
        return y.f;
    }
    int shift = exponent > 0 ? CUT : CUT + 1 - exponent; // subnormal ones have no exponent
    uint32_t kept = shift < 64 ? (uint32_t)(significand >> shift) : 0;
    uint64_t lost = shift < 64 ? significand & ((UINT64_C(1) << shift) - 1) : significand;
    y.bits |= (exponent > 0 ? (uint32_t)exponent << 23 | (kept & 0x7fffff) : kept) | (lost != 0);
    return y.f;
}
