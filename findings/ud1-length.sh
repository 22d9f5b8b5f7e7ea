#!/bin/sh
# How long is ud1 (0F B9)? Both makers' manuals, LLVM, binutils and Zydis give it a ModRM byte. Capstone and diStorm call it ud2b or ud2 and end it
# without, so that everything behind it is decoded out of step: below a ret becomes an add. clang emits ud1 for each -fsanitize-trap check, with
# the kind of check as its operand. Expected: one length for an instruction that compilers emit.
. "$(dirname "$0")/lib"
install libcapstone4=4.0.2-5 capstone-tool=4.0.2-5 libdistorm3-3=3.4.1-5 python3-distorm3=3.4.1-5 \
    libzydis4.0=4.0.0-1 libzycore1.4=1.4.1-1 zydis-tools=4.0.0-1

ln -s "$work/root/usr/lib/libdistorm3.so.3" "$work/root/usr/lib/python3/dist-packages/distorm3/libdistorm3.so"
# ud1l 1(%eax),%eax, as clang writes a check, then ret
same "Zydis" 5 "$(ZydisInfo -64 67 0f b9 40 01 | sed 's/\x1b\[[0-9;]*m//g' | sed -n 's/ *LENGTH: *//p')"
same "Capstone" "ud2b; add ebx, eax" "$(cstool x64 670fb94001c3 | sed 's/^.*  //; s/\t$//; s/\t/ /' | paste -sd';' | sed 's/;/; /')"
same "diStorm, its length" 3 "$(/usr/bin/python3 -c 'import distorm3
print(distorm3.Decode(0, bytes.fromhex("670fb94001c3"), distorm3.Decode64Bits)[0][1])')"
verdict
