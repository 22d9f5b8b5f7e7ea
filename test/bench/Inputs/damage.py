"""damage.py RESULT SCRATCH TOOL: reports on the result with each kind of value deleted or replaced; says what the tool did of it."""
import copy
import json
import subprocess
import sys

REPLACEMENTS = [None, "text", -1, [], {}, 1e308]


def kinds(value, path=(), seen=None):
    """One path for each kind of value: elements of a list are one kind."""
    seen = set() if seen is None else seen
    for key, below in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        kind = tuple("*" if isinstance(name, int) else name for name in (*path, key))
        if len(kind) > 2 and kind[0] in ("runs", "sizes"):
            kind = (kind[0], "*", *kind[2:])
        if kind not in seen:
            seen.add(kind)
            yield (*path, key)
            yield from kinds(below, (*path, key), seen)


result, scratch, tool = json.load(open(sys.argv[1])), sys.argv[2], sys.argv[3]
# One of each kind is enough, and quick.
for part in ("runs", "sizes"):
    first = next(iter(result[part]))
    result[part] = {first: result[part][first]}
for run in result["runs"].values():
    run["rounds"] = run["rounds"][:1]
result["configurations"] = {name: result["configurations"][name] for name in ("native", "full", "wasm2c")}
files = refused = 0
for path in kinds(result):
    for replacement in ["delete", *REPLACEMENTS]:
        damaged = copy.deepcopy(result)
        parent = damaged
        for name in path[:-1]:
            parent = parent[name]
        if replacement == "delete":
            del parent[path[-1]]
        else:
            parent[path[-1]] = replacement
        json.dump(damaged, open(scratch, "w"))
        done = subprocess.run([tool, "--report", scratch], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        files += 1
        if done.returncode not in (0, 1) or (done.returncode == 1 and scratch.encode() not in done.stderr):
            print("/".join(map(str, path)), repr(replacement), "took it down:", done.returncode, done.stderr[-300:])
        refused += done.returncode == 1
print(f"{files} damaged files, {refused} refused")
