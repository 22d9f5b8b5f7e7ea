# What tools/build-sysroot and tools/build-cxx share; they set $top, $tools and $build. For bash, to be sourced.
# shellcheck shell=bash disable=SC2154,SC2034
llvm=$(sed -n 's/^set(BULKHEAD_LLVM_VERSION \([0-9]*\).*/\1/p' "$top/CMakeLists.txt") # the one place that names it
musl_source=musl llvm_source=llvm-toolchain-19 # in tools/sources.txt
jobs=${JOBS:-$(nproc)}
cc=$build/bin/bulkhead-clang

die() { echo "${0##*/}: $*" >&2; exit 1; }

# One build at a time in one build directory.
lock() {
    mkdir -p "$build/src"
    exec 9>"$build/src/lock"
    flock 9
}

unpacked() { # NAME DIR [TAR-ARG]...: unpacks once, again when the pin or the arguments change
    local name=$1 dir=$2 key
    shift 2
    key="$(grep "^$name " "$tools/sources.txt") $*"
    if [ ! -f "$dir/.unpacked" ] || [ "$(cat "$dir/.unpacked")" != "$key" ]; then
        rm -rf "$dir"
        "$tools/fetch-source" --unpack "$dir" "$name" "$@"
        echo "$key" >"$dir/.unpacked"
    fi
}

# The front itself is not an input: what matters of it is the command it makes. From a fixed directory, because the command names it,
# and without the C++ headers, whose place depends on what is built.
front_command() { # COMPILER OPTION...
    (cd / && "$@" -nostdinc++ -'###' -c /dev/null 2>&1) | sed "s|$build|BUILD|g" | grep -v -e InstalledDir -e '^ *(in-process)'
}

# How files of our own are compiled, and, when `inside_musl TAG` has set it, files that see what musl keeps to itself: its headers,
# in the order of its build, for the flavour TAG.
own_flags=(-O2 -ffreestanding -fno-stack-protector -I "$top/include")
inside_musl() {
    local musl=$build/src/musl made=$build/obj/musl-$1/obj
    inside=("${own_flags[@]}" -std=c99 -D_XOPEN_SOURCE=700 -I "$musl/arch/x86_64" -I "$musl/arch/generic" -I "$made/src/internal"
        -I "$musl/src/include" -I "$musl/src/internal" -I "$made/include" -I "$musl/include")
}

failed() { # WHAT LOG: the errors of the log, and where it is
    grep -E "(^|: )(fatal )?error:|^(make|ninja).*(Error|stopped)|^CMake Error" "$2" | tail -n 10 | cut -c1-500 >&2
    die "$1 failed; the whole log is $2"
}
