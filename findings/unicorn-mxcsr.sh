#!/bin/sh
# A new x86-64 Unicorn engine starts with MXCSR 0 and x87 control word 0, which say: every floating-point exception unmasked, x87 results
# rounded to 24 bits. Expected: 1f80 and 37f, with which Linux starts a program, or a processor's reset values, 1f80 and 40. The engine does
# not do what they say either: 1.0f / 0.0f gives infinity where a processor raises #XM, and x87 results have 64 bits.
. "$(dirname "$0")/lib"
install libunicorn2=2.0.1.post1-1+b1 python3-unicorn=2.0.1.post1-1

cat >"$work/state.py" <<'P'
from unicorn import *
from unicorn.x86_const import *

uc = Uc(UC_ARCH_X86, UC_MODE_64)
uc.mem_map(0x1000, 0x1000)
uc.mem_map(0x10000, 0x1000)
# fnstcw (%rax); stmxcsr 4(%rax); divss %xmm1,%xmm0; stmxcsr 8(%rax); fldpi; fldpi; faddp; fstpt 16(%rax)
code = bytes.fromhex("d938 0fae5804 f30f5ec1 0fae5808 d9eb d9eb dec1 db7810")
uc.mem_write(0x1000, code)
uc.reg_write(UC_X86_REG_RAX, 0x10000)
uc.reg_write(UC_X86_REG_XMM0, 0x3F800000)
uc.reg_write(UC_X86_REG_XMM1, 0)
uc.emu_start(0x1000, 0x1000 + len(code))
read = lambda offset, size: int.from_bytes(uc.mem_read(0x10000 + offset, size), "little")
print(f"mxcsr {read(4, 4):#x}, x87 control word {read(0, 2):#x}")
print(f"{uc.reg_read(UC_X86_REG_XMM0) & 0xffffffff:#x}, mxcsr {read(8, 4):#x}")
print(f"significand {read(16, 8):#x}")
P
seen=$(/usr/bin/python3 "$work/state.py")
same "a new engine" "mxcsr 0x0, x87 control word 0x0" "$(echo "$seen" | sed -n 1p)"
same "1.0f / 0.0f" "0x7f800000, mxcsr 0x0" "$(echo "$seen" | sed -n 2p)"
same "fldpi + fldpi" "significand 0xc90fdaa22168c235" "$(echo "$seen" | sed -n 3p)"
verdict
