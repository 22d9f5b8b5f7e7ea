#!/bin/sh
# Files of SATLIB, the collection that everybody quotes, end with a line "%" and a line "0". picosat, minisat and CaDiCaL refuse them at that line, though
# all clauses that the header promises were read; and picosat says so with exit status 0. Expected: that a solver takes the best known
# benchmark files, or that an unreadable one is a failure to a script (minisat ends with 3, CaDiCaL with 1; 10 and 20 are answers).
. "$(dirname "$0")/lib"
install picosat=965-2 minisat=1:2.2.1-5+b3 cadical=1.5.3-2

printf 'c as SATLIB writes it\np cnf 3  2 \n 1 -2 3 0\n-1 2 0\n%%\n0\n' >"$work/uf3.cnf"
sed '/^%/,$d' "$work/uf3.cnf" >"$work/plain.cnf"
status() { s=0; "$@" >"$work/out" 2>&1 || s=$?; echo "$s"; }
for solver in picosat minisat cadical; do
    same "$solver, without the trailer" 10 "$(status "$solver" "$work/plain.cnf")"
done
same "picosat" 0 "$(status picosat "$work/uf3.cnf")"
same "picosat says" "expected number" "$(sed 's/.*: //' "$work/out")"
same "minisat" 3 "$(status minisat "$work/uf3.cnf")"
same "cadical" 1 "$(status cadical "$work/uf3.cnf")"
verdict
