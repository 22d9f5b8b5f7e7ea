#!/bin/sh
# A bit-field wider than int keeps its width in gcc's arithmetic and becomes its declared type in clang's and tcc's: with an unsigned long long x:40 of all
# ones, x << 8 is ffffffff00 for the one and ffffffffff00 for the others, x + 1 is 0 or 10000000000, while both say that sizeof(x + 0) is 8. C leaves such
# bit-fields' existence to the implementation. Expected: one value on one ABI; the same source compiled by the other compiler gives another result, without a
# warning from either at -Wall -Wextra. In C++ both compute with the declared type.
. "$(dirname "$0")/lib"
install clang-22=1:22.1.8-1~deb12u1 libclang-cpp22=1:22.1.8-1~deb12u1 libllvm22=1:22.1.8-1~deb12u1 \
    tcc=0.9.27+git20200814.62c30a4a-1 libtcc-dev=0.9.27+git20200814.62c30a4a-1

cat >"$work/wide.c" <<'C'
int printf(const char *, ...);
struct wide { unsigned long long x : 40; } wide = {0xffffffffffull};
int main(void) {
    printf("%llx %llx %d\n", (unsigned long long)(wide.x << 8), (unsigned long long)(wide.x + 1), (int)sizeof(wide.x + 0));
    return 0;
}
C
gcc() { (unset LD_LIBRARY_PATH; command gcc "$@"); }
gcc -Wall -Wextra "$work/wide.c" -o "$work/gcc" 2>"$work/warnings" || die "no gcc here"
clang-22 -Wall -Wextra "$work/wide.c" -o "$work/clang" 2>>"$work/warnings"
tcc -B"$work/root/usr/lib/x86_64-linux-gnu/tcc" "$work/wide.c" -o "$work/tcc"
same "gcc ($(gcc -dumpfullversion))" "ffffffff00 0 8" "$("$work/gcc")"
same "clang 22" "ffffffffff00 10000000000 8" "$("$work/clang")"
same "tcc" "ffffffffff00 10000000000 8" "$("$work/tcc")"
same "warnings" 0 "$(wc -l <"$work/warnings")"
sed 's/^int printf/extern "C" int printf/' "$work/wide.c" >"$work/wide.cpp"
gcc -x c++ "$work/wide.cpp" -o "$work/g++" || die "no g++ here"
same "g++" "ffffffffff00 10000000000 8" "$("$work/g++")"
verdict
