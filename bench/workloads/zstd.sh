# Zstandard: hash tables and optimal parsing, finite-state entropy coding. The C decoder, without its assembly.
source=libzstd
group=real
wasm=yes
build() {
    $cc $flags -DZSTD_DISABLE_ASM -Ilib -I"$include" lib/common/*.c lib/compress/*.c lib/decompress/*.c "$data/zstd.c" "$include/codec.c" -o "$out/zstd"
}
input() {
    real_text >text
    head -c 3000000 text >piece
    reference pack 12 text >text.packed
}
runs() {
    run zstd-compress - compress 3 12 text
    run zstd-compress-16 - compress 16 1 piece
    run zstd-expand - expand 50 text.packed
}
