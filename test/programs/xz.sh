#!/bin/bash
# xz as its own configure script builds it, told nothing but the host's name. It waits for its files with poll and a pipe.
. "$(dirname "$0")/lib.sh"
"$top/tools/fetch-source" --unpack "$work/source" xz-utils
export PATH=$BULKHEAD_BUILD/bin:$PATH
options=(-q --disable-shared --disable-nls --disable-doc --disable-scripts --disable-xzdec --disable-lzmadec --disable-lzmainfo)
build_xz() { # DIRECTORY CONFIGURE-ARGUMENT...
    mkdir "$work/$1"
    (
        cd "$work/$1" && shift
        ../source/configure "${options[@]}" "CFLAGS=-$level" "$@" && make -j2 && rm -rf src/liblzma
    ) >"$work/$1.log" 2>&1 || { tail -n 30 "$work/$1.log" >&2; fail "xz does not build: $1"; }
}
# Threads are for the whole program or for nothing of it.
build_xz guest --host=x86_64-bulkhead-linux-musl CC="x86_64-bulkhead-linux-musl-cc -pthread"
build_xz native CC="bulkhead-clang --native -pthread"
guest=$work/guest/src/xz/xz native=$work/native/src/xz/xz
verified "$guest"
real_input
cd "$work"

isolated --threads 2 "$guest" --version >version
"$native" --version | cmp - version || fail "--version differs"

for option in "-0 -T1" "-6 -T1" "-3 -T3 --block-size=600000" "-1 --x86 --lzma2 -T1" "-2 --format=lzma"; do
    # shellcheck disable=SC2086
    isolated --threads 4 "$guest" $option -c <input >guest.xz
    # shellcheck disable=SC2086
    "$native" $option -c <input >native.xz
    cmp guest.xz native.xz || fail "compressed data differ with $option"
    isolated --threads 4 "$guest" -d -T2 -c <guest.xz | cmp - input || fail "decompressed data differ with $option"
done

# By names: the file takes the mode and the time of the one that it replaces.
cp input file && chmod 640 file && touch -d 2020-02-20 file
isolated --threads 4 "$guest" -1 /file
[ ! -e file ] || fail "xz did not remove its input"
[ "$(stat -c '%a %Y' file.xz)" = "640 $(date -d 2020-02-20 +%s)" ] || fail "mode or time of the file differ: $(stat -c '%a %y' file.xz)"
"$native" -t file.xz
isolated --threads 4 "$guest" -d /file.xz && cmp file input || fail "the file differs"

# Its authors' files, good and damaged: the same output, messages and status.
tried=0
for file in source/tests/files/*.xz source/tests/files/*.lzma source/tests/files/*.lz; do
    status=0; isolated --threads 2 "$guest" -dc "/$file" >guest.out 2>guest.err || status=$?
    twin=0; "$native" -dc "$file" >native.out 2>native.err || twin=$?
    sed 's|^[^ ]*/xz: /|xz: |' guest.err >guest.text && sed 's|^[^ ]*/xz: |xz: |' native.err >native.text
    [ $status = $twin ] && cmp guest.out native.out && cmp guest.text native.text || fail "$file: status $status, natively $twin"
    tried=$((tried + 1))
done
[ $tried -gt 80 ] || fail "only $tried of the authors' files were found"
echo "$tried files of the authors'"
