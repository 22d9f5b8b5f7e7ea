"""Checks docs/escapes.md against the tests: escapes.py LIST.md CASES-DIRECTORY SOURCE.

A line `| E-X1 | clause | rule | covered by |` whose last cell says `cases` needs a refused case tagged [E-X1] in one of
CASES-DIRECTORY/*.cases, and every file in backticks must exist below SOURCE. A line with neither must say in words why
no test covers it. Tags that are not listed, or on accepted cases, are errors too.
"""
import collections
import glob
import os
import re
import sys

listing, directory, source = sys.argv[1:]
errors = []
clauses = {}
with open(listing) as lines:
    for line in lines:
        if not line.startswith("| E-"):
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if len(cells) != 4 or not re.fullmatch(r"E-[A-Z][0-9]+", cells[0]) or not all(cells):
            errors.append(f"{listing}: not a line of four cells: {line.strip()}")
        elif cells[0] in clauses:
            errors.append(f"{cells[0]} is listed twice")
        else:
            clauses[cells[0]] = cells[3]

tagged = collections.Counter()
for path in sorted(glob.glob(os.path.join(directory, "*.cases"))):
    with open(path) as lines:
        for number, line in enumerate(lines, 1):
            fields = line.split(";")
            if line.startswith(("#", "@")) or len(fields) < 4:
                continue
            for tag in re.findall(r"\bE-[A-Z]+[0-9]+\b", " ".join(re.findall(r"\[(.*?)\]", fields[1]))):
                tagged[tag] += 1
                where = f"{os.path.basename(path)}:{number}: {tag}"
                if fields[2].strip() != "refuse":
                    errors.append(f"{where} is on a case that is not refused")
                if tag not in clauses:
                    errors.append(f"{where} is not listed")
                elif "cases" not in clauses[tag].split(", "):
                    errors.append(f"{where} is listed without cases")

files = 0
for clause, covered in clauses.items():
    parts = covered.split(", ")
    named = re.findall(r"`(test/[^`]*)`", covered)
    if "cases" in parts and not tagged[clause]:
        errors.append(f"{clause} has no refused case")
    if not named and "cases" not in parts and not covered.startswith("no test shows it: "):
        errors.append(f"{clause} has neither cases nor tests")
    for name in named:
        files += 1
        if not os.path.isfile(os.path.join(source, name)):
            errors.append(f"{clause} names {name}, which does not exist")

for error in errors:
    print(error)
print(f"{'FAIL' if errors or not clauses else 'PASS'}: {len(clauses)} ways out, {sum(tagged.values())} tags on refused cases, "
      f"{files} tests named")
sys.exit(bool(errors or not clauses))
