"""Compiles the verifier's files again, with other flags: rebuild.py BUILD OUT COMPILER FLAG...

The files and their own flags come from the build's compile_commands.json: everything of runtime/verifier/ that goes into
the library, thus neither generators nor what a later file is not part of. The objects are put into OUT; in a FLAG,
{name} is the file's name without its suffix. Optimisation and debug flags of the build are dropped.
"""
import json
import os
import shlex
import subprocess
import sys


def verifier_files(build):
    """[(file, flags)], sorted; flags without compiler, input, output and optimisation."""
    with open(os.path.join(build, "compile_commands.json")) as commands:
        entries = json.load(commands)
    found = []
    for entry in entries:
        file = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
        words = shlex.split(entry["command"])
        if os.path.basename(os.path.dirname(file)) != "verifier" or "bulkhead_verifier.dir" not in words[words.index("-o") + 1]:
            continue
        skip = {"-o", "-c"}
        flags = [word for i, word in enumerate(words[1:], 1)
                 if not (word in skip or words[i - 1] in skip or word.startswith(("-O", "-g", "-DNDEBUG")))]
        found.append((file, flags))
    if len({os.path.basename(file) for file, _ in found}) != len(found) or len(found) < 5:
        sys.exit("compile_commands.json does not name the verifier's files")
    return sorted(found)


def compile_verifier(build, out, compiler, more, suffix=".o"):
    """Compiles each file into out; returns the objects."""
    os.makedirs(out, exist_ok=True)
    objects = []
    for file, flags in verifier_files(build):
        name = os.path.splitext(os.path.basename(file))[0]
        objects.append(os.path.join(out, name + suffix))
        command = [compiler, *flags, *(flag.replace("{name}", name) for flag in more), "-c", file, "-o", objects[-1]]
        if subprocess.run(command).returncode:
            sys.exit(f"failed: {shlex.join(command)}")
    return objects


if __name__ == "__main__":
    built = compile_verifier(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
    print(f"PASS: {len(built)} files compiled with {os.path.basename(sys.argv[3])}")
