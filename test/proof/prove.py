"""Proves a file of lemmas with two solvers: prove.py PRELUDE FILE.smt2 [NAME=VALUE]... [--only TEXT]

A query of a file stands between (push 1) and (pop 1) and is announced by (echo "holds: ...") or (echo "mutant: ...").
The first kind is the negation of a claim and must be unsat; the second is the same claim under a rule that was made
weaker, and must be sat, or the claim would say nothing. Every file has both kinds. NAME=VALUE replaces a constant of
layout.h (see prelude.c). --only looks at the queries with TEXT in their announcement.

Each query goes to the solvers as a script of its own, with all that stands outside the other queries: they simplify a
script as a whole far better than one that goes on.
"""
import os
import re
import subprocess
import sys
import time

prelude, path, *constants = sys.argv[1:]
only = ""
if constants[-2:-1] == ["--only"]:
    *constants, _, only = constants
# One turns the query into propositional logic, the other into integers: they have little in common but the question.
solvers = (
    (["z3", "-smt2", "-in", "-T:600"], "(check-sat-using (then simplify solve-eqs bit-blast sat))"),
    (["cvc5", "--lang=smt2", "--solve-bv-as-int=sum", "--tlimit=600000", "-"], "(check-sat)"),
)
machine = os.path.join(os.path.dirname(os.path.abspath(__file__)), "Inputs", "machine.smt2")
header = "(set-logic QF_BV)\n" + subprocess.run([prelude, *constants], check=True, stdout=subprocess.PIPE, text=True).stdout
with open(machine) as shared, open(path) as lemmas:
    text = shared.read() + lemmas.read()

parts = re.split(r"^\((push|pop) 1\)$", text, flags=re.M)  # text, "push", query, "pop", text, ...
if parts[1::4] != ["push"] * len(parts[1::4]) or parts[3::4] != ["pop"] * len(parts[1::4]):
    sys.exit(f"{path}: (push 1) and (pop 1) do not alternate")
common, queries = header, []
for i, part in enumerate(parts[::2]):
    if i % 2 == 0:
        common += part
        continue
    query = re.fullmatch(r'(.*)^\(echo "((holds|mutant): [^"]*)"\)\n\(check-sat\)\n', part, re.M | re.S)
    if not query or "(check-sat)" in query[1]:
        sys.exit(f"{path}: a query ends with one (echo) that announces it, and one (check-sat):{part}")
    queries.append((query[2], "unsat" if query[3] == "holds" else "sat", common + query[1]))
if "(check-sat)" in common or {want for _, want, _ in queries} != {"sat", "unsat"}:
    sys.exit(f"{path}: queries stand between (push 1) and (pop 1), lemmas and mutants")

queries = [query for query in queries if only in query[0]]
if not queries:
    sys.exit(f"{path}: no query with '{only}'")

failures = 0
for name, want, script in queries:
    for solver, check in solvers:
        start = time.monotonic()
        result = subprocess.run(solver, input=script + check, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        answer = result.stdout.strip()
        print(f"{time.monotonic() - start:6.2f} s  {solver[0]:4}  {name}: {answer}" + ("" if answer == want else f", not {want}"),
              flush=True)
        failures += answer != want
lemmas = sum(want == "unsat" for _, want, _ in queries)
print(f"{'FAIL' if failures else 'PASS'}: {lemmas} lemmas, {len(queries) - lemmas} mutants, by z3 and cvc5")
sys.exit(failures > 0)
