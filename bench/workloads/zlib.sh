# zlib, by its minigzip: string matching in a window, Huffman coding, CRC.
source=zlib
group=real
wasm=yes
build() {
    CC="$cc" AR="$ar" RANLIB="$ranlib" CFLAGS="$flags" ./configure --static
    make minigzip CC="$cc"
    cp minigzip "$out/zlib"
}
input() { { real_text; real_text; } >text; }
runs() {
    run zlib-compress text -c
    run zlib-compress-9 text -9 -c
}
