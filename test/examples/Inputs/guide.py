"""Does what a reader of a page does: writes its listings to files and runs its commands, and compares what they print.

usage: guide.py PAGE DIRECTORY

A listing is a ```c block whose paragraph above ends with `NAME`: and a command is an indented line that begins with "$ ",
followed by what it prints. `$ cat NAME` with a file that does not exist yet is a listing, too. Hexadecimal numbers differ from
run to run, so only that there is one is compared; where in a loop a deadline strikes is chance as well.
"""
import os
import re
import subprocess
import sys


def normal(text):
    text = re.sub(r"(the deadline passed in )\w+", r"\1", text)
    return re.sub(r"0x[0-9a-f]+", "0x", text)


def main():
    page, directory = sys.argv[1:]
    with open(page) as file:
        lines = file.read().split("\n")
    os.makedirs(directory, exist_ok=True)
    os.chdir(directory)
    listings = commands = failures = number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if line.startswith("```c"):
            end = lines.index("```", number)
            name = re.search(r"`([\w.]+)`:$", lines[number - 3])
            if name:
                with open(name[1], "w") as file:
                    file.write("\n".join(lines[number:end]) + "\n")
                listings += 1
            number = end + 1
        elif line.startswith("    $ "):
            command = line[6:]
            expected = ""
            while lines[number].startswith("    ") and not lines[number].startswith("    $ "):
                expected += lines[number][4:] + "\n"
                number += 1
            shown = re.fullmatch(r"cat ([\w.]+)", command)
            if shown and not os.path.exists(shown[1]):
                with open(shown[1], "w") as file:
                    file.write(expected)
                continue
            run = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            # bash's own note about a program that a signal ended is no output of the command.
            got = re.sub(r"^bash: line 1: .*(Segmentation fault).*\n", "", run.stdout, flags=re.M)
            commands += 1
            if normal(got) != normal(expected):
                failures += 1
                print(f"$ {command}\n--- expected\n{expected}--- got, status {run.returncode}\n{got}---")
    print(f"{listings} listings, {commands} commands, {failures} differ")
    return failures != 0 or listings == 0 or commands == 0


sys.exit(main())
