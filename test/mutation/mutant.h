/* Goes in front of a source whose checks can be switched off (checks.py).
 *
 * BULKHEAD_MUTANT names the check that is deleted, 0 none. BULKHEAD_MUTANT_SEEN names a file with a byte for each check; that of a check
 * which decided something once becomes 1. Both are looked at before main: later a filter may be in force, and the wrapped conditions
 * stand in signal handlers and under locks, so what they run is loads, a compare and at most one store. Everything is weak, so that each
 * source brings what it needs, whatever it is linked to. */
#ifndef BULKHEAD_MUTANT_H
#define BULKHEAD_MUTANT_H
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define BH_MUTANT_SHARED __attribute__((weak, visibility("hidden")))

BH_MUTANT_SHARED int bh_mutant_number = -1;
BH_MUTANT_SHARED unsigned char *bh_mutant_seen = NULL;

BH_MUTANT_SHARED __attribute__((constructor)) void bh_mutant_start(void) {
    struct stat info;
    const char *number = getenv("BULKHEAD_MUTANT"), *seen = getenv("BULKHEAD_MUTANT_SEEN");
    if (bh_mutant_number >= 0)
        return; /* each source has it called */
    bh_mutant_number = number ? atoi(number) : 0;
    int file = seen ? open(seen, O_RDWR | O_CLOEXEC) : -1;
    if (file >= 0 && !fstat(file, &info)) {
        void *map = mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        bh_mutant_seen = map == MAP_FAILED ? NULL : (unsigned char *)map;
    }
    if (file >= 0)
        close(file);
}

/* The condition's value, or `deleted` when this check is off. */
static inline __attribute__((always_inline)) int bh_mutant(int number, int deleted, int value) {
    if (value == deleted)
        return value;
    if (bh_mutant_seen)
        __atomic_store_n(&bh_mutant_seen[number], 1, __ATOMIC_RELAXED);
    return number == bh_mutant_number ? deleted : value;
}

#define BH_MUTANT(number, deleted, ...) bh_mutant(number, deleted, !!(__VA_ARGS__))
#endif
