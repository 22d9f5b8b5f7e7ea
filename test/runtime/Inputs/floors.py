"""The runtime's floors: floors.py SOURCE BUILD NM [MORE.c=MORE.o]... prints every include and every use of a symbol that does not lead
down from one floor to another, and every circle of files; exit status 1 when there is one. floors.py --self-test tries it on made-up
floors. MORE is a file of the runtime, as PATH=OBJECT, to show in place of the one that is there.

Of bind/ the rest of the runtime is the public interface: it uses what include/bulkhead/bulkhead.h declares, and includes nothing else."""
import os
import re
import subprocess
import sys

# What each floor may know, besides itself and include/bulkhead.
FLOORS = {
    "base": (),
    "verifier": (),
    "slot": ("base", "verifier"),
    "cross": ("base",),
    "guest": ("base", "verifier", "slot", "cross"),
    "linux": ("base", "slot", "cross", "guest"),
    "host": ("base", "verifier", "slot", "cross", "guest", "linux"),
    "bind": (),
}
# A floor whose files may go in circles: one system call's work is made of others'.
CIRCLES = ("linux",)


def floor(path):
    return path.split("/")[0]


def leads_down(source, target):
    return floor(source) == floor(target) or floor(target) in FLOORS[floor(source)]


def circles(uses):
    """The files that use each other, directly or through others: sorted lists of two files and more."""
    order, low, stack, found = {}, {}, [], []

    def visit(file):
        order[file] = low[file] = len(order)
        stack.append(file)
        for used in uses.get(file, ()):
            if used not in order:
                visit(used)
            if used in stack:
                low[file] = min(low[file], low[used])
        if low[file] == order[file]:
            found.append(sorted(stack[stack.index(file):]))
            del stack[stack.index(file):]

    for file in sorted(uses):
        if file not in order:
            visit(file)
    return sorted(circle for circle in found if len(circle) > 1)


def complaints(symbols, includes, public):
    """What is wrong with symbols, {file: (defined, undefined)}, and includes, {file: [file]}, where public is what hosts may call."""
    where, wrong, uses = {}, [], {file: set() for file in symbols}
    for file, (defined, _) in symbols.items():
        for name in defined:
            if name in where:
                wrong.append("%s is defined by %s and by %s" % (name, where[name], file))
            where[name] = file
    for file, (_, undefined) in sorted(symbols.items()):
        for name in sorted(undefined & where.keys()):
            target = where[name]
            if floor(file) == "bind" and floor(target) != "bind":
                if name not in public:
                    wrong.append("%s uses %s of %s, which bulkhead.h does not declare" % (file, name, target))
                continue
            uses[file].add(target)
            if not leads_down(file, target):
                wrong.append("%s uses %s of %s" % (file, name, target))
    for file, included in sorted(includes.items()):
        wrong += ["%s includes %s" % (file, target) for target in included if not leads_down(file, target)]
    for circle in circles(uses):
        if {floor(file) for file in circle} - set(CIRCLES):
            wrong.append("in a circle: " + ", ".join(circle))
    return wrong


