#!/bin/sh
# 2^53 + 1 and 2^53 + 3 lie half-way between two doubles. IEEE 754 rounds such a tie to the even neighbour by default:
# ...992 and ...996, as C compilers do. GNU as 2.40 rounds every tie up (...994, ...996), NASM 2.16.01 down (...992,
# ...994), yasm 1.3.0 up; llvm-mc 22 is right. The same holds for single precision: 16777217.0 is 16777218 to GNU as.
# Expected: one constant from four assemblers, since all other decimals agree to the last bit.
. "$(dirname "$0")/lib"
install nasm=2.16.01-1 yasm=1.3.0-4 llvm-22=1:22.1.8-1~deb12u1 libllvm22=1:22.1.8-1~deb12u1 \
    binutils-x86-64-linux-gnu=2.40-2 libbinutils=2.40-2 libctf0=2.40-2 libctf-nobfd0=2.40-2 libjansson4=2.14-2

printf '.double 9007199254740993.0, 9007199254740995.0, 0.1\n.float 16777217.0, 16777219.0\n' >"$work/ties.s"
printf 'dq 9007199254740993.0\ndq 9007199254740995.0\ndq 0.1\ndd 16777217.0\ndd 16777219.0\n' >"$work/ties.asm"
cat >"$work/print.py" <<'P'
import struct
import sys

print("%.0f %.0f %r %.0f %.0f" % struct.unpack("<3d2f", open(sys.argv[1], "rb").read()[:32]))
P
text() { x86_64-linux-gnu-objcopy -O binary -j .text "$work/ties.o" "$work/ties"; }
seen() { /usr/bin/python3 "$work/print.py" "$work/ties"; }
x86_64-linux-gnu-as "$work/ties.s" -o "$work/ties.o" && text
same "GNU as" "9007199254740994 9007199254740996 0.1 16777218 16777220" "$(seen)"
llvm-mc-22 -triple=x86_64 -filetype=obj "$work/ties.s" -o "$work/ties.o" && text
same "llvm-mc" "9007199254740992 9007199254740996 0.1 16777216 16777220" "$(seen)"
nasm -f bin "$work/ties.asm" -o "$work/ties"
same "nasm" "9007199254740992 9007199254740994 0.1 16777216 16777218" "$(seen)"
yasm -f bin "$work/ties.asm" -o "$work/ties"
same "yasm" "9007199254740994 9007199254740996 0.1 16777218 16777220" "$(seen)"
verdict
