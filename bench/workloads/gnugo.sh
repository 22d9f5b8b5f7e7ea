# GNU Go: pattern matching and reading ahead over a board: large tables, deep recursion, unpredictable branches.
source=gnugo
group=real
wasm="no: sockets, which its configuration finds in the C library, and netdb.h"
prepare() { # its configuration, and the pattern tables, which programs of its own write
    ./configure CC="$build/bin/bulkhead-clang --native" CFLAGS="-O1 -std=gnu89 -fcommon" --without-curses --without-readline
    make
    find . -name '*.[oa]' -delete
}
build() {
    local generators='/(mkpat|joseki|mkeyes|uncompress_fuseki|compress_fuseki|extract_fuseki|mkmcpat|sgfgen|winsocket)\.c$'
    $cc $flags -std=gnu89 -fcommon -DHAVE_CONFIG_H -I. -Iengine -Ipatterns -Isgf -Iutils -Iinterface \
        $(ls engine/*.c patterns/*.c sgf/*.c utils/*.c interface/*.c | grep -Ev "$generators") -lm -o "$out/gnugo"
}
input() { # GNU Go's own questions about life, death and captures. (A game it does not get through: it stops at an assertion of its own.)
    cp -R "$tree/regression/games" .
    head -n 60 "$tree/regression/owl.tst" >owl.tst
    for _ in 1 2 3; do cat "$tree/regression/reading.tst"; done >reading.tst
}
runs() {
    run gnugo-owl owl.tst --quiet --mode gtp --seed 1 --level 10
    run gnugo-reading reading.tst --quiet --mode gtp --seed 1 --level 10
}
