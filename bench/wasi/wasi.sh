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

# Ends with status 3 and the reason where a program cannot run in a configuration.
wasi_check() { # CONFIGURATION
    case $wasm in
    yes) ;;
    no:*) unsupported "${wasm#no: }" ;;
    *) die "workloads/$name.sh: wasm is 'yes' or 'no: reason', not '$wasm'" ;;
    esac
    local missing
    missing=$(wasi_missing "$1")
    [ -z "$missing" ] || unsupported "not installed: $missing(tools/setup --bench)"
}

# What a build depends on beside the workload.
wasi_stamp() {
    cat "$here"/wasi/*.* "$here"/wasi/include/*
    sha256sum /usr/lib/wasm32-wasi/libc.a "$wasi_runtime"/*.c 2>/dev/null || true
    wasm2c --version 2>/dev/null || true
}

# The compiler for $cc. -mllvm: setjmp becomes exceptions, the older kind, which wasm2c and node both know. The stack is what
# the native program gets, below the data so that an overflow traps. The libraries stand in for what WASI has not:
# signals are never delivered, process clocks are the wall clock.
wasi_compiler() {
    local libraries=$build/bench/wasi
    mkdir -p "$libraries"
    echo "$("$build/bin/bulkhead-clang" --native -print-prog-name=clang) --target=wasm32-wasi -Wno-deprecated" \
        "-Wno-unused-command-line-argument -isystem $here/wasi/include" \
        "-mexception-handling -mllvm -wasm-enable-sjlj -mllvm -wasm-use-legacy-eh=true" \
        "-D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_PROCESS_CLOCKS -D_WASI_EMULATED_GETPID -D_WASI_EMULATED_MMAN" \
        "-L$libraries -lbench-setjmp -lwasi-emulated-signal -lwasi-emulated-process-clocks -lwasi-emulated-getpid" \
        "-lwasi-emulated-mman -lc-printscan-long-double -Wl,--stack-first,-z,stack-size=8388608 $wasm_flags"
}

# The library with setjmp, built when a module is. One at a time: several programs may be built at once.
wasi_library() {
    local library=$build/bench/wasi/libbench-setjmp.a
    mkdir -p "$build/bench/wasi"
    (
        flock 8
        [ ! -f "$library" ] || [ "$library" -ot "$here/wasi/setjmp.c" ] || [ "$library" -ot "$here/wasi/wasi.sh" ] || exit 0
        rm -f "$library"
        $(wasi_compiler) -O2 -c "$here/wasi/setjmp.c" -o "$build/bench/wasi/setjmp.o"
        $ar rcs "$library" "$build/bench/wasi/setjmp.o"
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
