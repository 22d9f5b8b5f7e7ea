"""Writes a random library and a host: random-library.py SEED writes lib.h, lib.c, values.h and host.c into the current directory.

The library folds everything that it gets into one number, and makes everything that it gives from that number; so do the host's
callbacks. A host that prints the numbers prints the same with the library itself and isolated, or something crossed wrongly.
With -DHOSTILE the library writes odd bytes for true (even ones: bools.test), and folds them as if they were 1.
"""
import random
import sys

SCALARS = ["signed char", "unsigned char", "char", "short", "unsigned short", "int", "unsigned", "long", "unsigned long", "long long",
           "float", "double", "long double", "bool", "enum color"]
rng = random.Random(int(sys.argv[1]))
structs, callbacks = [], []
header, values, library, host = [], [], [], []


def scalar():
    return rng.choice(SCALARS)


def fold(place, kind):
    """A statement that folds the value at an lvalue."""
    return f"h = fold_{name(kind)}(h, &{place});"


def name(kind):
    return kind.replace("struct ", "").replace("union ", "").replace("enum ", "").replace(" ", "_")


def define(kind, folds, fills):
    values.append(f"static uint64_t fold_{name(kind)}(uint64_t h, const {kind} *v) {{ {folds} return h; }}")
    values.append(f"static void fill_{name(kind)}(uint64_t *s, {kind} *v) {{ {fills} }}")


def make_scalars():
    for kind in SCALARS:
        made = "(enum color[]){RED, GREEN, BLUE}[next(s) % 3]" if kind.startswith("enum") else \
            f"({kind})((int64_t)(next(s) % 250) - 120)" if kind in ("float", "double", "long double") else \
            f"({kind})next(s)"
        if kind == "bool":
            define(kind, "h = mix(h, BYTE(v));", "write_bool(v, next(s));")
        else:
            define(kind, "h = mix(h, (uint64_t)(int64_t)*v);", f"*v = {made};")


def make_struct():
    kind = f"struct s{len(structs)}"
    members, folds, fills, pointers = [], [], [], False
    for n in range(rng.randint(1, 6)):
        choice, m = rng.random(), f"m{n}"
        plain = [s for s in structs if not s[1]]
        if choice < 0.15 and plain:
            inner = rng.choice(plain)[0]
        else:
            inner = scalar()
        if choice > 0.93:
            members.append(f"const char *{m} BH_STRING BH_NULLABLE;")
            folds.append(f"h = mix(h, v->{m} ? strlen(v->{m}) + (unsigned char)v->{m}[0] : 77);")
            fills.append(f'v->{m} = (const char *[]){{"", "one", "some text", NULL}}[next(s) % 4];')
            pointers = True
        elif choice > 0.86:
            members.append(f"const {inner} *{m} BH_IN({m}_n) BH_NULLABLE; unsigned char {m}_n;")
            folds.append(f"h = mix(h, v->{m}_n); for (int k = 0; k < v->{m}_n; k++) h = fold_{name(inner)}(h, &v->{m}[k]);")
            fills.append(f"static {inner} a{n}[3]; v->{m} = a{n}; v->{m}_n = next(s) % 4; for (int k = 0; k < 3; k++) fill_{name(inner)}(s, &a{n}[k]);")
            pointers = True
        elif choice > 0.7:
            count = rng.randint(1, 4)
            members.append(f"{inner} {m}[{count}];")
            folds.append(f"for (int k = 0; k < {count}; k++) h = fold_{name(inner)}(h, &v->{m}[k]);")
            fills.append(f"for (int k = 0; k < {count}; k++) fill_{name(inner)}(s, &v->{m}[k]);")
        elif choice > 0.62 and inner in SCALARS:
            members.append(f"union {{ {inner} {m}; unsigned char {m}_bytes[{rng.randint(1, 9)}]; }};")
            folds.append(fold(f"v->{m}", inner))
            fills.append(f"v->{m} = next(s) & 1;" if inner == "bool" else f"fill_{name(inner)}(s, &v->{m});")
        else:
            members.append(f"{inner} {m};")
            folds.append(fold(f"v->{m}", inner))
            fills.append(f"fill_{name(inner)}(s, &v->{m});")
    header.append(f"{kind} {{ {' '.join(members)} }};")
    define(kind, " ".join(folds), " ".join(fills))
    structs.append((kind, pointers))


