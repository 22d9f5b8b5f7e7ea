"""Finds the checks of C sources, and writes sources in which each can be switched off while the program runs.

A check is a condition that decides about a refusal: of an `if` that leaves (return, goto, break, continue) or says an error, of a
`?:` one side of which is an error, and each operand of && and || in these and in what a function returns or a variable is told.
Deleting a check gives it a fixed value: false, or true for an operand of && and where the error is the other side of `?:`.
This is no parser of C: it knows the project's style, and its result compiles or does not.
"""
import re

ERROR = re.compile(r"-E[A-Z]{2,}|\bbh_fail|\bbh_refuse\b|\bfail\w*\(|\berrno\b|\bfailed\b|= false\b|\bNULL\b|MAP_FAILED|_ERROR_|\bpoison")
LEAVES = re.compile(r"\b(return|goto|break|continue)\b")
SKIPPED = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|^[ \t]*#(?:[^\n]*\\\n)*[^\n]*', re.S | re.M)


class Check:
    """One check: where it stands, what it says, and the value that deletes it. name identifies it when lines move."""

    def __init__(self, file, function, start, end, text, deleted):
        self.file, self.function, self.start, self.end, self.deleted = file, function, start, end, deleted
        self.text = re.sub(r"\s+", " ", text)
        self.line, self.ordinal = 0, 1

    @property
    def name(self):
        return "%s: %s: %s%s" % (self.file, self.function, self.text, " #%d" % self.ordinal if self.ordinal > 1 else "")


def blanked(text):
    """The text with comments and preprocessor lines blanked out and literals made 0, so that every character left is code in its place."""
    return SKIPPED.sub(lambda match: re.sub(r"[^\n]", "0" if match.group()[0] in "\"'" else " ", match.group()), text)


def closing(code, at):
    """Where the bracket that opens at `at` closes."""
    depth = 0
    for position in range(at, len(code)):
        depth += (code[position] in "([{") - (code[position] in ")]}")
        if not depth:
            return position
    raise ValueError("unbalanced brackets")


def statement_end(code, at):
    """The first ; at or behind `at` that is in no bracket. ValueError: a bracket ends before."""
    while code[at] != ";":
        if code[at] in ")]}":
            raise ValueError("no statement")
        at = closing(code, at) + 1 if code[at] in "([{" else at + 1
    return at


def split(code, start, end, operator):
    """The operands of the operator that are in no bracket."""
    parts, at, begin = [], start, start
    while at < end:
        if code[at] in "([{":
            at = closing(code, at) + 1
        elif code.startswith(operator, at):
            parts.append((begin, at))
            at = begin = at + len(operator)
        else:
            at += 1
    return parts + [(begin, end)]


def trimmed(code, start, end):
    """Without spaces, brackets around the whole and __builtin_expect."""
    while True:
        while start < end and code[start].isspace():
            start += 1
        while end > start and code[end - 1].isspace():
            end -= 1
        if start == end:
            return start, end
        if code[start] == "(" and closing(code, start) == end - 1:
            start, end = start + 1, end - 1
            continue
        expect = code.startswith("__builtin_expect(", start) and closing(code, start + 16) == end - 1
        if not expect:
            return start, end
        start, end = split(code, start + 17, end - 1, ",")[0]


class Finder:
    def __init__(self, file, text):
        self.file, self.text, self.code = file, text, blanked(text)
        self.checks, self.function = [], ""

    def add(self, start, end, deleted):
        self.checks.append(Check(self.file, self.function, start, end, self.text[start:end], deleted))

    def condition(self, start, end, deleted):
        """The checks of a condition whose fixed value would be `deleted`; None: only its operands are checks."""
        start, end = trimmed(self.code, start, end)
        if start == end or len(split(self.code, start, end, "?")) > 1:
            return
        for operator, value in (("||", False), ("&&", True)):
            operands = split(self.code, start, end, operator)
            if len(operands) > 1:
                if deleted is not None and deleted != value:
                    self.add(start, end, deleted)
                for operand in operands:
                    self.condition(*operand, value)
                return
        if deleted is not None:
            self.add(start, end, deleted)

    def branches(self, start, end):
        """Each `?:` in an expression, one side of which is an error."""
        for match in re.finditer(r"\?", self.code[start:end]):
            at = start + match.start()
            arms = split(self.code, at + 1, split(self.code, at + 1, end, ",")[0][1], ":")
            errors = [bool(ERROR.search(self.code[slice(*arm)])) for arm in arms[:2]]
            if len(errors) == 2 and errors[0] != errors[1]:
                self.condition(self.beginning(start, at), at, not errors[0])

    def beginning(self, start, at):
        """Where the condition that ends at `at` begins: behind an open bracket, a comma, an assignment or another branch."""
        while at > start:
            before = self.code[at - 1]
            if before in "([{,;:?" or re.match(r"[^=!<>]=[^=]", self.code[at - 2:at + 1]):
                break
            at = self.opening(at - 1) if before in ")]}" else at - 1
        return at

    def opening(self, at):
        depth = 0
        while True:
            depth += (self.code[at] in ")]}") - (self.code[at] in "([{")
            if not depth:
                return at
            at -= 1

    def body(self, at):
        """The text of the statement that begins at or behind `at`."""
        while self.code[at].isspace():
            at += 1
        end = closing(self.code, at) if self.code[at] == "{" else statement_end(self.code, at)
        return self.code[at:end]

    def statements(self, start, end):
        words = re.compile(r"\bif \(|\breturn\b|[^=!<>]=(?=[^=])|[|&]=")
        for match in words.finditer(self.code, start, end):
            at = match.end()
            if match.group() == "if (":
                close = closing(self.code, at - 1)
                body = self.body(close + 1)
                if LEAVES.search(body) or ERROR.search(body):
                    self.condition(at, close, False)
                continue
            try:
                stop = statement_end(self.code, at)
            except ValueError:
                continue # in the head of a loop or of an if
            stop = split(self.code, at, stop, ",")[0][1] # what is declared next is another variable
            if "{" not in self.code[at:stop]:
                self.condition(at, stop, None)
                self.branches(at, stop)

    def find(self):
        for match in re.finditer(r"^\w[^;={}]*?\b(?!__attribute__)(\w+)\([^;{}]*\) \{", self.code, re.M):
            self.function = match.group(1)
            start = match.end() - 1
            self.statements(start, closing(self.code, start))
        seen, unique = {}, {}
        for check in sorted(self.checks, key=lambda check: (check.start, -check.end)):
            if unique.setdefault((check.start, check.end, check.deleted), check) is not check:
                continue
            check.line = self.text.count("\n", 0, check.start) + 1
            key = (check.function, check.text)
            check.ordinal = seen[key] = seen.get(key, 0) + 1
        self.checks = list(unique.values())
        return self.checks


def find(file, text):
    """The checks of a source, in their order."""
    return Finder(file, text).find()


def switchable(text, checks, first):
    """The source with the checks numbered from `first`, each wrapped so that mutant.h decides about it."""
    inserts = []
    for number, check in enumerate(checks, first):
        inserts.append((check.start, 1, -check.end, "BH_MUTANT(%d, %d, " % (number, check.deleted)))
        inserts.append((check.end, 0, -check.start, ")"))
    for at, _, _, word in sorted(inserts, reverse=True):
        text = text[:at] + word + text[at:]
    return text
