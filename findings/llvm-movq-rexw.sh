#!/bin/sh
# LLVM 22 disassembles f3 48 0f 7e c1 as movq %mm0,%rcx. It is movq %xmm1,%xmm0: the F3h form ignores REX.W, as both makers' manuals, binutils
# and Zydis say, and the processor does. Expected: an assembler's own disassembler ignores a REX.W that has no meaning, as it does elsewhere.
. "$(dirname "$0")/lib"
install llvm-22=1:22.1.8-1~deb12u1 libllvm22=1:22.1.8-1~deb12u1 libpfm4=4.13.0-1 libzydis4.0=4.0.0-1 libzycore1.4=1.4.1-1 zydis-tools=4.0.0-1

cat >"$work/real.c" <<'C'
#include <stdio.h>
int main(void) {
    unsigned long rcx = 1, from = 2, to = 3;
    __asm__ volatile("movq %1,%%xmm0; movq %2,%%xmm1; .byte 0xf3, 0x48, 0x0f, 0x7e, 0xc1; movq %%xmm0,%1"
                     : "+c"(rcx), "+r"(to) : "r"(from) : "xmm0", "xmm1", "mm0", "st");
    printf("rcx %lu, xmm0 %lu\n", rcx, to);
}
C
same "LLVM" "movq %mm0, %rcx" "$(echo 0xf3,0x48,0x0f,0x7e,0xc1 | llvm-mc-22 --disassemble -triple=x86_64 | tail -n 1 | tr '\t' ' ' | sed 's/^ *//')"
same "LLVM, without REX" "movq %xmm1, %xmm0" "$(echo 0xf3,0x0f,0x7e,0xc1 | llvm-mc-22 --disassemble -triple=x86_64 | tail -n 1 | tr '\t' ' ' | sed 's/^ *//; s/ *#.*//')"
same "Zydis" "movq xmm0, xmm1" "$(ZydisInfo -64 f3 48 0f 7e c1 | sed 's/\x1b\[[0-9;]*m//g' | sed -n '/INTEL/{n;s/.*: //p}')"
cc -O1 "$work/real.c" -o "$work/real" || die "no C compiler here"
same "this processor (rcx was 1, xmm1 2, xmm0 3)" "rcx 1, xmm0 2" "$("$work/real")"
verdict
