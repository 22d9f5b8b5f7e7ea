# What the scripts that run one real program share. They are called as: SCRIPT LEVEL WORK-DIRECTORY. Each builds the program
# for the sandbox and natively, at the same level of optimisation, verifies the module, and compares what the two do.
set -euo pipefail
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
top=$(CDPATH= cd -- "$here/../.." && pwd)
BULKHEAD_BUILD=${BULKHEAD_BUILD:-$top/build}
export BULKHEAD_BUILD
level=$1 work=$2

trap 'echo "${0##*/} at $level: failed at line $LINENO" >&2' ERR
fail() { echo "${0##*/} at $level: $*" >&2; exit 1; }

build_both() { # NAME: sets guest and native to the directories of the two builds
    guest=$("$here/build" "$1" "$level" guest)
    native=$("$here/build" "$1" "$level" native)
}
verified() { "$BULKHEAD_BUILD/bin/bulkhead-verify" "$1" || fail "the verifier refuses $1"; }
# Runs a module with the work directory as its root.
isolated() { "$BULKHEAD_BUILD/bin/bulkhead-run" --dir "$work:/" --env HOME=/ --deadline 600 "$@"; }

rm -rf "$work"
mkdir -p "$work"
work=$(CDPATH= cd -- "$work" && pwd)
export HOME=$work

# Real input: the text of a C library and machine code. The tarballs are pinned, so it is always the same.
real_input() {
    gzip -dc "$("$top/tools/fetch-source" musl)" >"$work/all"
    gzip -dc "$("$top/tools/fetch-source" bzip2)" >>"$work/all"
    head -c 4000000 "$work/all" >"$work/input"
    tail -c 500000 "$work/all" >>"$work/input"
    rm "$work/all"
}

# A library in C++ by its own CMake files, natively and as modules, in $work/native and $work/guest.
cmake_both() { # SOURCE CMAKE-ARGUMENT...
    local source=$1 kind compiler
    shift
    export PATH=$BULKHEAD_BUILD/bin:$PATH
    for kind in native guest; do
        compiler=(-DCMAKE_C_COMPILER=bulkhead-clang -DCMAKE_CXX_COMPILER=bulkhead-clang++)
        compiler+=("-DCMAKE_C_FLAGS=--native -$level" "-DCMAKE_CXX_FLAGS=--native -$level")
        [ $kind = native ] || compiler=("-DCMAKE_TOOLCHAIN_FILE=$top/cmake/BulkheadToolchain.cmake"
            "-DBULKHEAD_PREFIX=$BULKHEAD_BUILD" "-DCMAKE_C_FLAGS=-$level" "-DCMAKE_CXX_FLAGS=-$level")
        cmake -S "$source" -B "$work/$kind" -G Ninja -DCMAKE_BUILD_TYPE=None -DBUILD_SHARED_LIBS=OFF "${compiler[@]}" \
            "$@" >"$work/$kind.log" 2>&1 && ninja -C "$work/$kind" -j2 >>"$work/$kind.log" 2>&1 ||
            { tail -n 30 "$work/$kind.log" >&2; fail "$source does not build: $kind"; }
    done
}
# A test program of both builds: it passes, and writes the same isolated as natively, but for paths and times. $run are
# options of bulkhead-run.
run=()
same() { # DIRECTORY PROGRAM [ARGUMENT]...
    local directory=$1 program=$2 status=0 twin=0 kind
    shift 2
    verified "$work/guest/$program" >"$work/verified"
    (cd "$directory" && "$work/native/$program" "$@") >"$work/native.out" 2>&1 || twin=$?
    "$BULKHEAD_BUILD/bin/bulkhead-run" "${run[@]}" --dir "$work" --cwd "$directory" --deadline 600 \
        "$work/guest/$program" "$@" >"$work/guest.out" 2>&1 || status=$?
    for kind in native guest; do
        sed -i -E "s|$work/$kind/|/|g; s/[0-9.]+ (ms\>|milli-seconds)/N \1/g" "$work/$kind.out"
    done
    diff "$work/native.out" "$work/guest.out" >&2 && [ $status = $twin ] && [ $twin = 0 ] ||
        fail "$program $*: status $status, natively $twin"
}

# Programs by their own configure scripts, and automake's tests: what passes natively passes isolated, but for the
# exceptions.
# Modules are started by the tests as programs are, so this needs what bulkhead-run --binfmt needs.
gnu_tests() { # NAME EXCEPTIONS CONFIGURE-ARGUMENT...: tests $subdirs, after the function prepare where there is one
    local name=$1 exceptions=" $2 " kind make=(make -k -j2 check "SUBDIRS=$subdirs")
    shift 2
    export PATH=$BULKHEAD_BUILD/bin:$PATH FORCE_UNSAFE_CONFIGURE=1
    "$top/tools/fetch-source" --unpack "$work/source" "$name"
    for kind in native guest; do
        mkdir "$work/$kind"
        local compiler=(CC="bulkhead-clang --native" CXX="bulkhead-clang++ --native")
        [ $kind = native ] || compiler=(--host=x86_64-bulkhead-linux-musl)
        (cd "$work/$kind" && ../source/configure -q --disable-nls "$@" "CFLAGS=-$level" "CXXFLAGS=-$level" \
            "${compiler[@]}" && make -j2) >"$work/$kind.log" 2>&1 ||
            { tail -n 30 "$work/$kind.log" >&2; fail "$name does not build: $kind"; }
    done
    [ "$(type -t prepare)" != function ] || prepare
    (cd "$work/native" && "${make[@]}") >"$work/native-check.log" 2>&1 || true
    # The tests look for the programs that they call, and write where they are.
    (cd "$work/guest" && bulkhead-run --binfmt --deadline 300 --dir "$work" --dir /tmp \
        --dir /usr:ro --dir /bin:/bin:ro --dir /sbin:/sbin:ro "${make[@]}") >"$work/guest-check.log" 2>&1 || true
    results native && results guest
    local test result other passed=0 failed=0 excepted=0
    while read -r test result; do
        [ "$result" = PASS ] || continue
        other=$(awk -v test="$test" '$1 == test { print $2 }' "$work/guest.results")
        if [ "$other" = PASS ]; then
            passed=$((passed + 1))
        elif [[ "$exceptions" =~ [[:space:]]$test[[:space:]] ]]; then
            excepted=$((excepted + 1))
        else
            echo "$test: ${other:-missing}, natively PASS" >&2
            failed=$((failed + 1))
        fi
    done <"$work/native.results"
    echo "$name: of $(wc -l <"$work/native.results") tests $(grep -c ' PASS$' "$work/native.results") pass natively," \
        "of these $passed isolated, $excepted are exceptions, and $failed fail"
    [ $failed = 0 ] && [ $passed -gt 0 ]
}
results() { # native|guest: a line "TEST RESULT" for each test
    (cd "$work/$1" && find . -name '*.trs' | sort | while read -r file; do
        echo "$(basename "$file" .trs) $(sed -n 's/^:global-test-result: //p' "$file")"
    done) >"$work/$1.results"
}
