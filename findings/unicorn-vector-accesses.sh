#!/bin/sh
# Unicorn calls memory hooks twice, for 8 bytes each, for a 16-byte load or store, and with 8 and 2 for an 80-bit one (seven times 4 for
# fnstenv). A load of 8 bytes across two pages is three calls: the load itself and then the two aligned words that it was made of, 24 bytes in all.
# Expected: one call with the operand's address and size. A checker that compares hooks with a decoder's operand sizes, or adds bytes up, is wrong twice.
. "$(dirname "$0")/lib"
install libunicorn2=2.0.1.post1-1+b1 python3-unicorn=2.0.1.post1-1

cat >"$work/hooks.py" <<'P'
import sys
from unicorn import *
from unicorn.x86_const import *

uc = Uc(UC_ARCH_X86, UC_MODE_64)
uc.mem_map(0x1000, 0x1000)
uc.mem_map(0x10000, 0x2000)
code = bytes.fromhex(sys.argv[1])
uc.mem_write(0x1000, code)
sizes = []
uc.hook_add(UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE, lambda uc, kind, address, size, value, data: sizes.append(str(size)))
uc.reg_write(UC_X86_REG_RAX, int(sys.argv[2], 0))
uc.emu_start(0x1000, 0x1000 + len(code))
print("+".join(sizes))
P
hooks() { /usr/bin/python3 "$work/hooks.py" "$@"; }
same "movups (%rax),%xmm0" 8+8 "$(hooks 0f1000 0x10100)"
same "movups %xmm0,(%rax)" 8+8 "$(hooks 0f1100 0x10100)"
same "fldt (%rax)" 8+2 "$(hooks db28 0x10100)"
same "fnstenv (%rax)" 4+4+4+4+4+4+4 "$(hooks d930 0x10100)"
same "mov (%rax),%rax across two pages" 8+8+8 "$(hooks 488b00 0x10ffc)"
same "mov %rax,(%rax) across two pages" 8 "$(hooks 488900 0x10ffc)"
same "mov (%rax),%rax across a cache line" 8 "$(hooks 488b00 0x1013c)"
verdict
