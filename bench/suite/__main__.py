"""tools/bench: plans what is to be measured, measures it, and writes the result after every run, so that nothing is lost."""

import argparse
import json
import os
import re
import subprocess
import sys
import time

import machine
import measure
import programs
import report

PARTS = ("run", "compile", "micro")
DESCRIPTION = """Measures programs under bulkhead-run against the same programs built natively, in paired runs, and what
else isolation costs: text size, NOPs, compile time, calls, instances, verification."""


def version(top):
    with open(os.path.join(top, "CMakeLists.txt")) as file:
        return re.search(r"^project\(Bulkhead VERSION ([0-9.]+)", file.read(), re.MULTILINE).group(1)


def arguments():
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    build = os.environ.get("BULKHEAD_BUILD", os.path.join(top, "build"))
    parser = argparse.ArgumentParser(prog="tools/bench", description=DESCRIPTION)
    parser.add_argument("--only", metavar="NAME", action="append", default=[],
                        help="only this program or run (bzip2, lua-trees, ...), or this part: " + ", ".join(PARTS))
    parser.add_argument("--configuration", metavar="NAME", action="append",
                        help="what to compare with native (default: full); bench/workload --help lists them")
    parser.add_argument("--rounds", metavar="N", type=int, help="rounds for each run (default 15, compiling 5)")
    parser.add_argument("--quick", action="store_true", help="few rounds: a first impression in some minutes")
    parser.add_argument("--output", metavar="FILE", default=os.path.join(build, "bench", "result.json"),
                        help="the result (default: build/bench/result.json)")
    parser.add_argument("--resume", action="store_true", help="keep the runs that FILE already holds, measure the others")
    parser.add_argument("--no-build", action="store_true", help="take the project as built, do not update it")
    parser.add_argument("--report", metavar="FILE", help="print the table of an earlier result, measure nothing")
    parser.add_argument("--version", action="version", version=f"bench {version(top)}")
    options = parser.parse_args()
    options.top, options.build = top, os.path.abspath(build)
    options.configuration = options.configuration or ["full"]
    if options.rounds is not None and options.rounds < 1:
        parser.error("--rounds needs a positive number")
    return options


def rounds(options, kind):
    if options.rounds:
        return options.rounds
    return {"run": 5 if options.quick else 15, "compile": 2 if options.quick else 5}[kind]


def save(path, result):
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path + ".part", "w") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    os.replace(path + ".part", path)


class Progress:
    """Says on standard error what is being measured and about how long it will still take."""

    def __init__(self, steps):
        self.steps, self.done, self.start = steps, 0, time.monotonic()

    def step(self, text):
        left = ""
        if self.done:
            seconds = (time.monotonic() - self.start) / self.done * (self.steps - self.done)
            left = f", about {seconds / 60:.0f} min left" if seconds > 90 else f", about {seconds:.0f} s left"
        print(f"bench: [{self.done + 1}/{self.steps}] {text}{left}", file=sys.stderr, flush=True)
        self.done += 1


def plan(options):
    """The steps as (part, program, run, configuration)."""
    everything = [(program, run) for program in programs.names(options) for run in programs.runs(options, program)]
    known = set(PARTS) | {program for program, _ in everything} | {run.name for _, run in everything}
    for name in options.only:
        if name not in known:
            sys.exit(f"bench: nothing is called '{name}'; there are {', '.join(sorted(known))}")
    only = set(options.only)
    steps = []
    for configuration in options.configuration:
        for program, run in everything:
            if not only or only & {"run", program, run.name}:
                steps.append(("run", program, run, configuration))
        if not only or "compile" in only:
            steps.append(("compile", "sqlite3", None, configuration))
    if not only or "micro" in only:
        steps.append(("micro", None, None, None))
    return steps


def perform(options, step, result):
    part, program, run, configuration = step
    if part == "run":
        key = f"{run.name}/{configuration}"
        if key not in result["runs"]:
            result["runs"][key] = measure.run(options, program, run, configuration, rounds(options, "run"))
        size_key = f"{program}/{configuration}"
        if size_key not in result["sizes"]:
            result["sizes"][size_key] = measure.sizes(options, program, configuration)
    elif part == "compile":
        if configuration not in result["compile"]:
            result["compile"][configuration] = measure.compile_time(options, configuration, rounds(options, "compile"))
    elif "micro" not in result:
        result["micro"] = measure.micro(options)


def main():
    options = arguments()
    if options.report:
        with open(options.report) as file:
            report.table(json.load(file), sys.stdout)
        return 0
    if not options.no_build:
        subprocess.run([os.path.join(options.top, "tools", "build"), "all", "native-sysroot", "bench"], check=True, stdout=sys.stderr,
                       env=dict(os.environ, BULKHEAD_BUILD=options.build))
    result = {"format": 1, "machine": machine.describe(options), "command": sys.argv[1:], "runs": {}, "sizes": {}, "compile": {}}
    if options.resume and os.path.exists(options.output):
        with open(options.output) as file:
            old = json.load(file)
        result.update({key: old[key] for key in ("runs", "sizes", "compile", "micro") if key in old})
    steps = plan(options)
    progress = Progress(len(steps))
    for step in steps:
        part, _, run, configuration = step
        progress.step(" ".join(word for word in (run.name if run else part, configuration) if word))
        perform(options, step, result)
        save(options.output, result)
    report.table(result, sys.stdout)
    print(f"\n{options.output}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except measure.Failed as failure:
        sys.exit(f"bench: {failure}")
    except subprocess.CalledProcessError as failure:
        sys.exit(f"bench: {' '.join(failure.cmd)} failed with status {failure.returncode}")
    except KeyboardInterrupt:
        sys.exit("bench: interrupted; --resume goes on where this ended")
