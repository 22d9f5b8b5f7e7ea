#!/bin/sh
# Capstone 4.0.2 reads rdpid as rdseed, and senduipi as rdrand: it ignores the F3h that tells them apart (0F C7 /7 and /6). Expected: the
# right name, or "unknown", which it says of other instructions that it does not know. rdpid writes no flags and gives the same number every time.
. "$(dirname "$0")/lib"
install libcapstone4=4.0.2-5 capstone-tool=4.0.2-5 libzydis4.0=4.0.0-1 libzycore1.4=1.4.1-1 zydis-tools=4.0.0-1

capstone() { cstool x64 "$1" | sed 's/.*  //'; }
zydis() { ZydisInfo -64 "$@" | sed 's/\x1b\[[0-9;]*m//g' | sed -n '/INTEL/{n;s/.*: //p}'; }
same "f3 0f c7 fb, Capstone" "rdseed	ebx" "$(capstone f30fc7fb)"
same "f3 0f c7 fb, Zydis" "rdpid rbx" "$(zydis f3 0f c7 fb)"
same "f3 0f c7 f0, Capstone" "rdrand	eax" "$(capstone f30fc7f0)"
same "f3 0f c7 f0, Zydis (which takes the 64-bit register for 32 bits)" "senduipi eax" "$(zydis f3 0f c7 f0)"
verdict
