# Our own, C++: exceptions thrown through 1, 10 and 100 frames, each with a destructor.
source=own
group=branch
language=c++
wasm="no: C++"
build() { $cxx $flags "$data/exceptions.cpp" -o "$out/exceptions"; }
input() { :; }
runs() {
    run exceptions-1 - 1 120000
    run exceptions-10 - 10 40000
    run exceptions-100 - 100 6000
}