def any_kind(pointers=False):
    choices = [s[0] for s in structs if pointers or not s[1]]
    return rng.choice(choices) if choices and rng.random() < 0.45 else scalar()


class Parameter:
    """declares: in a prototype; folds and writes: by whoever is called; sets, passes, folds_after: by the caller."""

    def __init__(self, n, called):
        p = self.p = f"p{n}"
        self.writes = self.folds_after = ""
        how = rng.random()
        if how < 0.45:
            kind = any_kind(pointers=not called)
            self.declares, self.passes = [f"{kind} {p}"], [p]
            self.sets = f"{kind} {p}; memset(&{p}, 0, sizeof {p}); fill_{name(kind)}(s, &{p});"
            self.folds = fold(p, kind)
        elif how < 0.55:
            self.declares, self.passes = [f"const char *{p} BH_STRING"], [p]
            self.sets = f'const char *{p} = (const char *[]){{"", "a", "several words"}}[next(s) % 3];'
            self.folds = f"h = mix(h, strlen({p}) * 256 + (unsigned char){p}[0]);"
        elif how < 0.72:
            self.buffer(p, any_kind(pointers=not called), "const ", "BH_IN")
        elif how < 0.88:
            self.buffer(p, any_kind(), "", "BH_INOUT")
        elif how < 0.94 and not called:
            self.buffer(p, scalar(), "", "BH_OUT")
        else:
            kind = scalar()
            self.declares, self.passes = [f"{kind} *{p} BH_INOUT1"], [f"&{p}"]
            self.sets = f"{kind} {p}; fill_{name(kind)}(s, &{p});"
            self.folds = fold(f"*{p}", kind)
            self.writes = f"fill_{name(kind)}(&h, {p});"
            self.folds_after = fold(p, kind)

    def buffer(self, p, kind, const, contract):
        count = rng.choice(["int", "unsigned char", "size_t", "unsigned short"])
        parts = [f"{const}{kind} *{p} {contract}({p}_n)", f"{count} {p}_n"]
        self.declares, self.passes = parts, [p, f"{p}_n"]
        self.sets = f"{kind} {p}[5]; memset({p}, 0, sizeof {p}); {count} {p}_n = next(s) % 6; " \
                    f"for (int k = 0; k < 5; k++) fill_{name(kind)}(s, &{p}[k]);"
        each = f"for (int k = 0; k < (int){p}_n; k++)"
        self.folds = f"{each} h = fold_{name(kind)}(h, &{p}[k]);" if contract != "BH_OUT" else ""
        if not const:
            self.writes = f"{each} fill_{name(kind)}(&h, &{p}[k]);"
        self.folds_after = f"for (int k = 0; k < 5; k++) h = fold_{name(kind)}(h, &{p}[k]);"


def make_parameters(most, called):
    return [Parameter(n, called) for n in range(rng.randint(0, most))]


def comma(lists):
    return ", ".join(item for items in lists for item in items)


def make_callback():
    number, result = len(callbacks), any_kind()
    parameters = make_parameters(3, True)
    declared = comma([["void *user BH_USER"]] + [p.declares for p in parameters])
    header.append(f"typedef {result} c{number}({declared});")
    body = " ".join([p.folds for p in parameters] + [p.writes for p in parameters])
    host.append(f"static {result} host_c{number}({declared}) {{ uint64_t h = 1; h = mix(h, *(int *)user); {body} "
                f"h = mix(h, total++); {result} r; memset(&r, 0, sizeof r); fill_{name(result)}(&h, &r); return r; }}")
    callbacks.append((number, result, parameters))


