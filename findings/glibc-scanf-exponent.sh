#!/bin/sh
# The C standard prints an example (7.21.6.2, example 3): "%f%20s" on "100ergs of energy" converts nothing, since 100e
# is the start of a number and no number. glibc's scanf converts 100, and swallows the e. It does the same to 0x for
# %i, and to a lone nan( for %f. musl 1.2.3 fails as the standard says. Expected: the example's result; a loop that
# counts on it to find "100 ergs" reads "rgs".
. "$(dirname "$0")/lib"
install musl=1.2.3-1 musl-dev=1.2.3-1

cat >"$work/scan.c" <<'C'
#include <stdio.h>
int main(void) {
    float quant = -1;
    int number = -1;
    char units[21] = "-";
    int count = sscanf("100ergs of energy", "%f%20s of %*20s", &quant, units);
    printf("%d %g %s, ", count, quant, units);
    count = sscanf("0xyz", "%i%20s", &number, units);
    printf("%d %d %s\n", count, number, count == 2 ? units : "-");
    return 0;
}
C
musl_cc "$work/scan.c" "$work/scan-musl"
glibc_cc "$work/scan.c" "$work/scan-glibc"
same "glibc" "2 100 rgs, 2 0 yz" "$("$work/scan-glibc")"
same "musl" "0 -1 -, 0 -1 -" "$("$work/scan-musl")"
verdict
