# libsodium's C code, by a driver of ours: ciphers and hashes, curve arithmetic with 128-bit products, a password hash over 64 MiB.
source=libsodium
group=real
wasm=yes
build() {
    # What its configure would define with assembly off.
    features="-DCONFIGURED=1 -DNATIVE_LITTLE_ENDIAN=1 -DHAVE_TI_MODE=1 -DDEV_MODE=0 -DHAVE_C_VARARRAYS=1"
    cp builds/msvc/version.h src/libsodium/include/sodium/version.h
    $cc $flags $features -w -Isrc/libsodium/include -Isrc/libsodium/include/sodium -I"$include" $(find src/libsodium -name '*.c' | sort) \
        "$data/sodium.c" -o "$out/libsodium"
}
input() { :; }
runs() {
    run sodium-ciphers - ciphers 40
    run sodium-curves - curves 4000
    run sodium-password - password 10
}
