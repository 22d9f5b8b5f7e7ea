#!/bin/sh
# One run of clang-format is expected to be enough: formatting what it wrote changes nothing. A macro that lists
# X(name) over two lines is broken by one more name in each run. With eight names in its first line seven further runs
# change it before the text stays as it is; a check (--dry-run --Werror) right after formatting fails until then.
. "$(dirname "$0")/lib"
install clang-format-22=1:22.1.8-1~deb12u1

cat >"$work/fruit.h" <<'C'
#define FRUIT(X) \
    X(apple) X(banana) X(cherry) X(damson) X(elderberry) X(fig) X(grape) X(huckleberry) \
    X(jackfruit) X(kiwi) X(lemon) X(mango) X(nectarine) X(orange) X(papaya)
C
clang-format-22 --version
lines=''
for run in 1 2 3 4 5 6 7 8 9 10; do
    clang-format-22 --style=LLVM -i "$work/fruit.h"
    lines="$lines $(wc -l <"$work/fruit.h")"
done
same "lines after each run" " 4 5 6 7 8 9 10 10 10 10" "$lines"
verdict
