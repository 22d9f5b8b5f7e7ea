"""Prints the name of every rule that a refusal can carry: rule-names.py SOURCE. Found in the text of the verifier and the tool,
and in the sections of docs/contract.md that say what the verifier demands."""
import glob
import os
import re
import sys

source = sys.argv[1]
names = set()
for path in glob.glob(os.path.join(source, "runtime", "verifier", "*.c")):
    text = open(path).read()
    # Names with a digit or a dash are rules wherever they stand; others where a refusal is made.
    names.update(re.findall(r'"([MCSPT][0-9]|elf-[a-z]+)"', text))
    names.update(re.findall(r'(?:refuse|refuse_target|fail)\([^;"]*"([A-Za-z0-9-]+)"', text))
    names.update(re.findall(r'(?:refuse|refuse_target|fail)\([^;"]*\? "([A-Za-z0-9-]+)" : "', text))
    names.update(re.findall(r'(?:refuse|refuse_target|fail)\([^;"]*\? "[A-Za-z0-9-]+" : "([A-Za-z0-9-]+)"', text))
    table = re.search(r"\} rules\[\] = \{(.*?)\n\};", text, re.S)
    if table:
        names.update(re.findall(r'\{"([^"]+)",', table.group(1)))
for path in glob.glob(os.path.join(source, "tools", "bulkhead-verify", "*.c")):
    names.update(re.findall(r'\.rule = "([^"]+)"', open(path).read()))
contract = open(os.path.join(source, "docs", "contract.md")).read()
demands = contract[contract.index("\n## 3."):contract.index("\n## 9.")]
names.update(re.findall(r"\*\*([A-Za-z0-9-]+)\*\*", demands))
print("\n".join(sorted(names)))
