"""Writes a C file that uses every intrinsic function of clang's headers for the instruction sets that guests may use:

intrinsics.py INCLUDE-DIRECTORY [--refused]

Functions are taken by address, so that each becomes machine code of its own; macros are called from a wrapper, with the
arguments that their documented prototype has and 1 for immediates. --refused: instead those which are
refused on purpose. Prints how many there are to standard error.
"""
import os
import re
import sys

HEADERS = """mmintrin xmmintrin emmintrin pmmintrin tmmintrin smmintrin nmmintrin crc32intrin __wmmintrin_aes __wmmintrin_pclmul
avxintrin avx2intrin fmaintrin f16cintrin bmiintrin bmi2intrin lzcntintrin popcntintrin shaintrin adxintrin adcintrin rdseedintrin
ia32intrin immintrin prfchwintrin clflushoptintrin clwbintrin""".split()

# Refused on purpose: each with the contract's rule.
REFUSED = {
    "_mm_maskmove_si64": "memory", "_m_maskmovq": "memory", "_mm_maskmoveu_si128": "memory",  # implicit rdi
    "__writeeflags": "state",
    "_readfsbase_u32": "state", "_readfsbase_u64": "state", "_readgsbase_u32": "state", "_readgsbase_u64": "state",
    "_writefsbase_u32": "state", "_writefsbase_u64": "state", "_writegsbase_u32": "state", "_writegsbase_u64": "state",
    "__rdpmc": "state", "_rdpmc": "state", "_mm_monitor": "memory", "_mm_mwait": "memory",
}
# Other instruction sets that happen to stand in these headers.
OTHERS = re.compile("^(__rdpid|_rdpid|_directstore|_movdir64b|_invpcid|_tpause|_umwait|_umonitor|__ia32|_wbinvd|_Interlocked)")

TYPES = r"(?:__m\d+[di]?|void|float|double|(?:unsigned )?(?:char|short|int|long long))"

directory = sys.argv[1]
functions, macros = {}, {}
for header in HEADERS:
    text = open(os.path.join(directory, header + ".h")).read()
    text = re.sub(r"__attribute__\(\((?:[^()]|\([^()]*\))*\)\)", "", text)
    for match in re.finditer(r"^(?:static|extern)?[ ]?__inline[^;{}#]*?\b(\w+)\s*\(([^;{}]*?)\)\s*\{", text, re.M):
        functions[match.group(1)] = header
    for match in re.finditer(r"^#\s*define\s+(_\w+)\(([^)]*)\)", text, re.M):
        name = match.group(1)
        documented = re.search(r"^/// (%s) %s\(([^;().]*?)\);" % (TYPES, re.escape(name)), text, re.M)
        if documented:
            macros[name] = (documented.group(1), re.sub(r"\n///", " ", documented.group(2)))


def wrapper(name, result, parameters):
    declared, passed = [], []
    given = [p.strip() for p in parameters.split(",") if p.strip() not in ("", "void")]
    for i, parameter in enumerate(given):
        kind = re.sub(r"\b\w+$", "", parameter).strip()
        if kind == "const int" or (kind == "int" and i == len(given) - 1):
            passed.append("1")
        else:
            declared.append("%s a%d" % (kind, i))
            passed.append("a%d" % i)
    call = "%s(%s);" % (name, ", ".join(passed))
    if result != "void":
        call = "__auto_type r = %s *(volatile __typeof__(r) *)result = r;" % call
    return "void use_%s(%s) { %s }" % (name, ", ".join(declared) or "void", call)


gathers = {name for name in macros if "gather" in name}
functions = {name for name in functions if not OTHERS.match(name) and name not in macros}
refused = set(REFUSED) | gathers
if "--refused" in sys.argv:
    functions, used = functions & refused, sorted(set(macros) & refused)
else:
    functions, used = functions - refused, sorted(set(macros) - refused)
print("#include <immintrin.h>\n#include <x86intrin.h>\nchar result[64];")
for name in used:
    print(wrapper(name, *macros[name]))
print("void *const addresses[] = {")
for name in sorted(functions):
    print("    (void *)%s," % name)
print("};\nint main(void) { return 0; }")
print("%d functions, %d macros" % (len(functions), len(used)), file=sys.stderr)
