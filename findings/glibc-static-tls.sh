#!/bin/sh
# In a shared object one variable of the initial-exec model (four bytes, say) moves all of the object's thread-local data into glibc's static TLS
# block, also the kilobytes that are declared general-dynamic; dlopen then fails as soon as they exceed what the block has left. Expected: that
# the model of one variable concerns that variable. Its neighbour of 4 KiB decides whether a plug-in loads.
. "$(dirname "$0")/lib"
unset LD_LIBRARY_PATH

cat >"$work/plugin.c" <<'C'
#ifdef FAST
static _Thread_local int fast __attribute__((tls_model("initial-exec")));
#else
static _Thread_local int fast __attribute__((tls_model("global-dynamic")));
#endif
static _Thread_local char large[SIZE] __attribute__((tls_model("global-dynamic")));
int use(int n) { return ++fast + ++large[n]; }
C
cat >"$work/host.c" <<'C'
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv) {
    void *plugin = dlopen(argv[argc - 1], RTLD_NOW);
    const char *why = plugin ? "loads" : strrchr(dlerror(), ':') + 2;
    puts(why);
}
C
echo "glibc $(getconf GNU_LIBC_VERSION | cut -d' ' -f2), by the machine's compiler"
cc "$work/host.c" -o "$work/host" || die "no C compiler here"
loads() { cc -O1 -shared -fPIC "$@" "$work/plugin.c" -o "$work/plugin.so" && "$work/host" "$work/plugin.so"; }
same "4 KiB and an int, all general-dynamic" "loads" "$(loads -DSIZE=4096)"
same "64 bytes and an int that is initial-exec" "loads" "$(loads -DSIZE=64 -DFAST)"
same "4 KiB and an int that is initial-exec" "cannot allocate memory in static TLS block" "$(loads -DSIZE=4096 -DFAST)"
verdict
