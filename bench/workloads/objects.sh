# Our own, C++: objects behind base classes, called virtually, cast, made and destroyed; std::function.
source=own
group=branch
language=c++
wasm="no: C++"
build() { $cxx $flags "$data/objects.cpp" -o "$out/objects"; }
input() { :; }
runs() { run objects - 4000 9000; }
