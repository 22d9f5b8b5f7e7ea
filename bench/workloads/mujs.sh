# MuJS: a JavaScript interpreter: byte code, property trees, a collector, regular expressions, exceptions by setjmp.
source=mujs
group=real
wasm=yes
build() { # as its makefile builds a release, without readline
    $cc $flags one.c main.c $([ "$configuration" = wasm ] || echo "$include/heap.c") -lm -o "$out/mujs"
}
input() { cp "$data"/*.js .; }
runs() {
    run mujs-objects - objects.js 60 9
    run mujs-text - text.js 300 120
}
