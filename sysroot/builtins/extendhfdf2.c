// _Float16 to double; compiler-rt 19 does not have it yet.
#define SRC_HALF
#define DST_DOUBLE
#include "fp_extend_impl.inc"

COMPILER_RT_ABI double __extendhfdf2(src_t a) { return __extendXfYf2__(a); }
