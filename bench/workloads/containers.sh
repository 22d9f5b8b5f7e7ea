# Our own, C++: strings, maps, hash tables, sorting and streams of the standard library.
source=own
group=kernel
language=c++
wasm="no: C++"
build() { $cxx $flags "$data/containers.cpp" -o "$out/containers"; }
input() { :; }
runs() { run containers - 60000 12; }
