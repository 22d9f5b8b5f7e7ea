#!/bin/sh
# Duktape 2.7.0 reads 9007199254740993 (2^53 + 1) as ...994, and parseInt("9007199254740993") likewise. It lies half-way between two doubles; ECMAScript lets
# a reader round to the nearest, ties to even, which is ...992, as node and MuJS do, or differ only beyond the 20th digit. Expected: 992.
. "$(dirname "$0")/lib"
install mujs=1.3.2-1 libmujs2=1.3.2-1 duktape=2.7.0-2 libduktape207=2.7.0-2

echo 'print([9007199254740993 - 9007199254740000, parseInt("9007199254740993") - 9007199254740000, 9007199254740995 - 9007199254740000].join(" "));' >"$work/literal.js"
same "Duktape" "994 994 996" "$(duk "$work/literal.js")"
same "MuJS" "992 992 996" "$(mujs "$work/literal.js")"
verdict
