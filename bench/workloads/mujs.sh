# MuJS: a JavaScript interpreter: byte code, property trees, a collector, regular expressions, exceptions by setjmp.
source=mujs
group=real
wasm="no: setjmp"
build() { $cc $flags one.c main.c -lm -o "$out/mujs"; } # as its makefile builds a release, without readline
input() { cp "$data"/*.js .; }
runs() {
    run mujs-objects - objects.js 60 12
    run mujs-text - text.js 300 120
}
