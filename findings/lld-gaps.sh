#!/bin/sh
# lld 22 fills gaps between functions of one output section with int3 (cc), but those between two executable output sections of the same segment
# with zeros, which are instructions: add %al,(%rax), a store through whatever rax holds. Expected: traps in all gaps that can be executed.
# -z separate-code pads the end of the segment with int3 again, so the zeros are not the segment's fill either.
. "$(dirname "$0")/lib"
install lld-22=1:22.1.8-1~deb12u1 libllvm22=1:22.1.8-1~deb12u1

cat >"$work/code.s" <<'S'
        .globl _start
        .text
_start: ret
        .p2align 4
        .section .text.second,"ax",@progbits
        .p2align 5
        ret
        .section other,"ax",@progbits
        .p2align 5
        ret
S
cc -c "$work/code.s" -o "$work/code.o" || die "no assembler here"
ld.lld-22 -z separate-code "$work/code.o" -o "$work/code"
# What stands right behind the ret of .text.second and the ret of "other", whose segment ends with a page.
text=$(objdump -h "$work/code" | awk '$2 == ".text" { print $6, $3 }')
offset=$((0x${text% *})) size=$((0x${text#* }))
byte() { od -An -tx1 -j "$1" -N 1 "$work/code" | tr -d ' '; }
same "between two functions of .text" cc "$(byte $((offset + 20)))"
same "between .text and the section other" 00 "$(byte $((offset + size)))"
same "behind other, to the end of the page" cc "$(byte $((offset + size + 32)))"
verdict
