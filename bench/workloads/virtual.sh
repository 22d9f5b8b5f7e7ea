# Our own: methods called through tables of function pointers, their targets rotating.
source=own
group=branch
wasm=yes
build() { $cc $flags "$data/virtual.c" -o "$out/virtual"; }
input() { :; }
runs() { run virtual - 20000 4500; }
