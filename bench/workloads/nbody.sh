# Our own: bodies that attract each other, every pair.
source=own
group=kernel
wasm=yes
build() { $cc $flags -ffp-contract=off "$data/nbody.c" -lm -o "$out/nbody"; }
input() { :; }
runs() { run nbody - 300 2500; }
