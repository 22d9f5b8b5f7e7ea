#!/bin/sh
# Miller 6.6.0 passes JSON numbers through as they were written, even 1E5, 1e-400 and thirty digits with a point.
# Integers from 2^63 on or below -2^63, and what is above the largest double, it makes strings: cat puts quotes around
# them, and adding 1 gives the bare word (error), which is no JSON. RFC 8259 sets numbers no bound. Expected: cat
# changes nothing, and sums become floats, as 9223372036854775807 + 1 does.
. "$(dirname "$0")/lib"
install miller=6.6.0-2+b3

cat_() { echo "{\"a\":$1}" | mlr --ijson --ojsonl cat; }
sum() { echo "{\"a\":$1}" | mlr --ijson --ojsonl put '$a = $a + 1'; }
for number in 1E5 1e-400 123456789012345678901234567890.5 9223372036854775807; do
    same "cat of $number" "{\"a\": $number}" "$(cat_ "$number")"
done
for number in 9223372036854775808 -9223372036854775809 18446744073709551615 1e309; do
    same "cat of $number" "{\"a\": \"$number\"}" "$(cat_ "$number")"
done
same "9223372036854775807 + 1" '{"a": 9223372036854776000}' "$(sum 9223372036854775807)"
same "9223372036854775808 + 1" '{"a": (error)}' "$(sum 9223372036854775808)"
verdict
