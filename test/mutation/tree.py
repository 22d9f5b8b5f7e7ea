"""The mutants' source tree and build directory: a copy of the sources in which every check of the runtime can be switched off."""
import hashlib
import os
import re
import shutil
import subprocess

import checks

HERE = os.path.dirname(os.path.abspath(__file__))
PARTS = ("CMakeLists.txt", "README.md", "bench", "cmake", "docs", "examples", "include", "passes", "runtime", "sysroot", "test", "tools")
RUNTIME = re.compile(r"runtime/(base|slot|cross|guest|linux|host|bind)/\w+\.[ch]$")
TESTS = ("runtime", "attacks", "threads", "bind", "stress", "examples")
# These fail with all checks in place: a switchable check compiles to other code than the one they look for in libbulkhead.a.
EXCLUDED = ("runtime/speculation.test",)
# What the mutants do not change is the other build's.
SAME = ("bin/bulkhead-as", "bin/bulkhead-bind", "bin/bulkhead-verify", "lib/BulkheadPass.so", "sysroot", "native-sysroot", "sources", "src")


def files(source):
    """Every file of the source tree, by its path below it."""
    for part in PARTS:
        top = os.path.join(source, part)
        if os.path.isfile(top):
            yield part
        for directory, below, names in os.walk(top):
            below[:] = sorted(name for name in below if name != "__pycache__")
            for name in sorted(names):
                yield os.path.relpath(os.path.join(directory, name), source)


def runtime_checks(source):
    """The runtime's checks, file by file: {file: [Check]}."""
    found = {file: checks.find(file, open(os.path.join(source, file)).read()) for file in files(source) if RUNTIME.match(file)}
    return {file: checks_ for file, checks_ in found.items() if checks_}


def write(path, content, mode):
    """Writes the file unless it is the same already, so that only what changed is built again."""
    if os.path.exists(path) and open(path, "rb").read() == content:
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.exists(path):
        os.remove(path)
    with open(path, "wb") as out:
        out.write(content)
    os.chmod(path, mode)


def copy(source, target, found):
    """Makes target the copy of source with switchable checks, and returns a fingerprint of what is tested and what tests."""
    digest, first, kept = hashlib.sha256(), 1, set()
    header = '#include "%s"\n#line 1\n' % os.path.join(HERE, "mutant.h")
    for file in files(source):
        path = os.path.join(source, file)
        if os.path.islink(path) and not os.path.exists(path):
            continue
        content = open(path, "rb").read()
        if file in found:
            content = (header + checks.switchable(content.decode(), found[file], first)).encode()
            first += len(found[file])
        if not file.startswith("test/mutation/"):
            digest.update(file.encode() + b"\0" + content)
        write(os.path.join(target, file), content, os.stat(path).st_mode & 0o777)
        kept.add(file)
    for file in list(files(target)):
        if file not in kept:
            os.remove(os.path.join(target, file))
    return digest.hexdigest()


def cache_value(build, name):
    return re.search(r"^%s:\w+=(.*)$" % name, open(os.path.join(build, "CMakeCache.txt")).read(), re.M).group(1)


def link_same(build, target, source):
    for name in SAME:
        path = os.path.join(target, name)
        if not os.path.lexists(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.symlink(os.path.join(build, name), path)
    # Compilers make the same of the same each time.
    for name, program in (("bin/bulkhead-clang", os.path.join(build, "bin", "bulkhead-clang")),
                          ("bin/bulkhead-clang++", os.path.join(build, "bin", "bulkhead-clang++")),
                          ("bin/clang-cached", cache_value(build, "BULKHEAD_CLANG"))):
        script = "#!/bin/sh\nexec '%s' '%s' \"$@\"\n" % (os.path.join(HERE, "cached"), program)
        write(os.path.join(target, name), script.encode(), 0o755)


def make(build, source, target, jobs):
    """Builds the runtime, the programs linked to it and the test programs; ends the program with the output when that fails."""
    def run(*command):
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if result.returncode:
            raise SystemExit(result.stdout[-8000:])

    if not os.path.exists(os.path.join(target, "build.ninja")):
        run("cmake", "-G", "Ninja", "-S", source, "-B", target, "-DCMAKE_C_FLAGS=-w",
            *("-D%s=%s" % (name, cache_value(build, name)) for name in ("CMAKE_C_COMPILER", "CMAKE_CXX_COMPILER")))
    directories = ["test/%s/all" % part for part in TESTS if os.path.exists(os.path.join(source, "test", part, "CMakeLists.txt"))]
    run("cmake", "--build", target, "-j", str(jobs), "--", "bulkhead", "bulkhead-run", "bench-many", *directories)
    link_same(build, target, source)
    shutil.rmtree(os.path.join(target, "cache"), ignore_errors=True)
