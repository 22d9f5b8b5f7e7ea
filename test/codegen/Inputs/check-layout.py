"""check-layout.py [--tables] FILE...

Checks the bundle layout of objects or linked modules, as llvm-objdump shows their code:
  - no instruction crosses a 32-byte boundary, and executable sections are aligned to one
  - every call that can return ends at a 32-byte boundary
  - no branch within a function uses a 32-bit distance where an 8-bit one would reach (functions are laid out one by one,
    so jumps between them are long), unless BULKHEAD_LONG_BRANCHES is set
  - every function that can be reached indirectly is aligned: global ones, and those whose address code or data takes
  - with --tables: entries of jump tables too (compile with -ffunction-sections)
"""
import os
import re
import subprocess
import sys

BUNDLE = 32
LINE = re.compile(r"^\s*([0-9a-f]+):\s+((?:[0-9a-f]{2} )+)\s*(.*)$")
RELOC = re.compile(r"^\s+([0-9a-f]+):\s+(R_X86_64_\w+)\s+(.*)$")
NORETURN = {"abort", "exit", "_exit", "longjmp", "siglongjmp", "__stack_chk_fail", "_Unwind_Resume", "__clang_call_terminate",
            "_ZSt9terminatev", "__cxa_throw", "__cxa_rethrow"} | set(os.environ.get("BULKHEAD_NORETURN", "").split(","))
PREFIXES = {"2e", "3e", "64", "65", "66", "67", "f0", "f2", "f3"}


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def instructions(path):
    """Yields [section, address, bytes, text, symbol of its relocation]."""
    current, section = None, None
    for line in run("llvm-objdump", "-dr", path).splitlines():
        if line.startswith("Disassembly of section "):
            section = line[len("Disassembly of section "):].rstrip(":")
            continue
        match = RELOC.match(line)
        if match and current:
            current[4] = re.sub(r"[-+]0x[0-9a-f]+$", "", match[3])
            continue
        match = LINE.match(line)
        if match:
            if current:
                yield current
            current = [section, int(match[1], 16), match[2].split(), match[3], None]
    if current:
        yield current


def short_distance(code):
    """What the distance of a long direct jump would be if a short one stood in its place, or None."""
    at = 0
    while at < len(code) and (code[at] in PREFIXES or code[at].startswith("4")):
        at += 1
    rest = code[at:]
    if len(rest) == 5 and rest[0] == "e9" or len(rest) == 6 and rest[0] == "0f" and rest[1].startswith("8"):
        return int.from_bytes(bytes.fromhex("".join(rest[-4:])), "little", signed=True) + len(rest) - 2
    return None


def check_code(path, errors):
    """Returns the number of calls, and the addresses of functions that instructions take."""
    calls, taken = 0, set()
    for section, address, code, text, relocated in instructions(path):
        end = address + len(code)
        where = f"{path}: {section}+{address:#x}: {text}"
        if address // BUNDLE != (end - 1) // BUNDLE:
            errors.append(f"{where}: crosses a bundle boundary")
        if re.match(r"(?:\w+\s+)*call", text):
            calls += 1
            callee = relocated or re.sub(r".*<([^+>]*).*", r"\1", text)
            if end % BUNDLE and callee not in NORETURN:
                errors.append(f"{where}: a call that does not end its bundle")
        match = re.match(r"lea.*\(%rip\).*# 0x([0-9a-f]+) <[^+>]*>", text)
        if match and not relocated:
            taken.add(int(match[1], 16))
        distance = None if relocated or "BULKHEAD_LONG_BRANCHES" in os.environ else short_distance(code)
        if distance is not None and -128 <= distance <= 127 and "+0x" in text:
            errors.append(f"{where}: a long branch where a short one reaches")
    return calls, taken


def check_symbols(path, taken, errors):
    for line in run("llvm-readelf", "-sW", path).splitlines():
        field = line.split()
        if len(field) >= 8 and field[3] == "FUNC" and field[6] not in ("UND", "ABS") and int(field[1], 16) % BUNDLE \
                and (field[4] != "LOCAL" or int(field[1], 16) in taken):
            errors.append(f"{path}: function {field[7]} at {int(field[1], 16):#x} is not aligned")


def check_sections(path, errors):
    """Returns the names of executable sections."""
    code = set()
    for line in run("llvm-readelf", "-SW", path).splitlines():
        match = re.match(r"\s*\[\s*\d+\] (\S+)\s+\S+\s+[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) [0-9a-f]+\s+([A-Za-z]*)\s+\d+\s+\d+\s+(\d+)", line)
        if match and "X" in match[3]:
            code.add(match[1])
            if int(match[2], 16) and int(match[4]) % BUNDLE:
                errors.append(f"{path}: section {match[1]} is aligned to {match[4]}")
    return code


def check_addresses(path, code, tables, errors):
    """Data that holds code addresses, in objects: table entries relative to the table, and pointers."""
    section, first = None, None
    for line in run("llvm-readelf", "-rW", path).splitlines():
        match = re.match(r"Relocation section '\.rela(\S*)'", line)
        if match:
            section, first = match[1], None
            continue
        field = line.split()
        if len(field) < 7 or section is None or field[4] not in code or field[5] not in "+-":
            continue
        offset, addend = int(field[0], 16), int(field[6], 16)
        if section in code or section.startswith((".debug", ".eh_frame")):
            continue
        if field[2] == "R_X86_64_64" and addend % BUNDLE:
            errors.append(f"{path}: {section}+{offset:#x} holds the address {field[4]}+{addend:#x}, not aligned")
        if field[2] == "R_X86_64_PC32" and tables and section.startswith(".rodata."):
            if first is None or (addend - (offset - first)) % BUNDLE:
                first = offset  # the next table of this function
            if (addend - (offset - first)) % BUNDLE:
                errors.append(f"{path}: jump table {section}+{offset:#x}: target is not aligned")


def main():
    arguments = sys.argv[1:]
    tables = "--tables" in arguments
    errors = []
    for path in (argument for argument in arguments if argument != "--tables"):
        code = check_sections(path, errors)
        calls, taken = check_code(path, errors)
        check_symbols(path, taken, errors)
        check_addresses(path, code, tables, errors)
        print(f"{path}: {calls} calls")
    for error in errors[:20]:
        print(f"check-layout: {error}", file=sys.stderr)
    sys.exit(1 if errors else 0)


main()
