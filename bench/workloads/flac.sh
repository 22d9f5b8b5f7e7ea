# FLAC, by its command: linear prediction (double and integer), Rice codes bit by bit, MD5.
source=flac
group=real
wasm=yes
build() {
    # What its configure would define with assembly and intrinsics off; without a word about x86 it is plain C.
    features="-DFLAC__NO_ASM -DENABLE_64_BIT_WORDS=1 -DCPU_IS_BIG_ENDIAN=0 -DCPU_IS_LITTLE_ENDIAN=1 -DWORDS_BIGENDIAN=0 -DHAVE_LROUND
        -DFLAC__HAS_OGG=0 -DHAVE_STDINT_H -DHAVE_INTTYPES_H -DHAVE_FSEEKO -DHAVE_BSWAP16 -DHAVE_BSWAP32 -D_GNU_SOURCE -DNDEBUG
        -DPACKAGE_VERSION=\"1.4.2\" -DFLAC__SYS_LINUX"
    sources=$(ls src/libFLAC/*.c src/flac/*.c src/share/*/*.c | grep -vE '/ogg_|win_utf8|charset_test|makemap|iffscan')
    $cc $flags $features -Iinclude -Isrc/libFLAC/include -Isrc/share $sources -lm -o "$out/flac"
}
input() {
    generated music 80 >music.wav
    generated music 480 >long.wav
    reference --totally-silent -5 -f -o long.flac long.wav
    rm long.wav
}
runs() {
    run flac-compress - --totally-silent -8 -c music.wav
    run flac-expand - --totally-silent -d -c long.flac
}
