"""change.py FILE CHANGE...: prints the JSON file with changes: PATH=JSON sets, PATH= deletes, RUN:CONFIGURATION*FACTOR scales times."""
import json
import sys


def scale(document, run, configuration, factor):
    for one in document["runs"][run]["rounds"]:
        for name, sample in zip(one["order"], one["samples"]):
            if name == configuration:
                sample["user"] *= factor


document = json.load(open(sys.argv[1]))
for change in sys.argv[2:]:
    if "=" not in change:
        names, factor = change.split("*")
        scale(document, *names.split(":"), float(factor))
        continue
    path, value = change.split("=", 1)
    *above, last = [int(name) if name.isdigit() else name for name in path.split("/")]
    parent = document
    for name in above:
        parent = parent[name]
    if value:
        parent[last] = json.loads(value)
    else:
        del parent[last]
json.dump(document, sys.stdout)
