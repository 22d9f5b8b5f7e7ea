#!/bin/sh
# tcc packs and aligns structures as __attribute__ says, until a header of glibc is included: sys/cdefs.h defines __attribute__ away for every
# compiler that is not GCC, and tcc does not say that it is. Expected: that #include <stddef.h> or <stdio.h> changes no structure below it. #pragma pack goes on
# working. A library and its user that include different headers disagree about the layout of the same structure.
. "$(dirname "$0")/lib"
install tcc=0.9.27+git20200814.62c30a4a-1 libtcc-dev=0.9.27+git20200814.62c30a4a-1

cat >"$work/packed.c" <<'C'
#ifdef HEADER
#include HEADER
#else
int printf(const char *, ...);
#endif
struct packed { char a; int b; } __attribute__((packed));
struct aligned { char a; } __attribute__((aligned(16)));
#pragma pack(push, 1)
struct pragma { char a; int b; };
#pragma pack(pop)
int main(void) {
    printf("%d %d %d\n", (int)sizeof(struct packed), (int)sizeof(struct aligned), (int)sizeof(struct pragma));
    return 0;
}
C
sizes() { tcc -B"$work/root/usr/lib/x86_64-linux-gnu/tcc" "$@" "$work/packed.c" -o "$work/packed" && "$work/packed"; }
same "packed, aligned to 16, #pragma pack(1)" "5 16 5" "$(sizes)"
same "the same behind #include <stdio.h>" "8 1 5" "$(sizes '-DHEADER=<stdio.h>')"
same "gcc, behind #include <stdio.h>" "5 16 5" "$(unset LD_LIBRARY_PATH; cc '-DHEADER=<stdio.h>' "$work/packed.c" -o "$work/packed" && "$work/packed")"
verdict
