#!/bin/sh
# wabt 1.0.32's wasm-interp prints a function's results with six digits behind the point, and integers as unsigned:
# 1e-300 and 0 look alike, so do 0.1 + 0.2 and 0.3, and -1 is 18446744073709551615. wasm2wat of the same package
# prints every float exactly and -1 as -1. Expected: that; a test that compares what two builds of a module print sees
# no difference in small numbers.
. "$(dirname "$0")/lib"
install wabt=1.0.32-1

cat >"$work/results.wat" <<'W'
(module
  (func (export "tiny") (result f64) (f64.const 1e-300))
  (func (export "sum") (result f64) (f64.add (f64.const 0.1) (f64.const 0.2)))
  (func (export "decimal") (result f64) (f64.const 0.3))
  (func (export "minus_one") (result i64) (i64.const -1)))
W
wat2wasm "$work/results.wat" -o "$work/results.wasm"
wasm-interp "$work/results.wasm" --run-all-exports >"$work/printed"
printed() { sed -n "s/^$1() => //p" "$work/printed"; }
same "1e-300" "f64:0.000000" "$(printed tiny)"
same "0.1 + 0.2" "f64:0.300000" "$(printed sum)"
same "0.3" "f64:0.300000" "$(printed decimal)"
same "i64.const -1" "i64:18446744073709551615" "$(printed minus_one)"
same "1e-300 and -1 by wasm2wat" "0x1.56e1fc2f8f359p-997 -1" \
    "$(wasm2wat "$work/results.wasm" | sed -n 's/.*64\.const \(0x1\.5[^ ]*\|-1\).*/\1/p' | tr -d ')' | xargs)"
verdict
