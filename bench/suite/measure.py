"""Takes the measurements. Times are user times that the kernel accounts; bench-pair makes the paired runs."""

import json
import os
import struct
import subprocess
import sys

import programs


class Failed(Exception):
    pass


def pair(options, reference, variant, rounds, directory=None, stdin=None, output=None):
    command = [os.path.join(options.build, "bin", "bench-pair"), "--rounds", str(rounds)]
    for option, value in (("--directory", directory), ("--stdin", stdin), ("--output", output)):
        if value:
            command += [option, value]
    done = subprocess.run([*command, "--", *reference, "--variant", *variant], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Failed(f"cannot measure {variant[0]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def run(options, program, what, configuration, rounds):
    """A run of a program against native, and native against native with the same machinery: the control."""
    directory = programs.input_directory(options, program)
    reference = programs.command(options, program, "native", directory) + what.arguments
    variant = programs.command(options, program, configuration, directory) + what.arguments
    stdin = os.path.join(directory, what.stdin) if what.stdin else None
    output = os.path.join(options.build, "bench", f"{what.name}-{configuration}.output")
    # One run of each before anything counts: the files are read, the outputs compared.
    pair(options, reference, variant, 1, directory, stdin, output)
    outputs = [programs.normalise(options, program, f"{output}.{side}") for side in ("reference", "variant")]
    if outputs[0] != outputs[1]:
        raise Failed(f"{what.name} ({configuration}): {output}.reference and {output}.variant differ")
    for side in ("reference", "variant"):
        os.remove(f"{output}.{side}")
    return {
        "program": program,
        "configuration": configuration,
        "reference_command": reference,
        "variant_command": variant,
        "rounds": pair(options, reference, variant, rounds, directory, stdin),
    }


def executable_bytes(path):
    """Bytes of the executable sections of a static executable: what the CPU may fetch, no headers or tables."""
    with open(path, "rb") as file:
        image = file.read()
    if image[:5] != b"\x7fELF\x02":
        raise Failed(f"{path} is not a 64-bit ELF file")
    table, = struct.unpack_from("<Q", image, 40)
    entry_size, count = struct.unpack_from("<HH", image, 58)
    total = 0
    for i in range(count):
        _, kind, flags, _, _, size = struct.unpack_from("<IIQQQQ", image, table + i * entry_size)
        if kind == 1 and flags & 4:  # SHT_PROGBITS, SHF_EXECINSTR
            total += size
    return total


def sizes(options, program, configuration):
    native = programs.build(options, program, "native")
    guest = programs.build(options, program, configuration)
    verify = [os.path.join(options.build, "bin", "bulkhead-verify"), "--facts", "--json", "--allow-stores-only", guest]
    done = subprocess.run(verify, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Failed(f"the verifier refuses {guest}")
    return {
        "native_text": executable_bytes(native),
        "text": executable_bytes(guest),
        "native_file": os.path.getsize(native),
        "file": os.path.getsize(guest),
        "facts": json.loads(done.stdout),
    }


def compile_time(options, configuration, rounds):
    """sqlite3.c by the same clang, without and with the plugin."""
    directory = programs.input_directory(options, "sqlite3")
    clang = programs.workload(options, "compiler").strip()
    plain = [clang, "-O2", "-w", "-c", "sqlite3.c", "-o"]
    plugin = ["-fpass-plugin=" + os.path.join(options.build, "lib", "BulkheadPass.so")]
    if configuration != "full":
        plugin += {"stores": ["-mllvm", "-bulkhead-isolate=stores"], "nop": ["-mllvm", "-bulkhead-padding=nop"]}[configuration]
    out = os.path.join(options.build, "bench", "compile")
    # Options of a plugin are known only after clang has loaded it, which -fplugin makes it do early.
    if "-mllvm" in plugin:
        plugin.insert(0, plugin[0].replace("-fpass-plugin", "-fplugin"))
    reference, variant = plain + [out + "-reference.o"], plain + [out + "-variant.o"] + plugin
    return {
        "configuration": configuration,
        "reference_command": reference,
        "variant_command": variant,
        "rounds": pair(options, reference, variant, rounds, directory),
    }


def micro(options):
    """The Google Benchmark program; None where the project was built without it."""
    program = os.path.join(options.build, "bin", "bench-micro")
    if not (os.path.exists(program) and os.path.exists(os.path.join(options.build, "bench", "guest.module"))):
        print("bench: no micro-benchmarks: the target 'bench' was not built, or Google Benchmark is missing", file=sys.stderr)
        return None
    module = programs.build(options, "sqlite3", "full")
    minimum = "0.1" if options.quick else "0.5"
    command = [program, "--module", module, "--benchmark_format=json", f"--benchmark_min_time={minimum}",
               "--benchmark_repetitions=" + ("3" if options.quick else "7"), "--benchmark_enable_random_interleaving=true"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if done.returncode != 0:
        raise Failed("bench-micro failed: " + " ".join(command))
    return json.loads(done.stdout)
