# SQLite, by its own speedtest1 on a database in memory: a byte-code interpreter, B-trees, a parser, sorting.
source=sqlite3
group=real
wasm=yes
prepare() { # the amalgamation; its generators are programs of this machine
    host_cc=$("$build/bin/bulkhead-clang" --native -print-prog-name=clang)
    ./configure --disable-tcl --disable-readline --disable-shared CC="$host_cc" BUILD_CC="$host_cc"
    make sqlite3.c BCC="$host_cc"
}
build() {
    $cc $flags -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -I. -c sqlite3.c -o sqlite3.o
    $cc $flags -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -I. test/speedtest1.c sqlite3.o -o "$out/sqlite3"
}
input() { cp "$build/bench/src/sqlite3/sqlite3.c" "$build/bench/src/sqlite3/sqlite3.h" .; } # also what the compiler is timed on
runs() {
    run sqlite3-speedtest - --memdb --size 25 --verify
}
normalise() { sed -E 's/ *[0-9]+\.[0-9]+s$//'; } # each test's time
