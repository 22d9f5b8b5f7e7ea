# PicoSAT: a solver for propositional formulas: watch lists, heaps, unpredictable branches.
source=picosat
group=real
wasm="no: signal handlers"
build() {
    { echo '#define PICOSAT_CC "clang"'; echo '#define PICOSAT_CFLAGS "-O2"'; echo "#define PICOSAT_VERSION \"$(cat VERSION)\""; } >config.h
    $cc $flags -DNDEBUG -DNGETRUSAGE -DNALLSIGNALS picosat.c version.c app.c "$data/main.c" -o "$out/picosat"
}
input() { # random clauses of three variables, more of them than can be satisfied; and one pigeon too many
    awk -v variables=250 -v clauses=1065 -f "$data/random3.awk" >random.cnf
    awk -v holes=8 -f "$data/pigeons.awk" >pigeons.cnf
}
runs() {
    run picosat-random random.cnf -n
    run picosat-pigeons pigeons.cnf -n
}
