// 128-bit integers to _Float16: what is not infinite as a half is exact as a float.
#include "int_lib.h"

enum { INFINITE = 1 << 17 };

COMPILER_RT_ABI _Float16 __floattihf(ti_int a) {
    return (float)(int)(a > INFINITE ? INFINITE : a < -INFINITE ? -INFINITE : a);
}

COMPILER_RT_ABI _Float16 __floatuntihf(tu_int a) { return (float)(int)(a > INFINITE ? INFINITE : a); }
