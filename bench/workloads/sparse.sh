# Our own: conjugate gradients on a sparse matrix, loads through loaded indices.
source=own
group=kernel
wasm=yes
build() { $cc $flags -ffp-contract=off "$data/sparse.c" -lm -o "$out/sparse"; }
input() { :; }
runs() { run sparse - 400 300; }
