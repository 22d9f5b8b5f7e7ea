"""Deletes the runtime's checks one at a time and lists those whose loss no test notices.

mutate.py BUILD [--jobs N] [--match REGEX] [--tests REGEX] [--budget SECONDS] [--again] [--trust]: BUILD is a finished build directory. In
BUILD/mutants a copy of the sources is built in which each check can be switched off by an environment variable (checks.py, mutant.h).
Every test is run once to see which checks decide something in it; then each check is deleted in those tests until one fails: first what
noticed it before, then the quick ones and those that notice much of the check's file. A check that decides nothing in any test is not
noticed by definition. What survives and is not in allowed.txt is an error.
An interrupted run goes on where it was as long as the sources are the same; after a change, what noticed a check before is tried first.
Results: the table printed, and BUILD/mutants/results.json.
mutate.py --list: only reads the sources, and says which entries of allowed.txt no check has any more.
"""
import argparse
import collections
import json
import multiprocessing
import os
import re
import sys
import threading

import allowed
import suite
import tree

SOURCE = os.path.dirname(os.path.dirname(tree.HERE))


class Results:
    """What is known so far, kept in a file: tests {name: passed, seconds, seen}, mutants {check: state, by}."""

    def __init__(self, path, fingerprint, trust):
        self.path, self.fingerprint = path, fingerprint
        self.tests, self.mutants, self.hints = {}, {}, {}
        if os.path.exists(path):
            old = json.load(open(path))
            self.hints = {**old["hints"], **{name: result["by"] for name, result in old["mutants"].items() if result.get("by")}}
            if old["fingerprint"] == fingerprint:
                self.tests, self.mutants = old["tests"], old["mutants"]
            elif trust:
                self.mutants = {name: result for name, result in old["mutants"].items() if result["state"] == "noticed"}

    def save(self):
        with open(self.path + ".new", "w") as out:
            json.dump({"fingerprint": self.fingerprint, "tests": self.tests, "mutants": self.mutants, "hints": self.hints}, out, indent=1)
        os.replace(self.path + ".new", self.path)

    def forget(self, tests, checks):
        for name in tests:
            self.tests.pop(name, None)
        for check in checks:
            self.mutants.pop(check.name, None)


def progress(text):
    print(text, file=sys.stderr, flush=True)


def record_all(results, pool, tests):
    names = [name for name in tests.tests if name not in results.tests]
    for done, (name, result) in enumerate(pool.imap_unordered(tests.record, names), 1):
        results.tests[name] = result
        progress("[%d/%d] %s: %s in %.1f s, %d checks" % (done, len(names), name, "passes" if result["passed"] else "FAILS",
                                                          result["seconds"], len(result["seen"])))
        results.save()


def plan(results, tests, every, chosen, budget):
    """What is left to try: [(number, [(test, seconds)])]; checks that decide nothing are settled here."""
    reached = {}
    for name, result in results.tests.items():
        if result["passed"] and name in tests.tests:
            for number in result["seen"]:
                reached.setdefault(number, []).append((name, result["seconds"]))
    jobs = []
    for number, check in enumerate(every, 1):
        known = results.mutants.get(check.name, {"budget": -1})
        if check not in chosen or known.get("budget", budget) >= budget:
            continue
        if number not in reached:
            results.mutants[check.name] = {"state": "not reached", "budget": -1} # in other tests it may be
            continue
        jobs.append((number, reached[number]))
    return jobs


def within(items, hint, budget):
    """The first of the tests, as many as the budget has seconds for; the hint always."""
    chosen, spent = [], 0
    for name, seconds in items:
        if name == hint or spent + seconds <= budget:
            chosen.append((name, seconds))
            spent += seconds
    return chosen


