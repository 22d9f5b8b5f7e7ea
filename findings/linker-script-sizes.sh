#!/bin/sh
# A symbol set inside an output section's braces: GNU ld 2.40 takes every plain number there for an offset in the
# section and adds the section's address, also to a size, a difference of two labels, a truth value and the 3 of
# MAX(first, 3), whose result is neither; lld 22 adds nothing. Both are silent, and agree on the same lines outside
# the braces. ld's manual has the rule under "The Section of an Expression"; lld says it follows that manual.
# Expected: 8 for the size of 8 bytes, from both.
. "$(dirname "$0")/lib"
install lld-22=1:22.1.8-1~deb12u1 libllvm22=1:22.1.8-1~deb12u1 binutils-x86-64-linux-gnu=2.40-2 \
    libbinutils=2.40-2 libctf0=2.40-2 libctf-nobfd0=2.40-2 libjansson4=2.14-2

cat >"$work/code.s" <<'S'
        .globl  _start
_start: ret
        .data
        .quad 1
S
cat >"$work/script" <<'L'
SECTIONS {
  . = 0x10000;
  .text : {
    first = .; *(.text) last = .;
    in_size = SIZEOF(.data); in_length = last - first; in_flag = first == last; in_maximum = MAX(first, 3);
  }
  .data ALIGN(0x1000) : { *(.data) }
  out_size = SIZEOF(.data); out_length = last - first; out_flag = first == last; out_maximum = MAX(first, 3);
}
L
x86_64-linux-gnu-as "$work/code.s" -o "$work/code.o"
values() {
    "$1" -T "$work/script" "$work/code.o" -o "$work/code" 2>&1
    for name in size length flag maximum; do
        x86_64-linux-gnu-nm "$work/code" | sed -n "s/^0*\([0-9a-f]\+\) . $2_$name\$/$name \1/p"
    done | tr '\n' ' '
}
same "ld.bfd, inside" "size 10008 length 10001 flag 10000 maximum 10003 " "$(values x86_64-linux-gnu-ld.bfd in)"
same "lld, inside" "size 8 length 1 flag 0 maximum 10000 " "$(values ld.lld-22 in)"
same "ld.bfd, outside" "size 8 length 1 flag 0 maximum 10000 " "$(values x86_64-linux-gnu-ld.bfd out)"
same "lld, outside" "size 8 length 1 flag 0 maximum 10000 " "$(values ld.lld-22 out)"
verdict
