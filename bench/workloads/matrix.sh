# Our own: blocked multiplication of dense matrices.
# Under wasm2c it takes nearly six times as long: 2.4 times as long without SSE2 (-fno-vectorize natively); the rest is probably the loads that
# wasm2c 1.0.32 forces one by one, which was not measured apart.
source=own
group=kernel
wasm=yes
build() { $cc $flags -ffp-contract=off "$data/matrix.c" -o "$out/matrix"; }
input() { :; }
runs() { run matrix - 512 16; }