def attempt_all(results, pool, tests, every, chosen, budget, workers):
    jobs = plan(results, tests, every, chosen, budget)
    noticed = collections.Counter() # (file, test): how much of the file it noticed
    for check in every:
        noticed[check.file, results.mutants.get(check.name, {}).get("by")] += 1
    room = threading.Semaphore(workers)

    def in_turn():
        """Each job when a worker is free for it, so that what the others found decides about the order of its tests."""
        for number, items in jobs:
            room.acquire()
            check = every[number - 1]
            stem = os.path.splitext(os.path.basename(check.file))[0]
            hint = results.hints.get(check.name)
            cost = {name: seconds / (1 + noticed[check.file, name] + 2 * (stem in name)) for name, seconds in items}
            yield number, within(sorted(items, key=lambda item: (item[0] != hint, cost[item[0]])), hint, budget)

    for done, (number, by) in enumerate(pool.imap_unordered(tests.attempt, in_turn()), 1):
        check = every[number - 1]
        results.mutants[check.name] = {"state": "noticed", "by": by} if by else {"state": "not noticed", "budget": budget}
        noticed[check.file, by] += 1
        progress("[%d/%d] line %d of %s: %s" % (done, len(jobs), check.line, check.name, by or "NOT NOTICED"))
        results.save()
        room.release()


def report(results, chosen, entries):
    """Prints what survives and the numbers; returns whether something survives that may not."""
    survivors = [check for check in chosen if results.mutants[check.name]["state"] != "noticed"]
    bad = [check for check in survivors if check.name not in entries]
    for check in bad:
        print("%s (line %d): %s" % (check.name, check.line, results.mutants[check.name]["state"]))
    for check in chosen:
        if check.name in entries and check not in survivors:
            print("%s: noticed by %s, yet allowed to survive" % (check.name, results.mutants[check.name]["by"]))
    failed = [name for name, result in results.tests.items() if not result["passed"]]
    for name in failed:
        print("%s fails with all checks in place and was left out" % name)
    print("%s: %d checks deleted one at a time, %d noticed, %d allowed to survive, %d others survive" %
          ("FAIL" if bad or failed else "PASS", len(chosen), len(chosen) - len(survivors), len(survivors) - len(bad), len(bad)))
    return bool(bad or failed)


def run(results, tests, every, chosen, entries, options):
    with multiprocessing.Pool(options.jobs) as pool:
        record_all(results, pool, tests)
        attempt_all(results, pool, tests, every, set(chosen), options.budget, options.jobs)
    results.save()
    return report(results, chosen, entries)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", nargs="?")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--match", default="", help="only checks whose name (file: function: condition) fits")
    parser.add_argument("--tests", default="", help="only tests whose name fits")
    parser.add_argument("--budget", type=float, default=1e9, help="seconds of tests for a check: survivors are then only candidates")
    parser.add_argument("--again", action="store_true", help="forget what an earlier run found for these checks and tests")
    parser.add_argument("--trust", action="store_true", help="what an earlier run found noticed is, although the sources have changed since")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    found = tree.runtime_checks(SOURCE)
    every = [check for file in found for check in found[file]]
    entries = allowed.read(os.path.join(tree.HERE, "allowed.txt"))
    stale = sorted(set(entries) - {check.name for check in every})
    for name in stale:
        print("allowed.txt:%d: there is no such check: %s" % (entries[name].line, name))
    if options.list or stale:
        print("%s: %d checks, %d of them may survive, %d stale entries" % ("FAIL" if stale else "PASS", len(every), len(entries), len(stale)))
        return bool(stale)
    if not options.build:
        parser.error("BUILD is missing")
    build = os.path.abspath(options.build)
    directory = os.path.join(build, "mutants")
    target = os.path.join(directory, "build")
    results = Results(os.path.join(directory, "results.json"), tree.copy(SOURCE, os.path.join(directory, "source"), found), options.trust)
    tree.make(build, os.path.join(directory, "source"), target, options.jobs)
    tests = suite.Suite(tree.cache_value(build, "BULKHEAD_LIT"), target, tree.TESTS, len(every), directory)
    tests.tests = {name: test for name, test in tests.tests.items() if name not in tree.EXCLUDED and re.search(options.tests, name)}
    chosen = [check for check in every if re.search(options.match, check.name)]
    if options.again:
        results.forget(tests.tests, chosen)
    return run(results, tests, every, chosen, entries, options)


if __name__ == "__main__":
    sys.exit(main())
