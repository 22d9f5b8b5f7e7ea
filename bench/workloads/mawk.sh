# mawk: an interpreter of another kind than Lua: a stack machine over strings, regular expressions, hash tables.
source=mawk
group=real
wasm="no: fork and pipes, by which it runs commands"
prepare() { # its configuration, some of it found by running programs, and a table that a program writes
    ./configure CC="$build/bin/bulkhead-clang --native"
    make scancode.c BUILD_CC="$build/bin/bulkhead-clang --native"
}
build() {
    $cc $flags -DHAVE_CONFIG_H -I. parse.c scan.c memory.c main.c hash.c execute.c code.c da.c error.c init.c bi_vars.c cast.c print.c \
        bi_funct.c kw.c jmp.c array.c field.c split.c re_cmpl.c regexp.c zmalloc.c fin.c files.c scancode.c matherr.c fcall.c \
        version.c -lm -o "$out/mawk"
}
input() {
    cp "$data"/*.awk .
    gzip -dc "$("$top/tools/fetch-source" musl)" | tr -d '\000' >text
}
runs() {
    run mawk-words text -f words.awk
    run mawk-queens - -v size=8 -v limit=450000 -f queens.awk
}
