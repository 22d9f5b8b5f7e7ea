#!/bin/sh
# pkgconf 1.8.1 (Debian 12's pkg-config) drops earlier ones of several equal flags, of one file or of several,
# whatever stands behind them. Flags whose place is their meaning vanish silently: -Xclang before -load and its
# plug-in, which becomes an input file; the first of two packages' -Wl,--whole-archive, and of two -Wl,-Bstatic, whose
# archive is then linked as any other. Expected: what the files say, as for the groups below.
. "$(dirname "$0")/lib"
install pkgconf-bin=1.8.1-1 libpkgconf3=1.8.1-1

export PKG_CONFIG_PATH="$work"
package() { printf 'Name: %s\nDescription: %s\nVersion: 1\nCflags: %s\nLibs: %s\n' "$1" "$1" "$2" "$3" >"$work/$1.pc"; }
package plugins "-Xclang -load -Xclang first.so -Xclang -load -Xclang second.so" ""
package one "" "-Wl,--whole-archive -lone -Wl,--no-whole-archive"
package two "" "-Wl,--whole-archive -ltwo -Wl,--no-whole-archive -lm"
package static "" "-Wl,-Bstatic -la -Wl,-Bdynamic -lb -Wl,-Bstatic -lc -Wl,-Bdynamic -ld"
package groups "" "-Wl,--start-group -la -lb -Wl,--end-group -Wl,--start-group -lc -ld -Wl,--end-group"
same "--cflags plugins" "first.so -Xclang -load -Xclang second.so " "$(pkgconf --cflags plugins)"
same "--libs one" "-Wl,--whole-archive -lone -Wl,--no-whole-archive " "$(pkgconf --libs one)"
same "--libs one two" "-lone -Wl,--whole-archive -ltwo -Wl,--no-whole-archive -lm " "$(pkgconf --libs one two)"
same "--libs static" "-la -lb -Wl,-Bstatic -lc -Wl,-Bdynamic -ld " "$(pkgconf --libs static)"
same "--libs groups" "$(sed -n 's/^Libs: //p' "$work/groups.pc") " "$(pkgconf --libs groups)"
verdict
