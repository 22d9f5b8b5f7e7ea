# The alternatives, sourced by bench/workload: programs compiled to WebAssembly once (configuration `wasm`), then translated back to C
# by wasm2c and compiled by the same clang as everything else, or run by node.

wasi_sysroot=/usr/include/wasm32-wasi
wasi_runtime=/usr/src/wasm2c # wasm2c's: one header, one C file

# Prints what is missing for a configuration, nothing when it can be built and run.
wasi_missing() { # CONFIGURATION
    local clang builtins
    clang=$("$build/bin/bulkhead-clang" --native -print-prog-name=clang)
    builtins=$("$clang" --target=wasm32-wasi -print-libgcc-file-name 2>/dev/null || true)
    { [ -f "$wasi_sysroot/stdio.h" ] || echo wasi-libc
    [ -f "$builtins" ] || echo "libclang-rt-$("$clang" -dumpversion | cut -d. -f1)-dev-wasm32"
    case $1 in
    wasm2c) command -v wasm2c >/dev/null && [ -f "$wasi_runtime/wasm-rt-impl.c" ] || echo wabt ;;
    node-wasi) command -v node >/dev/null || echo nodejs ;;
    esac; } | tr '\n' ' '
}

# The part of bench/workload's `configure`: sets $cc (empty where nothing is built beyond the module), $sysroot and $module.
# Ends with status 3 and the reason where the program cannot be had.
wasi_configure() { # CONFIGURATION
    [ "$wasm" = yes ] || unsupported "${wasm#no: }"
    local missing
    missing=$(wasi_missing "$1")
    [ -z "$missing" ] || unsupported "not installed: $missing(tools/setup --bench)"
    sysroot=$build/native-sysroot
    case $1 in
    wasm) module=$name; wasi_library; cc=$(wasi_compiler) ;;
    node-wasi) cc= ;;
    wasm2c)
        case $wasm2c in "no: "*) unsupported "${wasm2c#no: }" ;; esac
        module=$("$here/workload" build "$name" wasm)
        cc="$cc --native"
        build() { wasi_translate "$module" "$out/$name"; }
        ;;
    esac
}

# What a build depends on beside the workload and the sysroot.
wasi_stamp() { # MODULE
    find "$here/wasi" -type f -print0 | LC_ALL=C sort -z | xargs -0 cat
    [ ! -f "$1" ] || cat "$1"
    sha256sum /usr/lib/wasm32-wasi/libc.a "$wasi_runtime"/*.c 2>/dev/null || true
    wasm2c --version 2>/dev/null || true
}

# The compiler for $cc. -mllvm: setjmp becomes exceptions, the older kind, which wasm2c and node both know. The stack is what
# the native program gets, below the data so that an overflow traps. Without -nostdlibinc clang takes headers of this machine. The libraries stand in for what WASI has not:
# signals are never delivered, process clocks are the wall clock.
wasi_compiler() {
    local libraries=$build/bench/wasi
    mkdir -p "$libraries"
    echo "$("$build/bin/bulkhead-clang" --native -print-prog-name=clang) --target=wasm32-wasi -Wno-deprecated" \
        "-Wno-unused-command-line-argument -nostdlibinc -isystem $here/wasi/include -isystem $wasi_sysroot -include $here/wasi/include/posix.h" \
        "-mexception-handling -mllvm -wasm-enable-sjlj -mllvm -wasm-use-legacy-eh=true" \
        "-D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_PROCESS_CLOCKS -D_WASI_EMULATED_GETPID -D_WASI_EMULATED_MMAN" \
        "-L$libraries -lbench-posix -lwasi-emulated-signal -lwasi-emulated-process-clocks -lwasi-emulated-getpid" \
        "-lwasi-emulated-mman -lc-printscan-long-double -Wl,--stack-first,-z,stack-size=8388608 $wasm_flags"
}

# The library with setjmp and with what POSIX has beyond WASI. Built when it is older than its parts, by one process at a time.
wasi_library() {
    local library=$build/bench/wasi/libbench-posix.a part cc
    mkdir -p "$build/bench/wasi"
    cc=$(wasi_compiler)
    (
        flock 8
        [ -z "$(find "$here/wasi" -newer "$library" 2>&1)" ] || {
            rm -f "$library"
            for part in setjmp posix; do
                $cc -O2 -c "$here/wasi/$part.c" -o "$build/bench/wasi/$part.o"
            done
            "$($cc -print-prog-name=llvm-ar)" rcs "$library" "$build/bench/wasi/setjmp.o" "$build/bench/wasi/posix.o"
        }
    ) 8>"$build/bench/wasi/lock"
}

# Translates the module and compiles the result with the host, against the C library and with the link of the native reference:
# wasm2c takes what the host's libm has for rounding, and the host copies memory with its memcpy. No-strict options
# are not needed: the generated code reads and writes its memory through memcpy. Guard pages bound it (the default of wasm2c's
# runtime on 64-bit machines).
wasi_translate() { # MODULE PROGRAM
    local work=$2.work
    rm -rf "$work"
    mkdir -p "$work"
    wasm2c --enable-exceptions --no-debug-names -n guest "$1" -o "$work/guest.c"
    "$build/bin/bulkhead-clang" --native -O2 -w -D_GNU_SOURCE -I"$work" -I"$wasi_runtime" "$work/guest.c" \
        "$here"/wasi/{main,files,process,refused}.c "$wasi_runtime/wasm-rt-impl.c" -lm -o "$2"
    rm -rf "$work"
}
