#!/bin/sh
# AVX-512 stores a short displacement divided by the operand's size, which depends on instruction, vector length and
# broadcast (SDM, volume 2, "Compressed Displacement"). Capstone 4.0.2 multiplies by the wrong size for a handful of
# instructions: 16 for the 64-byte vpsrlvd, vpsravd and vpsllvd, 16 for the 4-byte vcmpss, 4 for the doubles that
# vfmadd132pd broadcasts to two. Expected: the offset that was assembled, as for their neighbours vpaddd and
# vfmadd213pd.
. "$(dirname "$0")/lib"
install python3-capstone=4.0.2-5 libcapstone4=4.0.2-5

cat >"$work/decode.py" <<'P'
import sys
import capstone

decoder = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
decoder.detail = True
insn = next(decoder.disasm(open(sys.argv[1], "rb").read(), 0))
operand = next(o for o in insn.operands if o.type == capstone.x86.X86_OP_MEM)
print(insn.mnemonic, hex(operand.mem.disp))
P
decode() {
    printf '%s\n' ".intel_syntax noprefix" "$1" >"$work/insn.s"
    (unset LD_LIBRARY_PATH; as "$work/insn.s" -o "$work/insn.o" && objcopy -O binary -j .text "$work/insn.o" "$work/insn") ||
        die "no assembler here"
    /usr/bin/python3 "$work/decode.py" "$work/insn"
}
shows() { same "$1" "${1%% *} $2" "$(decode "$1")"; }
shows "vpsrlvd zmm3, zmm0, [rax+0x40]" 0x10
shows "vpsravd zmm3, zmm0, [rax+0x40]" 0x10
shows "vpsllvq zmm3, zmm0, [rax+0x40]" 0x10
shows "vcmpltss k3, xmm0, dword ptr [rax+0x4]" 0x10
shows "vcmpltsd k3, xmm0, qword ptr [rax+0x8]" 0x10
shows "vfmadd132pd xmm3, xmm0, qword ptr [rax+0x8]{1to2}" 0x4
shows "vpaddd zmm3, zmm0, [rax+0x40]" 0x40
shows "vfmadd213pd xmm3, xmm0, qword ptr [rax+0x8]{1to2}" 0x8
verdict
