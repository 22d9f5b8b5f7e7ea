"""What the verifier's code may not do: structure.py BUILD OUT CLANG LLVM-TOOLS [MORE.c]...

No allocation and no library but plain memory and string functions, no writable global data, no recursion, no frames of
unknown size and a bounded stack; and the part that judges code stays small. It includes headers of its own and
include/bulkhead/layout.h, nothing else of the project. MORE.c are further files, to show that the checks notice what they
are for.
"""
import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True  # tests write nothing into the source tree
from rebuild import compile_verifier, verifier_files  # noqa: E402

build, out, clang, tools, *more = sys.argv[1:]
ALLOWED = {"memcpy", "memset", "memcmp", "memmove", "strcmp", "strlen", "strncmp", "memchr"}
MAX_STACK = 4096       # bytes on the deepest path, unoptimised
MAX_CORE_LINES = 1500  # without the generated tables
errors = []
shutil.rmtree(out, ignore_errors=True)


def tool(name, *arguments):
    return subprocess.run([os.path.join(tools, name), *arguments], check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True).stdout


def compile_all(flags, suffix):
    objects = compile_verifier(build, out, clang, flags, suffix)
    for file in more:
        objects.append(os.path.join(out, os.path.splitext(os.path.basename(file))[0] + suffix))
        subprocess.run([clang, *(f.replace("{name}", "more") for f in flags), "-c", file, "-o", objects[-1]], check=True)
    return objects


# Symbols: what is undefined everywhere, and what lies in writable sections.
objects = compile_all(["-O2"], ".o")
defined, undefined = set(), set()
for line in tool("llvm-nm", "--format=posix", *objects).splitlines():
    symbol = re.match(r"(\S+) (\S) ?", line)
    if symbol:
        (undefined if symbol[2] in "Uw" else defined).add(symbol[1])
for name in sorted(undefined - defined - ALLOWED - {"_GLOBAL_OFFSET_TABLE_"}):
    errors.append(f"the verifier calls {name}")
for line in tool("llvm-readelf", "--sections", "--wide", *objects).splitlines():
    section = re.match(r"\s*\[ *\d+\] (\S+)\s+(\S+)\s+\S+ \S+ (\S+) \S+\s+(\S*)", line)
    # .data.rel.ro is constant once it is loaded.
    if section and "W" in section[4] and int(section[3], 16) and not section[1].startswith(".data.rel.ro"):
        errors.append(f"writable global data in {section[1]}")

# The call graph of all files together, and each function's frame.
bitcode = compile_all(["-O0", "-emit-llvm"], ".bc")
whole = os.path.join(out, "whole.bc")
tool("llvm-link", *bitcode, "-o", whole)
graph, node = {}, None
for line in tool("opt", "-passes=print-callgraph", "-disable-output", whole).splitlines():
    start = re.match(r"Call graph node (?:for function: '(.*)'|<<null function>>)", line)
    call = re.search(r"calls (?:function '(.*)'|external node)", line)
    if start:
        node = start[1]
        graph.setdefault(node, set())
    elif call and node:
        graph[node].add(call[1] or "<indirect>")
# A function pointer may lead to any function whose address is taken; the reporter that a caller passes in is not ours.
assembly = tool("llvm-dis", whole, "-o", "-")
functions = {name for name in graph if name and f"@{name}(" in assembly and re.search(rf"^define .*@{re.escape(name)}\(", assembly, re.M)}
taken = {name for name in functions if re.search(rf"@{re.escape(name)}(?![\w.(])", assembly)}
if len(functions) < 50:
    errors.append("the call graph could not be read")

frames = {}
compile_all(["-O0", "-fstack-usage", "-Xclang", "-stack-usage-file", "-Xclang", os.path.join(out, "{name}.su")], ".su.o")
for name in os.listdir(out):
    if name.endswith(".su"):
        with open(os.path.join(out, name)) as usage:
            for line in usage:
                where, size, kind = line.rstrip("\n").split("\t")
                function = where.rsplit(":", 1)[1]
                frames[function] = max(frames.get(function, 0), int(size))
                if kind != "static":
                    errors.append(f"{function} has a stack frame of unknown size")


def callees(name):
    return sorted((graph[name] & functions) | (taken if "<indirect>" in graph[name] else set()))


depth, path = {}, []


def measure(name):
    """The stack that name needs with all it calls; 8 more for each return address."""
    if name in path:
        errors.append("recursion: " + " -> ".join(path[path.index(name):] + [name]))
        return 0
    if name not in depth:
        path.append(name)
        own = re.sub(r"\.\d+$", "", name)  # llvm-link numbers the copies of a static function
        if own not in frames:
            errors.append(f"no frame size for {name}")
        depth[name] = frames.get(own, 0) + 8 + max([measure(callee) for callee in callees(name)], default=0)
        path.pop()
    return depth[name]


for name in sorted(functions):
    measure(name)
deepest = max(depth, key=depth.get)
if depth[deepest] > MAX_STACK:
    errors.append(f"{deepest} needs {depth[deepest]} bytes of stack")

# What it includes of the project, by whatever way: its own headers, what its generators write, and the layout.
files, flags = verifier_files(build)
directory = os.path.dirname(files[0])
top = os.path.dirname(os.path.dirname(directory))
own = (directory, os.path.join(build, "runtime", "verifier"))
generators = [os.path.join(directory, name) for name in os.listdir(directory) if name.startswith("gen") and name.endswith(".c")]
for file in [*files, *generators, *more]:
    rule = subprocess.run([clang, *flags, "-D_GNU_SOURCE", "-MM", file], check=True, stdout=subprocess.PIPE, text=True).stdout
    for header in rule.replace("\\\n", " ").split()[2:]:
        header = os.path.realpath(header)
        if os.path.dirname(header) not in map(os.path.realpath, own) and \
                header != os.path.realpath(os.path.join(top, "include", "bulkhead", "layout.h")):
            errors.append(f"{os.path.basename(file)} includes {os.path.relpath(header, top)}, which is not the verifier's")

# The size of what judges code: all files but the ELF side and generators, with their headers, comments included.
core = [name for name in sorted(os.listdir(directory)) if name.endswith((".c", ".h")) and not name.startswith(("elf", "gen"))]
core_lines = 0
for name in core:
    with open(os.path.join(directory, name)) as text:
        core_lines += len(text.readlines())
if core_lines >= MAX_CORE_LINES or "core.c" not in core:
    errors.append(f"the core has {core_lines} lines: {' '.join(core)}")

for error in sorted(set(errors)):
    print(error)
print(f"{'FAIL' if errors else 'PASS'}: {len(functions)} functions without recursion, {depth[deepest]} bytes of stack at most "
      f"({deepest}), {core_lines} lines of core, calls to {', '.join(sorted((undefined - defined) & ALLOWED))} only")
sys.exit(bool(errors))