def read_symbols(nm, file):
    """(defined, undefined): the global symbols of an object."""
    defined, undefined = set(), set()
    for line in subprocess.run([nm, "--extern-only", file], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines():
        kind, name = line.split()[-2:]
        (undefined if kind in "Uw" else defined).add(name)
    return defined, undefined


def read_includes(top, file):
    """The runtime's files that a file of it names in #include."""
    found = []
    for name in re.findall(r'^\s*#\s*include\s*"([^"]+)"', open(os.path.join(top, file)).read(), re.M):
        beside = os.path.normpath(os.path.join(os.path.dirname(file), name))
        found.append(beside if os.path.exists(os.path.join(top, beside)) else name)
    return [name for name in found if os.path.exists(os.path.join(top, name))]  # no system's, public or generated header


def object_of(build, file):
    parts = ("verifier/CMakeFiles/bulkhead_verifier.dir", file.split("/", 1)[1]) if floor(file) == "verifier" else \
        ("CMakeFiles/bulkhead.dir", file)
    return os.path.join(build, "runtime", *parts) + ".o"


def read(source, build, nm, more):
    top, symbols, includes = os.path.join(source, "runtime"), {}, {}
    listed = open(os.path.join(build, "build.ninja")).read()
    for name in sorted(FLOORS):
        for file in sorted(os.listdir(os.path.join(top, name))):
            file = name + "/" + file
            if file.endswith((".c", ".S", ".h")):
                includes[file] = read_includes(top, file)
            # Not the verifier's generators.
            if file.endswith((".c", ".S")) and os.path.relpath(object_of(build, file), build) + ":" in listed:
                symbols[file] = read_symbols(nm, object_of(build, file))
            elif file.endswith((".c", ".S")) and name != "verifier":
                raise SystemExit("%s is not built" % file)
    for path, object_file in (item.split("=") for item in more):
        symbols[path] = read_symbols(nm, object_file)
    text = open(os.path.join(source, "include/bulkhead/bulkhead.h")).read()
    return symbols, includes, set(re.findall(r"\b(bh_\w+)\(", text))


def self_test():
    good = {"base/a.c": ({"a"}, {"malloc"}), "slot/b.c": ({"b"}, {"a"}), "guest/c.c": ({"c", "d"}, {"a", "b"}),
            "guest/e.c": ({"e"}, {"c"}), "host/f.c": ({"bh_f", "bh_g"}, {"e", "a"}), "bind/h.c": ({"h"}, {"bh_f"}),
            "linux/i.c": ({"i"}, {"j", "b"}), "linux/j.c": ({"j"}, {"i"})}
    included = {"slot/b.c": ["base/a.h", "slot/b.h"], "guest/c.h": ["cross/x.h"], "bind/h.c": ["bind/h.h"]}
    cases = [
        ({}, {}, []),
        ({"base/a.c": ({"a"}, {"b"})}, {}, ["base/a.c uses b of slot/b.c", "in a circle: base/a.c, slot/b.c"]),
        ({"cross/k.c": (set(), {"b"})}, {}, ["cross/k.c uses b of slot/b.c"]),
        ({"guest/c.c": ({"c", "d"}, {"e"})}, {}, ["in a circle: guest/c.c, guest/e.c"]),
        ({"guest/l.c": ({"l"}, {"i"})}, {}, ["guest/l.c uses i of linux/i.c"]),
        ({"bind/h.c": ({"h"}, {"bh_g"})}, {}, ["bind/h.c uses bh_g of host/f.c, which bulkhead.h does not declare"]),
        ({"bind/m.c": ({"m"}, {"h"}), "bind/h.c": ({"h"}, {"m"})}, {}, ["in a circle: bind/h.c, bind/m.c"]),
        ({"slot/n.c": ({"a"}, set())}, {}, ["a is defined by base/a.c and by slot/n.c"]),
        ({}, {"base/o.h": ["slot/b.h"]}, ["base/o.h includes slot/b.h"]),
        ({}, {"bind/h.c": ["base/a.h"]}, ["bind/h.c includes base/a.h"]),
        ({}, {"guest/c.h": ["linux/linux.h"]}, ["guest/c.h includes linux/linux.h"]),
    ]
    for symbols, includes, expected in cases:
        found = complaints({**good, **symbols}, {**included, **includes}, {"bh_f"})
        if found != expected:
            raise SystemExit("expected %s, found %s" % (expected, found))
    print("%d cases" % len(cases))


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        self_test()
    else:
        symbols, includes, public = read(*sys.argv[1:4], sys.argv[4:])
        wrong = complaints(symbols, includes, public)
        print("\n".join(wrong) if wrong else "%d objects" % len(symbols))
        sys.exit(bool(wrong))
