"""The tables of costs of bench/README.md and README.md say what the committed report says: every ratio of the rows that both have."""
import re
import sys


def rows(path, title):
    """The cells of the rows of the table under a heading that begins so, by their first cell."""
    found = {}
    inside = False
    for line in open(path, encoding="utf-8"):
        if line.startswith("## "):
            inside = line[3:].startswith(title)
        elif inside and line.startswith("|"):
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            found.setdefault(cells[0], cells)
    return found


readme, details, report = sys.argv[1:]
shown = rows(details, "The committed run")
time, text = rows(report, "What the cost consists of"), rows(report, "What the text consists of")
checked = 0
for program, cells in shown.items():
    if program not in time or program in ("program", "---"):
        continue
    # program, full, stores, text full, text stores
    for table, first in ((time, 1), (text, 3)):
        columns = table["program"]
        for offset, configuration in enumerate(("full", "stores")):
            expected = table[program][columns.index(configuration)]
            if cells[first + offset] != expected:
                sys.exit(f"bench/README.md: {program}, {configuration}: {cells[first + offset]}, but the report says {expected}")
            checked += 1
if checked < 76:
    sys.exit(f"bench/README.md: only {checked} numbers found that the report has; 19 programs and their mean are expected")
summary = rows(readme, "What it costs")
for table, row in ((time, "run time, 19 real programs, native 1"), (text, "text, native 1")):
    columns, mean = table["program"], table["geometric mean"]
    expected = [mean[columns.index(configuration)] for configuration in ("full", "stores")]
    if re.findall(r"\d\.\d{3}", summary[row][1])[:2] != expected:
        sys.exit(f"README.md: {row}: {summary[row][1]}, but the report says {expected}")
    checked += 2
print(f"{checked} numbers are those of the report")
