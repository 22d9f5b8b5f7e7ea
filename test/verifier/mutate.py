"""Switches off the verifier's checks one at a time and demands that a test fails for each.

mutate.py SOURCE BUILD [--clang CLANG] [--jobs N] [--every N]: builds the verifier's files with BH_VERIFY_WITHOUT
(see runtime/verifier/broken.h), runs the .cases files or elf-cases, and prints the checks that no test misses. --every N
tries each Nth only. Needs a build of the verifier for its generated tables.
"""
import argparse
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import tempfile

parser = argparse.ArgumentParser()
parser.add_argument("source")
parser.add_argument("build")
parser.add_argument("--clang", default="clang-22")
parser.add_argument("--jobs", type=int, default=2)
parser.add_argument("--every", type=int, default=1)
options = parser.parse_args()

verifier = os.path.join(options.source, "runtime", "verifier")
tests = os.path.join(options.source, "test", "verifier")
flags = ["-std=c11", "-D_GNU_SOURCE", "-w", "-O0", "-I" + os.path.join(options.source, "include"),
         "-I" + os.path.join(options.source, "runtime"), "-I" + verifier,
         "-I" + os.path.join(options.build, "runtime", "verifier"),
         "-I" + os.path.join(options.source, "tools", "bulkhead-verify")]
files = {"core.c": "run-cases.c", "step.c": "run-cases.c",
         "sequence.c": "run-cases.c", "elf.c": "elf-cases.c", "elf_dynamic.c": "elf-cases.c",
         "elf_use.c": "elf-cases.c"}
cases = sorted(glob.glob(os.path.join(tests, "*.cases")))


def run(command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)


def compile_to(out, source, *more):
    result = run([options.clang, *flags, *more, "-c", source, "-o", out])
    if result.returncode:
        sys.exit(result.stdout)


def checks_of(file):
    """(line, text) of each broken(), in the order of __COUNTER__."""
    text = open(os.path.join(verifier, file)).read()
    found = []
    for match in re.finditer(r"\bbroken\(", text):
        line = text.count("\n", 0, match.start()) + 1
        found.append((line, text.splitlines()[line - 1].strip()))
    return found


def survives(directory, objects, file, number):
    """True when no test notices that this check is gone."""
    name = "%s.%d" % (file, number)
    mutant = os.path.join(directory, name + ".o")
    program = os.path.join(directory, name)
    compile_to(mutant, os.path.join(verifier, file), "-DBH_VERIFY_WITHOUT=%d" % number)
    driver = files[file]
    linked = [mutant if key == file else path for key, path in objects.items() if key in files or key == driver]
    result = run([options.clang, *linked, "-o", program])
    if result.returncode:
        sys.exit(result.stdout)
    for arguments in [[]] if driver == "elf-cases.c" else [[case] for case in cases]:
        try:
            if run([program, *arguments], timeout=60).returncode:
                os.remove(program)
                return False
        except subprocess.TimeoutExpired:
            return False
    return True


with tempfile.TemporaryDirectory() as directory:
    objects = {}
    for file in files:
        objects[file] = os.path.join(directory, file + ".o")
        compile_to(objects[file], os.path.join(verifier, file))
    for file in ("run-cases.c", "elf-cases.c"):
        objects[file] = os.path.join(directory, file + ".o")
        compile_to(objects[file], os.path.join(tests, file))
    work = [(file, number, *check) for file in files
            for number, check in enumerate(checks_of(file))][::options.every]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(lambda item: survives(directory, objects, item[0], item[1]), work))
survivors = [item for item, survived in zip(work, results) if survived]
for file, number, line, text in survivors:
    print("%s:%d: check %d can be deleted and every test passes: %s" % (file, line, number, text))
print("%s: %d checks deleted one at a time, %d not noticed" % ("FAIL" if survivors else "PASS", len(work), len(survivors)))
sys.exit(bool(survivors))
