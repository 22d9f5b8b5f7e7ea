#!/bin/sh
# Under Valgrind 3.19 mmap() without a hint gives addresses below 4 GiB while there are some, and refuses a reservation of 64 GiB that nobody
# will touch; with a hint (no MAP_FIXED), of 16 GiB for the first and 128 for the second, both go there. Expected: as on Linux, addresses near the top, and a hint that is a
# matter of taste. What tells an address above 4 GiB from one below, or reserves address space as WebAssembly engines do, needs the hint there.
. "$(dirname "$0")/lib"
install valgrind=1:3.19.0-1

cat >"$work/map.c" <<'C'
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
int main(int argc, char **argv) {
    void *hint = (void *)(uintptr_t)(strtoull(argv[argc - 1], 0, 0) << 30), *at;
    at = mmap(hint, strtoull(argv[1], 0, 0) << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    puts(at == MAP_FAILED ? "refused" : at == hint ? "where the hint says" : (uintptr_t)at >> 32 ? "above 4 GiB" : "below 4 GiB");
}
C
(unset LD_LIBRARY_PATH; cc "$work/map.c" -o "$work/map" && strip -g "$work/map") || die "no C compiler here"
export VALGRIND_LIB="$work/root/usr/libexec/valgrind"
# megabytes, hint in GiB
linux() { (unset LD_LIBRARY_PATH; "$work/map" "$@"); }
under() { (unset LD_LIBRARY_PATH; valgrind.bin -q --tool=none "$work/map" "$@"); }
same "Linux, 1 MiB without a hint" "above 4 GiB" "$(linux 1 0)"
same "Valgrind, 1 MiB without a hint" "below 4 GiB" "$(under 1 0)"
same "Valgrind, 1 MiB with a hint" "where the hint says" "$(under 1 16)"
same "Linux, 64 GiB without a hint" "above 4 GiB" "$(linux 65536 0)"
same "Valgrind, 64 GiB without a hint" "refused" "$(under 65536 0)"
same "Valgrind, 64 GiB with a hint" "where the hint says" "$(under 65536 128)"
verdict
