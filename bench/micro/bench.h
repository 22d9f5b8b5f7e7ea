// What the micro-benchmarks share: modules loaded once, and errors that end the program with the library's own words.
#ifndef BENCH_MICRO_BENCH_H
#define BENCH_MICRO_BENCH_H

#include "bulkhead/bulkhead.h"

#include <string>
#include <vector>

namespace bench {

// Ends the program unless the error is BH_OK: numbers from a benchmark that failed would mislead.
void check(bh_error Error);

bh_engine *engine();
// The library of guest.c.
bh_module *guest();
// That of guest_float.c.
bh_module *guestFloat();
// guest.c's in an engine that sets GS by system calls.
bh_module *guestWithoutFsgsbase();
// A new instance, which the caller destroys, without permissions.
bh_instance *create(bh_module *Module);
bh_function function(bh_instance *Instance, const char *Name, const char *Signature);
// The module to verify and to instantiate: --module, or guest.c's.
const std::string &moduleFile();

} // namespace bench

#endif
