#!/bin/sh
# Google Benchmark 1.7.1 writes JSON that is none: a counter that is not a number becomes NaN, an infinite one Infinity, and a control character
# of a label (a tab is escaped) goes out raw. Expected: null or a string, and \u0001. One division by a count of zero makes a whole
# result file unreadable for jansson or node; Python's reader takes the numbers, and stops at the label.
. "$(dirname "$0")/lib"
install libbenchmark-dev=1.7.1-1 libbenchmark1debian=1.7.1-1

cat >"$work/counters.cpp" <<'C'
#include <benchmark/benchmark.h>
static void counters(benchmark::State &state) {
    for (auto _ : state) {
    }
    volatile double none = 0;
    state.counters["mean"] = none / none;
    state.counters["rate"] = 1 / none;
    state.SetLabel("a\tb\1c");
}
BENCHMARK(counters)->Iterations(1);
BENCHMARK_MAIN();
C
(unset LD_LIBRARY_PATH
c++ -I"$work/root/usr/include" "$work/counters.cpp" "$work/root/usr/lib/x86_64-linux-gnu/libbenchmark.so.1debian" -pthread -o "$work/counters") || die "no C++ compiler here"
"$work/counters" --benchmark_format=json >"$work/result.json" 2>/dev/null
field() { sed -n "s/^ *\"$1\": //p" "$work/result.json" | tr '\1' '?'; }
same "a counter of 0/0" "NaN," "$(field mean)"
same "a counter of 1/0" "Infinity," "$(field rate)"
same "a label with a tab and a byte 1 (here ?)" '"a\tb?c"' "$(field label)"
verdict
