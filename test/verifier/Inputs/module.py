"""Writes a module with the given code: module.py OUT [--stores] [--symbol NAME] [--repeat N] HEX..."""
import struct
import sys

arguments = sys.argv[2:]
stores = "--stores" in arguments
name = "main"
if "--symbol" in arguments:
    at = arguments.index("--symbol")
    name = arguments[at + 1].encode().decode("unicode_escape")
    del arguments[at:at + 2]
repeat = 1
if "--repeat" in arguments:
    at = arguments.index("--repeat")
    repeat = int(arguments[at + 1])
    del arguments[at:at + 2]
code = bytes.fromhex("".join(a for a in arguments if a != "--stores")) * repeat

note = struct.pack("<III12sIIIII", 9, 20, 1, b"Bulkhead", 1, 1, 32, 2 if stores else 1, 0)
headers = [(1, 4, 0, 0x1000), (1, 5, 0x1000, len(code)), (4, 4, 0x400, len(note)), (0x6474E551, 6, 0, 0)]
strtab = b"\0" + name.encode("latin-1") + b"\0"
strtab_at = 0x1000 + len(code)
symtab_at = (strtab_at + len(strtab) + 7) & ~7
symtab = bytes(24) + struct.pack("<IBBHQQ", 1, 2, 0, 1, 0x1000, len(code))
sections_at = symtab_at + len(symtab)
sections = bytes(64)
sections += struct.pack("<IIQQQQIIQQ", 0, 2, 0, 0, symtab_at, len(symtab), 2, 0, 8, 24)
sections += struct.pack("<IIQQQQIIQQ", 0, 3, 0, 0, strtab_at, len(strtab), 0, 0, 1, 0)

image = bytearray(sections_at)
image[0:64] = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 3, 62, 1, 0x1000, 64, sections_at, 0, 64, 56,
                          len(headers), 64, 3, 0)
for i, (kind, flags, offset, size) in enumerate(headers):
    image[64 + 56 * i:120 + 56 * i] = struct.pack("<IIQQQQQQ", kind, flags, offset, offset, offset, size, size, 4)
image[0x400:0x400 + len(note)] = note
image[0x1000:0x1000 + len(code)] = code
image[strtab_at:strtab_at + len(strtab)] = strtab
image[symtab_at:symtab_at + len(symtab)] = symtab
with open(sys.argv[1], "wb") as out:
    out.write(image + sections)
