#!/bin/sh
# WebAssembly's text format lets underscores group digits: 1_000 is 1000. Binaryen 108's wasm-as reads the digits
# before the first underscore and drops the rest, silently, in integers, floats, exponents, memory sizes and the
# addresses of data: 0xffff_ffff is 65535. Expected: the number, or the error that it gives for offset=1_0. wat2wasm
# of wabt reads them all.
. "$(dirname "$0")/lib"
install binaryen=108-1 wabt=1.0.32-1

cat >"$work/numbers.wat" <<'W'
(module
  (memory 1_0 2_0)
  (data (i32.const 1_024) "x")
  (func (drop (i32.const 1_000)) (drop (i32.const 0xffff_ffff)) (drop (i64.const -9_000))
        (drop (f64.const 1_000.5)) (drop (f64.const 1e1_0))
        (drop (f32.const +0x1p-1_0)) (drop (f32.const nan:0x20_0000))))
W
numbers() {
    wasm2wat "$work/numbers.wasm" | grep -oE 'memory \(;0;\) [0-9 ]*|const [^ )]*' |
        sed 's/.*) //; s/const //' | tr '\n' ' '
}
wat2wasm "$work/numbers.wat" -o "$work/numbers.wasm"
same "wat2wasm" "1000 -1 -9000 0x1.f44p+9 0x1.2a05f2p+33 0x1p-10 nan:0x200000 10 20 1024 " "$(numbers)"
wasm-as "$work/numbers.wat" -o "$work/numbers.wasm" >"$work/errors" 2>&1
same "wasm-as" "1 65535 -9 0x1p+0 0x1.4p+3 0x1p-1 nan:0x20 1 2 1 " "$(numbers)"
same "its messages" "" "$(cat "$work/errors")"
verdict
