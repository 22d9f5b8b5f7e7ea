# LZ4: string matching that gives up early, and a decoder that is little more than copying.
source=lz4
group=real
wasm=yes
wasm_flags=-D__x86_64__ # lz4.c then hashes by 64 bits; by 32 its output is another
build() {
    $cc $flags -Ilib -I"$include" lib/lz4.c lib/lz4hc.c "$data/lz4.c" "$include/codec.c" -o "$out/lz4"
}
input() {
    real_text >text
    reference pack 9 text >text.packed
}
runs() {
    run lz4-compress - compress 1 25 text
    run lz4-compress-9 - compress 9 2 text
    run lz4-expand - expand 150 text.packed
}
