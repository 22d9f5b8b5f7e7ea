#!/bin/sh
# NASM 2.16.01 assembles AVX512-FP16 loads and stores from the wrong address, silently. EVEX divides a short
# displacement by the operand's size (SDM, volume 2, "Compressed Displacement"): 2 for one half, 16 for vcvttph2qq's
# eight. NASM divides by 4, by 8 for vcvttsh2si to 64 bits, by 16 for vcomish. Expected: the address in the source, as
# ndisasm of the same NASM prints it, which repeats the mistake; displacements that its divisor does not divide are
# stored whole, and right.
. "$(dirname "$0")/lib"
install nasm=2.16.01-1

assembled() {
    printf 'bits 64\n%s\n' "$1" >"$work/insn.asm"
    nasm -w+all -f elf64 "$work/insn.asm" -o "$work/insn.o" 2>"$work/warnings"
    [ ! -s "$work/warnings" ] || die "nasm warns now: $(cat "$work/warnings")"
    (unset LD_LIBRARY_PATH; objdump -d -M intel "$work/insn.o") | sed -n 's/.*\(\[rax[^]]*\]\).*/\1/p'
}
becomes() { same "$1" "$2" "$(assembled "$1")"; }
becomes "vmovsh [rax+4], xmm3" "[rax+0x2]"
becomes "vaddsh xmm3, xmm0, [rax+4]" "[rax+0x2]"
becomes "vcvttsh2si rbx, [rax+8]" "[rax+0x2]"
becomes "vcomish xmm3, [rax+32]" "[rax+0x4]"
becomes "vcvttph2qq zmm3, [rax+16]" "[rax+0x40]"
becomes "vaddsh xmm3, xmm0, [rax+2]" "[rax+0x2]"
becomes "vaddss xmm16, xmm0, [rax+4]" "[rax+0x4]"
becomes "vmovw xmm3, [rax+8]" "[rax+0x4]"
nasm -f bin -o "$work/insn" "$work/insn.asm"
same "ndisasm of that" "vmovw xmm3,word [rax+0x8]" "$(ndisasm -b 64 "$work/insn" | sed 's/.* vmovw/vmovw/')"
verdict
