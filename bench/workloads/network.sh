# Our own: the network simplex method, as SPEC's mcf: pointer chasing over tens of megabytes.
source=own
group=kernel
wasm=yes
build() { $cc $flags "$data/network.c" -o "$out/network"; }
input() { :; }
runs() { run network - 6000 600000; }
