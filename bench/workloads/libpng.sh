# libpng over zlib, by a driver of ours: filters that look at neighbouring bytes, inflate and deflate, row transformations.
source="libpng1.6 zlib"
group=real
wasm=yes
build() {
    # Its switches for a build without setjmp: errors end the program anyway.
    sed '/PNG_SETJMP_SUPPORTED/d; /PNG_SIMPLIFIED/d' scripts/pnglibconf.h.prebuilt >pnglibconf.h
    zlib=$tree.zlib
    $cc $flags -DHAVE_UNISTD_H -I. -I"$zlib" -I"$include" png.c pngerror.c pngget.c pngmem.c pngpread.c pngread.c pngrio.c pngrtran.c \
        pngrutil.c pngset.c pngtrans.c pngwio.c pngwrite.c pngwtran.c pngwutil.c "$zlib"/adler32.c "$zlib"/crc32.c "$zlib"/deflate.c \
        "$zlib"/inffast.c "$zlib"/inflate.c "$zlib"/inftrees.c "$zlib"/trees.c "$zlib"/zutil.c "$data/png.c" -lm -o "$out/libpng"
}
input() {
    generated picture 1600 1200 >picture.ppm
    reference pack picture.ppm >picture.png
}
runs() {
    run png-encode - encode 1 picture.ppm
    run png-decode - decode 6 picture.png
}