def make_function(number):
    result = any_kind()
    parameters = make_parameters(5, False)
    callback = rng.choice(callbacks) if callbacks and rng.random() < 0.5 else None
    extra = [f"c{callback[0]} *f BH_CALLBACK{rng.choice([' BH_SCOPED', ''])}", "void *user BH_USER"] if callback else []
    declared = comma([p.declares for p in parameters] + [extra])
    header.append(f"{result} f{number}({declared or 'void'});")
    body = ["uint64_t h = 1;"] + [p.folds for p in parameters]
    if callback:
        inner = callback[2]
        call = f"f({comma([['user']] + [p.passes for p in inner])})"
        body.append(f"h = calls_c{callback[0]}(h, f, user);")
        if f"calls_c{callback[0]}(" not in "".join(library):
            library.append(f"static uint64_t calls_c{callback[0]}(uint64_t h, c{callback[0]} *f, void *user) {{ uint64_t seed = h, *s = &seed; "
                           f"(void)s; for (int times = 0; times < 2; times++) {{ {' '.join(p.sets for p in inner)} {callback[1]} r = {call}; "
                           f"{' '.join(p.folds_after for p in inner)} {fold('r', callback[1])} }} return h; }}")
    body += [p.writes for p in parameters]
    body.append(f"{result} r; memset(&r, 0, sizeof r); fill_{name(result)}(&h, &r); return r;")
    library.append(f"{result} f{number}({declared or 'void'}) {{ {' '.join(body)} }}")
    passes = comma([p.passes for p in parameters] + [[f"host_c{callback[0]}", "&mine"] if callback else []])
    host.append(f"static uint64_t call_f{number}(uint64_t seed) {{ uint64_t *s = &seed, h = 1; int mine = (int)(next(s) % 100); (void)mine; "
                f"{' '.join(p.sets for p in parameters)} {result} r = f{number}({passes}); "
                f"{' '.join(p.folds_after for p in parameters)} {fold('r', result)} return h; }}")


FUNCTIONS = 24
make_scalars()
for _ in range(8):
    make_struct()
for _ in range(5):
    make_callback()
for number in range(FUNCTIONS):
    make_function(number)

PRELUDE = """#include <stdint.h>
#include <string.h>
#pragma GCC diagnostic ignored "-Wunused-function"
static inline uint64_t mix(uint64_t h, uint64_t v) { h = (h ^ v) * 0x9e3779b97f4a7c15; return h ^ h >> 29; }
static inline uint64_t next(uint64_t *s) { *s = *s * 6364136223846793005 + 1442695040888963407; return *s >> 33; }
#ifdef HOSTILE
#define BYTE(v) (*(const volatile unsigned char *)(v) & 1)
static inline void write_bool(_Bool *v, uint64_t n) { *(volatile unsigned char *)v = n & 1 ? (unsigned char)n : 0; }
#else
#define BYTE(v) (*(const volatile unsigned char *)(v))
static inline void write_bool(_Bool *v, uint64_t n) { *v = n & 1; }
#endif
"""
write = lambda path, text: open(path, "w").write(text + "\n")
write("lib.h", "#ifndef LIB_H\n#define LIB_H\n#include <bulkhead/contracts.h>\n#include <stdbool.h>\n#include <stddef.h>\n"
      "enum color { RED, GREEN = 5, BLUE = -1 };\n" + "\n".join(header) + "\n#endif")
write("values.h", PRELUDE + "\n".join(values))
write("lib.c", '#include "lib.h"\n#include "values.h"\n' + "\n".join(library))
calls = "".join(f'        printf("f{n} %d %016llx\\n", k, (unsigned long long)call_f{n}((uint64_t)k * 1000 + {n}));\n' for n in range(FUNCTIONS))
write("host.c", """#ifdef NATIVE
#include "lib.h"
#else
#include "lib_bind.h"
#endif
#include <stdio.h>
#include "values.h"
static uint64_t total;
""" + "\n".join(host) + """
int main(int argc, char **argv) {
    (void)argc, (void)argv;
#ifndef NATIVE
    if (lib_bind_open(argv[1], NULL))
        return printf("open: %s\\n", bh_last_error()->text), 1;
#endif
    for (int k = 0; k < 20; k++) {
""" + calls + """#ifndef NATIVE
        if (lib_bind_error()->kind)
            return printf("%s\\n", lib_bind_error()->text), 1;
#endif
    }
    return 0;
}""")
