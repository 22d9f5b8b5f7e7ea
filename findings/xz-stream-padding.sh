#!/bin/sh
# An .xz file may have zeros behind each stream, in fours (the format's section 2.2, Stream Padding). xz skips them.
# The lzma module of Python 3.11, itself on liblzma, drops a stream that follows them without a word, and calls the
# file truncated when none does. zstd 1.5.4, which reads .xz, fails behind the first stream. Expected: the contents
# from each, as of two streams without padding.
. "$(dirname "$0")/lib"
install xz-utils=5.4.1-1+deb12u2 liblzma5=5.4.1-1+deb12u2 zstd=1.5.4+dfsg2-5+deb12u1 libzstd1=1.5.4+dfsg2-5+deb12u1 \
    python3.11-minimal=3.11.2-6+deb12u9 libpython3.11-stdlib=3.11.2-6+deb12u9 libpython3.11-minimal=3.11.2-6+deb12u9

echo one | xz >"$work/one.xz"
echo two | xz >"$work/two.xz"
head -c 4 /dev/zero >"$work/zeros"
cat "$work/one.xz" "$work/two.xz" >"$work/streams.xz"
cat "$work/one.xz" "$work/zeros" "$work/two.xz" >"$work/between.xz"
cat "$work/one.xz" "$work/zeros" >"$work/behind.xz"
by_xz() { xz -dc "$work/$1.xz" | tr '\n' ' '; }
by_zstd() { zstd -dcq "$work/$1.xz" 2>/dev/null | tr '\n' ' '; }
by_python() {
    python3.11 -c 'import lzma, sys; print(*lzma.open(sys.argv[1], "rt"), sep="")' "$work/$1.xz" 2>&1 |
        sed '/^Traceback\|^ /d; s/:.*//' | tr -s '\n' ' '
}
same "two streams: xz" "one two " "$(by_xz streams)"
same "Python" "one two " "$(by_python streams)"
same "zstd" "one two " "$(by_zstd streams)"
same "zeros between them: xz" "one two " "$(by_xz between)"
same "Python" "one " "$(by_python between)"
same "zstd" "one " "$(by_zstd between)"
same "one stream and zeros: xz" "one " "$(by_xz behind)"
same "Python" "EOFError " "$(by_python behind)"
verdict
