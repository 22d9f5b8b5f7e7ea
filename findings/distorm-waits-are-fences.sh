#!/bin/sh
# diStorm 3.4.1 reads tpause and umwait (66 and F2 before 0F AE /6) as mfence, and the 256-bit forms of vaesenc and vpclmulqdq as the 128-bit
# ones: what it does not know it takes for its older neighbour. Expected: "db", as it says of rdpid and other newer instructions.
. "$(dirname "$0")/lib"
install libdistorm3-3=3.4.1-5 python3-distorm3=3.4.1-5

# The package looks for the library below /usr/lib alone.
ln -s "$work/root/usr/lib/libdistorm3.so.3" "$work/root/usr/lib/python3/dist-packages/distorm3/libdistorm3.so"
cat >"$work/decode.py" <<'P'
import sys
import distorm3

print(distorm3.Decode(0, bytes.fromhex(sys.argv[1]), distorm3.Decode64Bits)[0][2].lower())
P
decode() { /usr/bin/python3 "$work/decode.py" "$1"; }
same "66 0f ae f1 (tpause %ecx)" "mfence" "$(decode 660faef1)"
same "f2 0f ae f1 (umwait %ecx)" "mfence" "$(decode f20faef1)"
same "c4 e2 6d dc d9 (vaesenc %ymm1,%ymm2,%ymm3)" "vaesenc xmm3, xmm2, xmm1" "$(decode c4e26ddcd9)"
same "c4 e3 6d 44 d9 01 (vpclmulqdq \$1,%ymm1,%ymm2,%ymm3)" "vpclmulqdq xmm3, xmm2, xmm1, 0x1" "$(decode c4e36d44d901)"
same "f3 0f c7 fb (rdpid %rbx)" "db 0xf3" "$(decode f30fc7fb)"
verdict
