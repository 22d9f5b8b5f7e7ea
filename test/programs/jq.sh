#!/bin/bash
# jq, and its own tests. Its tarball holds no configure script, so what that would find is said here.
. "$(dirname "$0")/lib.sh"
"$top/tools/fetch-source" --unpack "$work/source" jq
export PATH=$BULKHEAD_BUILD/bin:$PATH
cd "$work/source"
sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$/\\n"/' src/builtin.jq >src/builtin.inc
echo '#define JQ_VERSION "1.6"' >src/version.h
# All of <math.h> and <time.h> that it knows, but what musl lacks.
found=(HAVE_ALLOCA_H HAVE_ISATTY HAVE_MEMMEM HAVE_MKTIME HAVE_GMTIME_R HAVE_LOCALTIME_R HAVE_STRPTIME HAVE_STRFTIME
    HAVE_SETLOCALE HAVE_TIMEGM HAVE_GETTIMEOFDAY HAVE_PTHREAD_KEY_CREATE HAVE_TM_TM_GMT_OFF)
mapfile -t -O ${#found[@]} found < <(sed -n 's/^#ifdef \(HAVE_.*\)/\1/p' src/libm.h | grep -vE '_(POW10|GAMMA)$')
build_jq() { # PROGRAM COMPILER...
    local program=$1
    shift
    "$@" "-$level" -std=gnu99 -DIEEE_8087=1 "${found[@]/#/-D}" -I. src/[!i]*.c -lm -o "$program" \
        >"$program.log" 2>&1 || { tail -n 30 "$program.log" >&2; fail "jq does not build: $1"; }
}
build_jq "$work/guest" x86_64-bulkhead-linux-musl-cc
build_jq "$work/native" bulkhead-clang --native
verified "$work/guest"
cd "$work"

for suite in jq base64 optional; do
    status=0 twin=0
    isolated "$work/guest" -L /source/tests/modules --run-tests "/source/tests/$suite.test" \
        >guest.out 2>guest.err || status=$?
    "$work/native" -L source/tests/modules --run-tests "source/tests/$suite.test" >native.out 2>native.err || twin=$?
    sed -i "s|source/tests|/source/tests|g; s|//|/|g" native.out native.err guest.out guest.err
    echo "$suite: $(tail -n 1 guest.out)"
    diff native.out guest.out && diff native.err guest.err && [ $status = $twin ] ||
        fail "$suite: status $status, natively $twin"
done
