# Our own: Fourier transforms, there and back.
source=own
group=kernel
wasm=yes
build() { $cc $flags -ffp-contract=off "$data/fft.c" -lm -o "$out/fft"; }
input() { :; }
runs() { run fft - 17 60; }
