# Our own: qsort with comparison functions that take turns.
source=own
group=branch
wasm=yes
build() { $cc $flags "$data/callbacks.c" -o "$out/callbacks"; }
input() { :; }
runs() { run callbacks - 100000 3; }
