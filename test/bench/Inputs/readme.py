"""README.md's tables of costs say what the committed report says: every ratio of the rows that both have."""
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


readme, report = sys.argv[1:]
shown = rows(readme, "What it costs")
time, text = rows(report, "What the cost consists of"), rows(report, "What the text consists of")
checked = 0
for program, cells in shown.items():
    if program not in time or program in ("program", "---"):
        continue
    # README: program, full, stores, text full, text stores
    for table, first in ((time, 1), (text, 3)):
        columns = table["program"]
        for offset, configuration in enumerate(("full", "stores")):
            expected = table[program][columns.index(configuration)]
            if cells[first + offset] != expected:
                sys.exit(f"README.md: {program}, {configuration}: {cells[first + offset]}, but the report says {expected}")
            checked += 1
if checked < 76:
    sys.exit(f"README.md: only {checked} numbers found that the report has; 19 programs and their mean are expected")
print(f"{checked} numbers are those of the report")
