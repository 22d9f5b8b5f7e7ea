"""gdb --batch -x unwind.py, with UNWIND_RUN (bulkhead-run), UNWIND_MODULE and UNWIND_OBJECT in the environment.

Single-steps the module's main and all it calls, and compares at every instruction that comes from the object the callers that
gdb finds by unwind information with a shadow stack kept from the calls and returns themselves.
"""
import os
import re
import subprocess

import gdb

MODULE = os.environ["UNWIND_MODULE"]
IMAGE_OFFSET = 0x20000
SLOT = 1 << 32
RETURN_STEPS = 2  # of a return, between its pop and its jump


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def functions():
    """Name, address and end of the module's functions that the object defines."""
    own = {line.split()[-1] for line in output("llvm-nm", "--defined-only", os.environ["UNWIND_OBJECT"]).splitlines()}
    for line in output("llvm-nm", "-S", "--defined-only", MODULE).splitlines():
        field = line.split()
        if len(field) == 4 and field[2] in "tT" and field[3] in own:
            yield field[3], int(field[0], 16), int(field[0], 16) + int(field[1], 16)


def value(expression):
    return int(gdb.parse_and_eval(f"(unsigned long)({expression})"))


def word(address):
    return value(f"*(unsigned long *)({address})")


class Code:
    """What stands at each address of the module: whether it is a call, and whether it ends a return."""

    def __init__(self):
        text = output("llvm-objdump", "-d", "--no-show-raw-insn", MODULE)
        self.calls, self.returns = set(), set()
        popped = None
        for line in text.splitlines():
            match = re.match(r"\s*([0-9a-f]+):\s+(\S+)\s*(.*)", line)
            if not match:
                continue
            address, name, rest = int(match[1], 16), match[2], match[3]
            if name.startswith("call"):
                self.calls.add(address)
            elif name == "popq":
                popped, steps = rest, 0
            elif popped and name in ("andl", "addq"):
                steps += 1
            elif popped and name.startswith("jmp") and rest == "*" + popped and steps == RETURN_STEPS:
                self.returns.add(address)
            else:
                popped = None


def callers(count):
    frame, found = gdb.newest_frame(), []
    while len(found) < count:
        frame = frame.older()
        if frame is None:
            break
        found.append(frame.pc())
    return found


def step_all(base, code, own):
    """Steps from the entry of main to its return. Returns how many instructions were compared."""
    image = base + IMAGE_OFFSET
    shadow = [word("$rsp")]
    compared = wrong = 0
    while shadow:
        pc = value("$pc") - image
        name = next((name for name, start, end in own if start <= pc < end), None)
        if name:
            compared += 1
            found, expected = callers(len(shadow)), shadow[::-1]
            if found != expected:
                wrong += 1
                print(f"unwind: at {name}+{pc - dict((n, s) for n, s, e in own)[name]:#x} (image {pc:#x}): callers are",
                      [hex(x - image) for x in expected], "but unwinding finds", [hex(x - image) for x in found])
                if wrong == 5:
                    break
        link = value("$r11")
        gdb.execute("stepi", to_string=True)
        now = value("$pc")
        if now // SLOT != base // SLOT:  # a host call
            gdb.execute(f"tbreak *{base + (link % SLOT & ~31)}", to_string=True)
            gdb.execute("continue", to_string=True)
        elif pc in code.calls:
            shadow.append(word("$rsp"))
        elif pc in code.returns:
            if now != shadow.pop():
                print(f"unwind: the return at image {pc:#x} does not go back to its caller")
                wrong += 1
    return compared, wrong


def main():
    for setting in ("confirm off", "pagination off", "width 0", "debuginfod enabled off", "backtrace past-main on"):
        gdb.execute("set " + setting, to_string=True)
    gdb.execute(f"file {os.environ['UNWIND_RUN']}", to_string=True)
    gdb.execute("tbreak bh_enter", to_string=True)
    gdb.execute(f"run {MODULE}", to_string=True)
    base = word(f"$rdi + {os.environ['UNWIND_TARGET']}") // SLOT * SLOT
    gdb.execute(f"add-symbol-file {MODULE} -o {base + IMAGE_OFFSET}", to_string=True)
    code, own = Code(), list(functions())
    entry = next(start for name, start, end in own if name == "main")
    gdb.execute(f"tbreak *{base + IMAGE_OFFSET + entry}", to_string=True)
    gdb.execute("continue", to_string=True)
    compared, wrong = step_all(base, code, own)
    gdb.execute("kill", to_string=True)
    print(f"unwind: {compared} instructions, {wrong} wrong")


main()
