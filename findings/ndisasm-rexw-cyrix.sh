#!/bin/sh
# REX.W means nothing to mulps, sqrtps, andnps and minps (SDM: it is ignored), so 48 0f 59 c1 multiplies floats.
# ndisasm 2.16.01 takes the prefix as a reason to leave SSE, and finds the MMX extensions that Cyrix put on the same
# opcodes: pmulhrwc on mm registers, in 64-bit mode, which those processors never had. Expected: mulps, as without the
# prefix, with any other REX prefix, and as for divps with this one.
. "$(dirname "$0")/lib"
install nasm=2.16.01-1

decode() { printf "$1" >"$work/insn"; ndisasm -b 64 "$work/insn" | sed 's/^[0-9A-F]* *[0-9A-F]* *//'; }
same "0f 59 c1" "mulps xmm0,xmm1" "$(decode '\017\131\301')"
same "44 0f 59 c1 (REX.R)" "mulps xmm8,xmm1" "$(decode '\104\017\131\301')"
same "48 0f 59 c1 (REX.W)" "pmulhrwc mm0,mm1" "$(decode '\110\017\131\301')"
same "4c 0f 51 40 08 (REX.WR)" "paddsiw mm0,[rax+0x8]" "$(decode '\114\017\121\100\010')"
same "48 0f 55 c1" "psubsiw mm0,mm1" "$(decode '\110\017\125\301')"
same "48 0f 5d c1" "pmulhriw mm0,mm1" "$(decode '\110\017\135\301')"
same "48 0f 5e c1" "o64 divps xmm0,xmm1" "$(decode '\110\017\136\301')"
verdict
