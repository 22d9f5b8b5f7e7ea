# Our own: an interpreter's dispatch, by a switch and by an array of functions in turn.
source=own
group=branch
wasm=yes
build() { $cc $flags "$data/dispatch.c" -o "$out/dispatch"; }
input() { :; }
runs() { run dispatch - 32 64 1600000; }
