# snappy: string matching that gives up early, in C++, and a decoder that copies by a table of tags.
source=snappy
group=real
language=c++
wasm="no: C++"
prepare() { # the configuration that its CMake files would write
    sed 's/\${HAVE_SYS_UIO_H_01}/1/; s/\${PROJECT_VERSION_[A-Z]*}/1/' snappy-stubs-public.h.in >snappy-stubs-public.h
    printf '#define HAVE_%s 1\n' ATTRIBUTE_ALWAYS_INLINE BUILTIN_CTZ BUILTIN_EXPECT >config.h
}
build() {
    $cxx $flags -w -DNDEBUG -DHAVE_CONFIG_H -fno-exceptions -fno-rtti -I. -I"$include" snappy.cc snappy-c.cc snappy-sinksource.cc \
        snappy-stubs-internal.cc -x c "$data/snappy.c" "$include/codec.c" -x none -o "$out/snappy"
}
input() {
    real_text >text
    reference pack 1 text >text.packed
}
runs() {
    run snappy-compress - compress 1 25 text
    run snappy-expand - expand 60 text.packed
}
