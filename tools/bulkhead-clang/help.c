#include "help.h"

#include <stdio.h>

void print_help(void)
{
    puts(
"Usage: bulkhead-clang [CLANG-OPTION | OPTION]... FILE...\n"
"       bulkhead-clang++ ...\n"
"Compiles, assembles and links as clang-" BULKHEAD_LLVM_VERSION " does, into a Bulkhead module: instrumented code that the verifier accepts,\n"
"linked with the guest C library into a static-PIE image. bulkhead-run runs it, or a host program loads it.\n"
"Takes any clang command line; serves as CC and CXX for make, and by other names and files for autoconf\n"
"(--host=x86_64-bulkhead-linux-musl), CMake (BulkheadToolchain.cmake) and Meson (meson-cross.ini): docs/compiling.md.\n"
"\n"
"Options of its own:\n"
"  --library              link a module without main: its functions are exported, its constructors run when the host\n"
"                         instantiates it; archives as a whole with -Wl,--whole-archive FILE -Wl,--no-whole-archive\n"
"  --native               the same, not instrumented: compile and link a native twin against the same C library built\n"
"                         natively (built by tools/build native-sysroot native-cxx), for comparison\n"
"  -pthread               build for threads: r14 is the thread pointer, the C library is the one for threads; give it when\n"
"                         compiling and when linking, for every object\n"
"  --foreign-objects      link objects that other compilers made, too, and let the verifier judge them\n"
"  --help, --version\n"
"\n"
"Options of the plugin and of bulkhead-as:\n"
"  -mllvm -bulkhead-isolate=full|stores   stores leaves loads alone; give it when linking too: the module's note says so,\n"
"                                         and a host must opt in\n"
"  -mllvm -bulkhead-padding=prefix|nop    how bundles are filled up\n"
"\n"
"Differences from clang:\n"
"  The target is always x86_64-linux-musl, the output position independent, the linker lld. -static, -pie and -fPIC are\n"
"  implied. The C++ library is LLVM's libc++, which tools/build cxx builds. __bulkhead__ is defined.\n"
"  Refused, with what to do instead: -shared, -pg, -flto and bitcode in objects, sanitizers that do not trap, profiling,\n"
"  -fsplit-stack, other code models, position-dependent code, hardening against misprediction, configuration files,\n"
"  other compilers than clang's own, -stdlib=libstdc++.\n"
"  Programs that use dlopen link, but loading always fails at run time.\n"
"\n"
"clang-" BULKHEAD_LLVM_VERSION " --help lists everything else.");
}
