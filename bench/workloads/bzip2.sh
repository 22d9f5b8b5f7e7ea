# bzip2: block sorting, Huffman coding; byte-wise loops over tables.
source=bzip2
group=real
wasm=yes
build() {
    make bzip2 CC="$cc" AR="$ar" RANLIB="$ranlib" CFLAGS="$flags -D_FILE_OFFSET_BITS=64"
    cp bzip2 "$out/bzip2"
}
input() {
    real_text >text
    { real_text; real_text; } | bzip2 -9 >large.bz2
}
runs() {
    run bzip2-compress text -9 -c
    run bzip2-expand large.bz2 -d -c
}
