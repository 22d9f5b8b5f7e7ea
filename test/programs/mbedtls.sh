#!/bin/bash
# mbedtls and its own suites by CMake: each says the same of every case isolated as natively. Its AES-NI is inline
# assembly made of .byte.
. "$(dirname "$0")/lib.sh"
"$top/tools/fetch-source" --unpack "$work/source" mbedtls
export PATH=$BULKHEAD_BUILD/bin:$PATH
build_mbedtls() { # DIRECTORY CMAKE-ARGUMENT...
    local directory=$work/$1
    shift
    cmake -S "$work/source" -B "$directory" -G Ninja -DENABLE_PROGRAMS=OFF -DMBEDTLS_FATAL_WARNINGS=OFF \
        -DCMAKE_BUILD_TYPE=None "$@" >"$directory.log" 2>&1 && ninja -C "$directory" -j2 >>"$directory.log" 2>&1 ||
        { tail -n 30 "$directory.log" >&2; fail "mbedtls does not build: $directory"; }
}
build_mbedtls native -DCMAKE_C_COMPILER=bulkhead-clang "-DCMAKE_C_FLAGS=--native -$level"
build_mbedtls guest "-DCMAKE_TOOLCHAIN_FILE=$top/cmake/BulkheadToolchain.cmake" "-DCMAKE_C_FLAGS=-$level"

suites=0 cases=0
for file in "$work"/guest/tests/test_suite_*; do
    [ -x "$file" ] && [ -f "$file" ] || continue
    name=$(basename "$file")
    verified "$file" >"$work/verified"
    status=0 twin=0
    # By its own name: the suites find their data by an absolute link.
    "$BULKHEAD_BUILD/bin/bulkhead-run" --dir "$work" --cwd "$work/guest/tests" --deadline 600 "$file" --verbose \
        >"$work/guest.out" 2>"$work/guest.err" || status=$?
    (cd "$work/native/tests" && "$work/native/tests/$name" --verbose) >"$work/native.out" 2>"$work/native.err" || twin=$?
    # One case needs more descriptors than a process of the host's may have.
    [ "$name" != test_suite_net ] ||
        sed -i '/^net_poll beyond FD_SETSIZE/d; /^PASSED/d' "$work/guest.out" "$work/native.out"
    [ $status = $twin ] && diff "$work/native.out" "$work/guest.out" ||
        fail "$name: status $status, natively $twin"
    suites=$((suites + 1)) cases=$((cases + $(grep -c 'PASS$' "$work/guest.out" || true)))
done
[ $suites -gt 90 ] || fail "only $suites suites were found"
echo "$suites suites, $cases cases passed"
