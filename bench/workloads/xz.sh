# xz: binary trees of matches, a range coder that decides bit by bit. liblzma without threads and without its assembly.
source=xz-utils
group=real
wasm=yes
wasm_flags='-Dsigset_t=int -Dsigprocmask(how,set,old)=0' # what a header declares for programs with threads; nothing calls it
build() {
    # What its configure would define; its own tables of CRCs are in C.
    features="-DHAVE_STDINT_H -DHAVE_INTTYPES_H -DHAVE_STDBOOL_H -DHAVE_VISIBILITY=0 -DSIZEOF_SIZE_T=__SIZEOF_SIZE_T__
        -DTUKLIB_FAST_UNALIGNED_ACCESS -DTUKLIB_SYMBOL_PREFIX=lzma_ -DHAVE_CHECK_CRC32 -DHAVE_CHECK_CRC64
        -DHAVE_ENCODERS -DHAVE_ENCODER_LZMA1 -DHAVE_ENCODER_LZMA2 -DHAVE_DECODERS -DHAVE_DECODER_LZMA1 -DHAVE_DECODER_LZMA2
        -DHAVE_MF_HC3 -DHAVE_MF_HC4 -DHAVE_MF_BT2 -DHAVE_MF_BT3 -DHAVE_MF_BT4"
    part=src/liblzma
    sources=$(ls $part/common/*.c $part/check/check.c $part/check/crc*_fast.c $part/check/crc*_table.c $part/lz/*.c $part/lzma/*.c \
        $part/rangecoder/price_table.c src/common/tuklib_physmem.c src/common/tuklib_cpucores.c |
        grep -vE 'tablegen|_mt\.c|hardware|lzma/fastpos_tablegen|outqueue|microlzma')
    $cc $flags $features -I$part/api -I$part/common -I$part/check -I$part/lz -I$part/rangecoder -I$part/lzma -I$part/delta \
        -I$part/simple -Isrc/common -I"$include" $sources "$data/xz.c" "$include/codec.c" \
        $([ "$configuration" = wasm ] || echo "$include/heap.c") -o "$out/xz"
}
input() {
    real_text >text
    head -c 3000000 text >piece
    reference pack 6 text >text.packed
}
runs() {
    run xz-compress - compress 6 1 piece
    run xz-expand - expand 9 text.packed
}
