#!/bin/sh
# MuJS 1.3.2's JSON.parse reads one value and ignores what follows, "1 2" or "{}x", reads 01, and takes a no-break space for white space. Expected: a
# SyntaxError, as the standard demands and Duktape and node give. JSON.parse serves as a check of input there, and is none.
. "$(dirname "$0")/lib"
install mujs=1.3.2-1 libmujs2=1.3.2-1 duktape=2.7.0-2 libduktape207=2.7.0-2

cat >"$work/json.js" <<'J'
function read(text) { try { return typeof JSON.parse(text); } catch (error) { return error.name; } }
print([read("1 2"), read("{} {}"), read("\u00a01"), read("[1,]"), read("01")].join(" "));
J
same "Duktape" "SyntaxError SyntaxError SyntaxError SyntaxError SyntaxError" "$(duk "$work/json.js")"
same "MuJS" "number object number SyntaxError number" "$(mujs "$work/json.js")"
verdict
