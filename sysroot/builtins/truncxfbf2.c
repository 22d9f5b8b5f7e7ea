// long double to __bf16; compiler-rt 19 does not have it yet.
#include "round_to_odd.h"

COMPILER_RT_ABI __bf16 __truncsfbf2(float a);

COMPILER_RT_ABI __bf16 __truncxfbf2(xf_float a) { return __truncsfbf2(round_to_odd(a)); }
