#!/bin/bash
. "$(dirname "$0")/lib.sh"
build_both zlib
verified "$guest/minigzip"
real_input
cd "$work"

for options in -1 -6 -9 "-6 -h" "-6 -r"; do
    # shellcheck disable=SC2086
    isolated "$guest/minigzip" $options <input >guest.gz
    # shellcheck disable=SC2086
    "$native/minigzip" $options <input >native.gz
    cmp guest.gz native.gz || fail "compressed data differ"
    isolated "$guest/minigzip" -d <guest.gz >guest.out
    cmp guest.out input || fail "decompressed data differ"
done
gzip -dc guest.gz | cmp - input || fail "gzip reads something else"

cp input file
isolated "$guest/minigzip" /file
[ ! -e file ] || fail "minigzip did not remove its input"
isolated "$guest/minigzip" -d /file.gz
cmp file input || fail "the file differs"

# zlib's own test program.
verified "$guest/example"
isolated "$guest/example" /example.gz >guest.txt
"$native/example" native.gz >native.txt
diff native.txt guest.txt
