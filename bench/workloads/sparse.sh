# Our own: conjugate gradients on a sparse matrix, loads through loaded indices.
source=own
group=kernel
wasm=yes
build() { $cc $flags "$data/sparse.c" -lm -o "$out/sparse"; }
input() { :; }
runs() { run sparse - 400 300; }
