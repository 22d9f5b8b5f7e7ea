#!/bin/sh
# MuJS 1.3.2 says it implements ECMAScript 5. Its numbers: toFixed rounds halves to even and toExponential() without an argument gives one digit
# (the standard: halves up, and as many digits as needed); toPrecision drops the zeros that were asked for; the smallest doubles read as 0;
# Number("1e") is 1; 0.1 + 0.2 prints with a last digit that is not the nearest. Expected: what node and Duktape print.
. "$(dirname "$0")/lib"
install mujs=1.3.2-1 libmujs2=1.3.2-1 duktape=2.7.0-2 libduktape207=2.7.0-2

cat >"$work/numbers.js" <<'J'
print([(0.5).toFixed(0), (2.5).toFixed(0), (1.5).toFixed(0)].join(" "));
print([(123456).toExponential(), (0.000001).toPrecision(2), (1e21).toPrecision(3)].join(" "));
print([Number("5e-324") > 0, Number("1e"), 0.1 + 0.2].join(" "));
J
line() { "$1" "$work/numbers.js" | sed -n "$2p"; }
same "Duktape, (0.5).toFixed(0), 2.5, 1.5" "1 3 2" "$(line duk 1)"
same "MuJS" "0 2 2" "$(line mujs 1)"
same "Duktape, toExponential(), toPrecision(2), toPrecision(3)" "1.23456e+5 0.0000010 1.00e+21" "$(line duk 2)"
same "MuJS" "1e+5 1e-6 1e+21" "$(line mujs 2)"
same "Duktape, 5e-324 > 0, Number(\"1e\"), 0.1 + 0.2" "true NaN 0.30000000000000004" "$(line duk 3)"
same "MuJS" "false 1 0.30000000000000007" "$(line mujs 3)"
verdict
