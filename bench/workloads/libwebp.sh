# libwebp's C code, by its cwebp and dwebp: prediction and rate-distortion search, arithmetic coding; lossless: matches and entropy.
source=libwebp
group=real
wasm=yes
build() {
    : >src/webp/config.h # no SIMD: its configure would say so here
    common="$flags -DHAVE_CONFIG_H -I. -Isrc"
    $cc $common -Dmain=compress_main -c examples/cwebp.c -o compress.o
    $cc $common -Dmain=expand_main -c examples/dwebp.c -o expand.o
    $cc $common src/dec/*.c src/demux/demux.c src/dsp/*.c src/enc/*.c src/utils/*.c sharpyuv/*.c \
        imageio/*.c examples/example_util.c \
        "$include/two_programs.c" compress.o expand.o -lm -o "$out/libwebp"
}
input() {
    generated picture 2400 1600 >picture.ppm
    generated picture 1200 860 >small.ppm
    generated picture 6400 5000 >large.ppm
    reference compress -quiet -q 100 -m 1 large.ppm -o large.webp
    rm large.ppm
}
runs() {
    run webp-compress - compress -quiet -q 80 -m 4 picture.ppm -o -
    run webp-compress-lossless - compress -quiet -lossless -m 3 small.ppm -o -
    run webp-expand - expand -quiet -yuv large.webp -o -
}
