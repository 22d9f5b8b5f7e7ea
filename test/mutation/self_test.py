"""Tries the machinery of mutate.py on a small program: self_test.py DIRECTORY LIT CLANG. What a test notices is told from what survives."""
import os
import subprocess
import sys

import checks
import mutate
import suite
import tree

SUITE = """import lit.formats
config.name = "made-up"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".test"]
config.test_source_root = config.test_exec_root = %r
config.substitutions += [("%%program", %r)]
"""
EXPECTED = {"get: index < 0": "not reached", "get: index >= 4": "noticed", "get: index == 2": "not noticed", "get: index > 100": "not reached",
            "main: value == -1": "noticed", "main: after == 11": "not reached"}


class Options:
    jobs, budget = 2, 1e9


def main():
    directory, lit_program, clang = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3]
    program = os.path.join(directory, "program")
    tests = os.path.join(directory, "test", "made-up")
    os.makedirs(tests)
    text = open(os.path.join(tree.HERE, "Inputs", "made-up.c")).read()
    found = checks.find("made-up.c", text)
    with open(program + ".c", "w") as out:
        out.write('#include "%s"\n' % os.path.join(tree.HERE, "mutant.h") + checks.switchable(text, found, 1))
    subprocess.run([clang, "-w", "-o", program, program + ".c"], check=True)
    with open(os.path.join(directory, "test", "lit.cfg.py"), "w") as out:
        out.write(SUITE % (os.path.join(directory, "test"), program))
    with open(os.path.join(tests, "bounds.test"), "w") as out:
        out.write("RUN: %program 2\nRUN: not %program 4\n")
    results = mutate.Results(os.path.join(directory, "results.json"), "", False)
    ran = suite.Suite(lit_program, directory, ["made-up"], len(found), directory)
    failed = mutate.run(results, ran, found, found, {}, Options)
    states = {name.split(": ", 1)[1]: result["state"] for name, result in results.mutants.items()}
    for name in sorted(set(states) | set(EXPECTED)):
        if states.get(name) != EXPECTED.get(name):
            print("%s: %s, and should be: %s" % (name, states.get(name), EXPECTED.get(name)))
    return not failed or states != EXPECTED


if __name__ == "__main__":
    sys.exit(main())
