# TinyCC, compiling itself: a scanner, symbol tables, one pass of code generation; a driver of ours compares the objects.
source=tcc
group=real
wasm="no: signals, for the programs that it can run itself"
build() { # all of the library is one translation unit, as its makefile builds it by default
    echo "#define TCC_VERSION \"$(cat VERSION)\"" >config.h
    $cc $flags -fno-strict-aliasing -DTCC_TARGET_X86_64 -DTCC_MUSL -DCONFIG_TCC_STATIC -DONE_SOURCE=1 -I. "$data/tcc.c" libtcc.c \
        "$include/heap.c" -lm -o "$out/tcc"
}
input() { # the sources, and the header files of tcc and of the C library
    mkdir tcc include
    cp "$tree"/*.[ch] "$tree"/*.def tcc
    echo '#define TCC_VERSION "measured"' >tcc/config.h
    cp -R "$build/native-sysroot/include/." include
    cp "$tree"/include/*.h include
}
runs() { # one large unit; with small ones the time goes into opening headers
    run tcc - 24 tcc/libtcc.c
}
