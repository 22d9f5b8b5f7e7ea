#!/bin/bash
. "$(dirname "$0")/lib.sh"
build_both bzip2
verified "$guest/bzip2"
real_input
cd "$work"

# By standard streams, at the least and the greatest block size.
for size in 1 9; do
    isolated "$guest/bzip2" -z -c -$size <input >guest.bz2
    "$native/bzip2" -z -c -$size <input >native.bz2
    cmp guest.bz2 native.bz2 || fail "compressed data differ"
    isolated "$guest/bzip2" -d -c <guest.bz2 >guest.out
    cmp guest.out input || fail "decompressed data differ"
done

# By files: bzip2 makes, renames and removes them and copies their times and modes.
cp input file
isolated "$guest/bzip2" -v /file 2>messages
[ ! -e file ] || fail "bzip2 did not remove its input"
isolated "$guest/bzip2" -t /file.bz2
isolated "$guest/bzip2" -d /file.bz2
cmp file input || fail "the file differs"

# A damaged file is an error with the same message and status.
head -c 100000 guest.bz2 >damaged.bz2
status=0; isolated "$guest/bzip2" -t /damaged.bz2 2>guest.err || status=$?
native_status=0; (cd "$work"; "$native/bzip2" -t damaged.bz2) 2>native.err || native_status=$?
[ $status = $native_status ] || fail "status $status for a damaged file, natively $native_status"
grep -q 'file ends unexpectedly' guest.err || fail "no message about the damaged file: $(cat guest.err)"
