"""The order of each round of a run in a result, one a line: those that were rejected, then those that count."""
import json
import sys

run = json.load(open(sys.argv[1], encoding="utf-8"))["runs"][sys.argv[2]]
for kind in "rejected", "rounds":
    for one in run[kind]:
        print(f"{kind}:", *one["order"])
