// long double to _Float16; compiler-rt 19 does not have it yet.
#include "round_to_odd.h"

COMPILER_RT_ABI _Float16 __truncsfhf2(float a);

COMPILER_RT_ABI _Float16 __truncxfhf2(xf_float a) { return __truncsfhf2(round_to_odd(a)); }
