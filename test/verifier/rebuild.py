"""Compiles the verifier's files again, with other flags: rebuild.py BUILD OUT COMPILER FLAG...

The files and where they find their headers come from the list that CMake writes for every build of the verifier
(BULKHEAD_VERIFIER_SOURCES), so what goes into the library is what is compiled here. The objects are put into OUT; in a FLAG,
{name} is the file's name without its suffix.
"""
import os
import shlex
import subprocess
import sys


def verifier_files(build):
    """(files, flags): what the library is made of, and the flags without which it does not compile."""
    with open(os.path.join(build, "runtime", "verifier", "sources.txt")) as lines:
        entries = lines.read().splitlines()
    files = [entry for entry in entries if not entry.startswith("-I")]
    if len({os.path.basename(file) for file in files}) != len(files) or len(files) < 5:
        sys.exit("sources.txt does not name the verifier's files")
    return files, ["-std=gnu11", "-fPIC", *(entry for entry in entries if entry.startswith("-I"))]


def compile_verifier(build, out, compiler, more, suffix=".o"):
    """Compiles each file into out; returns the objects."""
    os.makedirs(out, exist_ok=True)
    objects = []
    files, flags = verifier_files(build)
    for file in files:
        name = os.path.splitext(os.path.basename(file))[0]
        objects.append(os.path.join(out, name + suffix))
        command = [compiler, *flags, *(flag.replace("{name}", name) for flag in more), "-c", file, "-o", objects[-1]]
        if subprocess.run(command).returncode:
            sys.exit(f"failed: {shlex.join(command)}")
    return objects


if __name__ == "__main__":
    built = compile_verifier(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
    print(f"PASS: {len(built)} files compiled with {os.path.basename(sys.argv[3])}")
