#!/bin/bash
# zstd compresses on several threads of its own. Its output depends on how many there are, but not on their order.
. "$(dirname "$0")/lib.sh"
build_both libzstd
verified "$guest/zstd"
real_input
cd "$work"

for options in "-3 -T1" "-1 -T2" "-3 -T4 -B600000" "-9 -T3 --long=22" "-15 -T2 -B1000000"; do
    # shellcheck disable=SC2086
    isolated --threads 8 "$guest/zstd" -q $options -c <input >guest.zst
    # shellcheck disable=SC2086
    "$native/zstd" -q $options -c <input >native.zst
    cmp guest.zst native.zst || fail "compressed data differ with $options"
    isolated --threads 8 "$guest/zstd" -q -d -c <guest.zst >guest.out
    cmp guest.out input || fail "decompressed data differ with $options"
done

# By files, which threads read and write while others compress.
cp input file
isolated --threads 8 "$guest/zstd" -q -T4 --rm /file -o /file.zst
[ ! -e file ] || fail "zstd did not remove its input"
"$native/zstd" -q -t file.zst
isolated --threads 8 "$guest/zstd" -q -d /file.zst -o /file
cmp file input || fail "the file differs"

# Its own benchmark on all processors that it is told of, and no threads when none are granted.
isolated --threads 4 "$guest/zstd" -q -b1 -e1 -i0 -T0 /file >/dev/null 2>&1
status=0; isolated "$guest/zstd" -q -T4 -c <input >none.zst 2>none.err || status=$?
[ $status != 0 ] || fail "worker threads without a grant"
