# libjpeg-turbo's C code, by its cjpeg and djpeg: cosine transforms, colour conversion, Huffman coding.
source=libjpeg-turbo
group=real
wasm=yes
prepare() { # what its CMake files make of these for a 64-bit or 32-bit Unix without SIMD
    sed -e 's/@JPEG_LIB_VERSION@/62/; s/@VERSION@/2.1.5/; s/@LIBJPEG_TURBO_VERSION_NUMBER@/2001005/; s/@BITS_IN_JSAMPLE@/8/' \
        -e 's/#cmakedefine \(.*_SUPPORTED 1\)/#define \1/; s/#cmakedefine.*//' jconfig.h.in >jconfig.h
    sed -e 's/@BUILD@/bench/; s/@INLINE@/inline/; s/@THREAD_LOCAL@/__thread/; s/@CMAKE_PROJECT_NAME@/libjpeg-turbo/; s/@VERSION@/2.1.5/' \
        -e 's/@SIZE_T@/__SIZEOF_SIZE_T__/; s/#cmakedefine HAVE_BUILTIN_CTZL/#define &/; s/#define #cmakedefine/#define/; s/#cmakedefine.*//' \
        jconfigint.h.in >jconfigint.h
    sed 's/@COPYRIGHT_YEAR@/1991-2023/' jversion.h.in >jversion.h
}
build() {
    library=$(ls jc*.c jd*.c jf*.c ji*.c jq*.c jerror.c jutils.c jmemmgr.c jmemnobs.c jaricom.c jsimd_none.c |
        grep -vE '^(jccolext|jdcolext|jdcol565|jdmrgext|jdmrg565|jcstest|jdatadst-tj|jdatasrc-tj)\.c$')
    $cc $flags -DPPM_SUPPORTED -Dmain=compress_main -c cjpeg.c -o compress.o
    $cc $flags -DPPM_SUPPORTED -Dmain=expand_main -Dreport=expand_report -Dstrict=expand_strict -c djpeg.c -o expand.o
    $cc $flags -DPPM_SUPPORTED -I. $library cdjpeg.c rdppm.c wrppm.c rdswitch.c rdcolmap.c "$include/two_programs.c" compress.o expand.o \
        -o "$out/libjpeg-turbo"
}
input() {
    generated picture 6000 4000 >picture.ppm
    generated picture 9000 6000 | reference compress -quality 97 >large.jpg
}
runs() { # -optimize and -progressive keep the picture in memory, which takes the kernel a sixth of the time
    run jpeg-compress picture.ppm compress -quality 95
    run jpeg-expand large.jpg expand -pnm
}
