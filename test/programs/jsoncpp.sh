#!/bin/bash
# jsoncpp by Meson and its own tests: a program of cases, and documents that a script feeds to another program, which
# writes what it read beside each.
. "$(dirname "$0")/lib.sh"
export PATH=$BULKHEAD_BUILD/bin:$PATH
build_jsoncpp() { # KIND MESON-ARGUMENT...
    local kind=$1
    shift
    "$top/tools/fetch-source" --unpack "$work/$kind-source" libjsoncpp
    meson setup --buildtype=plain -Dcpp_args="-$level" -Ddefault_library=static "$@" "$work/$kind" "$work/$kind-source" \
        >"$work/$kind.log" 2>&1 && ninja -C "$work/$kind" -j2 >>"$work/$kind.log" 2>&1 ||
        { tail -n 30 "$work/$kind.log" >&2; fail "jsoncpp does not build: $kind"; }
}
CC="bulkhead-clang --native" CXX="bulkhead-clang++ --native" build_jsoncpp native
build_jsoncpp guest --cross-file "$BULKHEAD_BUILD/share/bulkhead/meson-cross.ini"
for program in jsoncpp_test jsontestrunner; do verified "$work/guest/$program"; done

meson test -C "$work/native" --no-rebuild -t 30 >"$work/native-tests"
# The script starts the program itself, which this lets it do.
bulkhead-run --binfmt --dir "$work" meson test -C "$work/guest" --no-rebuild -t 30 >"$work/guest-tests"
for kind in native guest; do
    sed -i "s|$work/$kind-source|source|" "$work/$kind-source"/test/data/*.{actual,actual-rewrite,process-output}
done
[ "$(find "$work/guest-source/test/data" -name '*.actual' | wc -l)" -gt 20 ] || fail "documents were not written"
diff -r "$work/native-source/test" "$work/guest-source/test" || fail "what it wrote differs"
same "$work" jsoncpp_test
documents=("$work"/guest-source/test/{data,jsonchecker}/*.json)
echo "$(grep -c ': OK$' "$work/guest.out") cases, and 2 scripts over ${#documents[@]} documents"
