# Our own: blocked multiplication of dense matrices.
source=own
group=kernel
wasm=yes
build() { $cc $flags "$data/matrix.c" -o "$out/matrix"; }
input() { :; }
runs() { run matrix - 512 16; }
