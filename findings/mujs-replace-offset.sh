#!/bin/sh
# MuJS 1.3.2 tells the function that replace() calls for each match that it lies at offset 0, except for the first: the offset counts from the
# end of the match before. And a group that did not take part in a loop's last turn keeps its text of an earlier one. Expected, by ECMAScript 5 (15.5.4.11, 15.10.2.5):
# offsets in the whole string, and undefined; Duktape does so.
. "$(dirname "$0")/lib"
install mujs=1.3.2-1 libmujs2=1.3.2-1 duktape=2.7.0-2 libduktape207=2.7.0-2

cat >"$work/replace.js" <<'J'
print("xa--a-a".replace(/a/g, function (match, offset) { return offset; }));
print(/(z)((a+)?(b+)?(c))*/.exec("zaacbbbcac")[4]);
J
same "Duktape, offsets" "x1--4-6" "$(duk "$work/replace.js" | sed -n 1p)"
same "MuJS" "x1--2-1" "$(mujs "$work/replace.js" | sed -n 1p)"
same "Duktape, (b+) of the last turn" "undefined" "$(duk "$work/replace.js" | sed -n 2p)"
same "MuJS" "bbb" "$(mujs "$work/replace.js" | sed -n 2p)"
verdict
