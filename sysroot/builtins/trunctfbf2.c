// __float128 to __bf16; compiler-rt 19 does not have it yet.
#define QUAD_PRECISION
#include "fp_lib.h"

#define SRC_QUAD
#define DST_BFLOAT
#include "fp_trunc_impl.inc"

COMPILER_RT_ABI dst_t __trunctfbf2(src_t a) { return __truncXfYf2__(a); }
