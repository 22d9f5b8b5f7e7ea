#!/bin/sh
# Capstone 4.0.2's cs_regs_access() forgets registers that an instruction writes, and names one that it does not: xlatb writes al, syscall rcx
# and r11, enter rsp and rbp, cmpxchg rax, a gather its mask (to zero), all missing; stosq without rep is said to write rcx. Expected: complete
# lists, as its documentation has it ("all registers, explicit and implicit"). Liveness or "does this touch rsp" built on it is wrong.
. "$(dirname "$0")/lib"
install libcapstone4=4.0.2-5 python3-capstone=4.0.2-5

cat >"$work/writes.py" <<'P'
import sys
from capstone import *

engine = Cs(CS_ARCH_X86, CS_MODE_64)
engine.detail = True
instruction = next(engine.disasm(bytes.fromhex(sys.argv[1]), 0))
print(instruction.mnemonic, *sorted(instruction.reg_name(register) for register in instruction.regs_access()[1]))
P
writes() { /usr/bin/python3 "$work/writes.py" "$1"; }
same "writes al" "xlatb" "$(writes d7)"
same "writes rcx and r11" "syscall" "$(writes 0f05)"
same "writes rsp and rbp" "enter" "$(writes c8080000)"
same "writes rsp and rbp" "leave rbp rsp" "$(writes c9)"
same "writes rax or rsp, and flags" "cmpxchg rsp" "$(writes 480fb1dc)"
same "writes xmm1 and xmm3" "vpgatherdd xmm3" "$(writes c4e271901c10)"
same "writes rdi" "stosq rcx rdi" "$(writes 48ab)"
same "writes rdi, all 64 bits" "insb edi" "$(writes 6c)"
verdict
