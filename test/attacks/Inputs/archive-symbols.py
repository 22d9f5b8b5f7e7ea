#!/usr/bin/env python3
"""archive-symbols.py ARCHIVE check: every global symbol begins with bh_ and is hidden, so that no other code of a process can take its
                                     place: a host's plugin that contains the archive would use the executable's function instead.
archive-symbols.py ARCHIVE all|other: assembly that defines a function with each of the archive's names, those of static functions and
                                      names without bh_ included; other: without those that begin with bh_. Each returns 1."""
import re
import subprocess
import sys

archive, mode = sys.argv[1:]


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


symbols = []  # binding, visibility, name
for line in output("llvm-readelf", "--symbols", "--wide", archive).splitlines():
    field = line.split()
    if len(field) >= 8 and re.fullmatch(r"\d+:", field[0]) and field[3] in ("FUNC", "OBJECT", "NOTYPE", "TLS", "IFUNC") and field[6] != "UND":
        symbols.append((field[4], field[5], field[7]))
if len(symbols) < 500:
    sys.exit(f"{archive}: only {len(symbols)} symbols")

if mode == "check":
    bad = [s for s in symbols if s[0] != "LOCAL" and (s[1] != "HIDDEN" or not s[2].startswith("bh_"))]
    for binding, visibility, name in bad:
        print(f"{name}: {binding} {visibility}")
    sys.exit(bool(bad))

names = {name for _, _, name in symbols if re.fullmatch(r"[A-Za-z_]\w*", name)}
for prefix in ("bh_", "bh_elf_", "bh_verify_", "bh_linux_"):
    names |= {name[len(prefix):] for name in names if name.startswith(prefix)}
if mode == "other":
    names = {name for name in names if not name.startswith("bh_")}
# What the C library has is the host's own affair: it would break itself.
libc = output("clang", "-print-file-name=libc.so.6").strip()
names -= {re.sub("@.*", "", line.split()[-1]) for line in output("nm", "--dynamic", "--defined-only", libc).splitlines()}
names -= {"main", "plugin_run", "auto", "register"}
for name in sorted(names):
    print(f'.globl "{name}"\n.type "{name}", @function\n"{name}":')
print(".text\nmovl $1, %eax\nmovl $0, %edx\nret\n.section .note.GNU-stack, \"\", @progbits")
