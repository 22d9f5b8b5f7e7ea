# GNU Go: pattern matching and reading ahead over a board: large tables, deep recursion, unpredictable branches.
source=gnugo
group=real
wasm=yes
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
input() { cp "$data"/play.gtp .; cp -R "$tree/regression/games" "$tree/regression/owl.tst" "$tree/regression/reading.tst" .; }
runs() {
    run gnugo-play play.gtp --quiet --mode gtp --seed 1 --level 10
    run gnugo-owl owl.tst --quiet --mode gtp --seed 1 --level 10
}
