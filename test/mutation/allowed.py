"""The list of checks whose loss no test notices, and why that may be: allowed.txt."""


class Entry:
    def __init__(self, line):
        self.line, self.reason = line, ""


def read(path):
    """{name of the check: Entry}. A reason stands indented below the checks that it is about; # begins a comment."""
    entries, group, said = {}, [], True
    for number, line in enumerate(open(path), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if line[0].isspace():
            if not group:
                raise SystemExit("%s:%d: a reason without a check" % (path, number))
            for entry in group:
                entry.reason += text + " "
            said = True
            continue
        if said:
            group, said = [], False
        if text in entries:
            raise SystemExit("%s:%d: the check is listed twice: %s" % (path, number, text))
        entries[text] = Entry(number)
        group.append(entries[text])
    for entry in entries.values():
        if not entry.reason:
            raise SystemExit("%s:%d: no reason stands below" % (path, entry.line))
    return entries
