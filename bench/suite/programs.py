"""The programs, as bench/workload builds and describes them."""

import os
import subprocess
from collections import namedtuple

# stdin is the name of a file in the input directory, or None.
Run = namedtuple("Run", "name stdin arguments")


def workload(options, *arguments):
    script = os.path.join(options.top, "bench", "workload")
    done = subprocess.run([script, *arguments], check=True, stdout=subprocess.PIPE, text=True,
                          env=dict(os.environ, BULKHEAD_BUILD=options.build))
    return done.stdout


def names(options):
    return workload(options, "list").split()


def runs(options, program):
    result = []
    for line in workload(options, "runs", program).splitlines():
        name, stdin, *arguments = line.split("\t")
        result.append(Run(name, None if stdin == "-" else stdin, arguments))
    return result


def build(options, program, configuration):
    return workload(options, "build", program, configuration).strip()


def input_directory(options, program):
    return workload(options, "input", program).strip()


def normalise(options, program, path):
    script = os.path.join(options.top, "bench", "workload")
    with open(path, "rb") as output:
        return subprocess.run([script, "normalise", program], check=True, stdin=output, stdout=subprocess.PIPE).stdout


def command(options, program, configuration, directory):
    """How a program starts: native ones as they are, modules under bulkhead-run with the input directory as their root."""
    path = build(options, program, configuration)
    if configuration == "native":
        return [path]
    extra = ["--allow-stores-only"] if configuration == "stores" else []
    return [os.path.join(options.build, "bin", "bulkhead-run"), *extra, "--dir", f"{directory}:/", path]
