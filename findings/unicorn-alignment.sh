#!/bin/sh
# Unicorn executes movaps, movntdq and SSE arithmetic on an operand that is not aligned to 16 bytes, for which a processor raises #GP, but
# refuses cmpxchg16b there. Expected: all or none. Code whose only fault is a misaligned spill passes under the emulator.
. "$(dirname "$0")/lib"
install libunicorn2=2.0.1.post1-1+b1 python3-unicorn=2.0.1.post1-1

cat >"$work/run.py" <<'P'
import sys
from unicorn import *
from unicorn.x86_const import *

uc = Uc(UC_ARCH_X86, UC_MODE_64)
uc.mem_map(0x1000, 0x1000)
uc.mem_map(0x10000, 0x1000)
code = bytes.fromhex(sys.argv[1])
uc.mem_write(0x1000, code)
uc.reg_write(UC_X86_REG_RAX, 0x10008)
try:
    uc.emu_start(0x1000, 0x1000 + len(code))
    print("executed")
except UcError as error:
    print(error)
P
cat >"$work/real.c" <<'C'
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
static void fault(int number) { (void)number; puts("SIGSEGV"); fflush(stdout); _Exit(0); }
int main(void) {
    static _Alignas(16) char block[64];
    signal(SIGSEGV, fault);
    __asm__ volatile("movaps %%xmm0,(%0)" ::"r"(block + 8) : "memory");
    puts("executed");
}
C
run() { /usr/bin/python3 "$work/run.py" "$1"; }
same "movaps %xmm0,8 past alignment" executed "$(run 0f2900)"
same "addps, likewise" executed "$(run 0f5800)"
same "movntdq, likewise" executed "$(run 660fe700)"
same "cmpxchg16b, likewise" "Unhandled CPU exception (UC_ERR_EXCEPTION)" "$(run 480fc708)"
cc -O1 "$work/real.c" -o "$work/real" || die "no C compiler here"
same "movaps on this processor" SIGSEGV "$("$work/real")"
verdict
