#!/bin/sh
# Zydis 4.0.0 reads 67 41 8b 04 25 10 00 00 00 as mov eax,[r13d]: with a 67h prefix, SIB base 101b, mod 00 and REX.B it takes the base for r13
# and loses the displacement. The operand has no base and is [0x10]: that exception ignores REX.B, as the manuals say and binutils, LLVM and
# Zydis itself (without 67h) have it. Expected: the address size changes the width of an address and nothing else.
. "$(dirname "$0")/lib"
install libzydis4.0=4.0.0-1 libzycore1.4=1.4.1-1 zydis-tools=4.0.0-1

cat >"$work/real.c" <<'C'
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
int main(void) {
    unsigned *low = mmap((void *)0x200000, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    unsigned *other = mmap((void *)0x300000, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), got;
    if (low == MAP_FAILED || other == MAP_FAILED)
        return 1;
    low[4] = 1, other[0] = 2;
    register unsigned long r13 __asm__("r13") = 0x300000;
    __asm__ volatile(".byte 0x67, 0x41, 0x8b, 0x04, 0x25, 0x10, 0x00, 0x20, 0x00" : "=a"(got) : "r"(r13) : "memory");
    puts(got == 1 ? "reads [0x200010]" : "reads [r13d]");
}
C
zydis() { ZydisInfo -64 "$@" | sed 's/\x1b\[[0-9;]*m//g' | sed -n '/INTEL/{n;s/.*: //p}'; }
same "67 41 8b 04 25 10 00 20 00" "mov eax, dword ptr ds:[r13d]" "$(zydis 67 41 8b 04 25 10 00 20 00)"
same "41 8b 04 25 10 00 20 00" "mov eax, dword ptr ds:[0x0000000000200010]" "$(zydis 41 8b 04 25 10 00 20 00)"
same "67 8b 04 25 10 00 20 00" "mov eax, dword ptr ds:[0x0000000000200010]" "$(zydis 67 8b 04 25 10 00 20 00)"
cc -O1 "$work/real.c" -o "$work/real" || die "no C compiler here"
same "this processor, with 67h and REX.B" "reads [0x200010]" "$("$work/real")"
verdict
