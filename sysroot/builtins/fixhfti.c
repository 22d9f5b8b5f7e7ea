// _Float16 to 128-bit integers: what is finite fits into an int. compiler-rt has none of the four conversions between
// these types.
#include "int_lib.h"

COMPILER_RT_ABI ti_int __fixhfti(_Float16 a) { return (int)a; }

COMPILER_RT_ABI tu_int __fixunshfti(_Float16 a) { return (tu_int)(int)a; }
