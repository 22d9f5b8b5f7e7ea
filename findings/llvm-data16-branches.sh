#!/bin/sh
# In 64-bit mode, Intel's processors ignore the operand-size prefix (66h) of a near branch and read a 32-bit offset;
# AMD's read a 16-bit one and cut the target to 16 bits. LLVM 22 does both: call is Intel's, jmp and jcc are AMD's,
# yet with an uncut target that neither has. Its assembler writes 32 bits for all three. Expected: one reading for all
# three, and a disassembly of what LLVM itself assembled; instead a stray add appears behind each jump.
. "$(dirname "$0")/lib"
install llvm-22=1:22.1.8-1~deb12u1 libllvm22=1:22.1.8-1~deb12u1

printf '.skip 0x20000\n%s\n%s\n%s\n' "data16 call far" "data16 jmp far" "data16 je far" '.globl far' |
    llvm-mc-22 -triple=x86_64 -filetype=obj -o "$work/branches.o" - || die "llvm-mc does not take data16 any more"
llvm-objdump-22 -dz --start-address=0x20000 "$work/branches.o" >"$work/listing"
line() { sed -n "s/^ *$1: *//p" "$work/listing" | tr '\t' ' ' | tr -s ' '; }
same "call" "66 e8 00 00 00 00 callq 0x20006 <.text+0x20006>" "$(line 20000)"
same "jmp" "66 e9 00 00 jmp 0x2000a <.text+0x2000a>" "$(line 20006)"
same "behind jmp" "00 00 addb %al, (%rax)" "$(line 2000a)"
same "je" "66 0f 84 00 00 je 0x20011 <.text+0x20011>" "$(line 2000c)"
same "behind je" "00 00 addb %al, (%rax)" "$(line 20011)"
verdict
