# MuJS: a JavaScript interpreter: byte code, property trees, a collector, regular expressions, exceptions by setjmp.
source=mujs
group=real
wasm=yes
wasm2c="no: wasm2c 1.0.32 jumps to labels that it does not declare where exceptions cross several loops"
build() { # as its makefile builds a release, without readline
    $cc $flags one.c main.c $([ "$configuration" = wasm ] || echo "$include/heap.c") -lm -o "$out/mujs"
}
input() { cp "$data"/*.js .; }
runs() {
    run mujs-objects - objects.js 60 9
    run mujs-text - text.js 300 120
}
