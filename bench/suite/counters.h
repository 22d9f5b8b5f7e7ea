/* Instructions and cycles in user mode by the processor's own counters, where the kernel lets us at them. */
#ifndef BENCH_COUNTERS_H
#define BENCH_COUNTERS_H

#include <sys/types.h>

struct counters {
    int instructions, cycles; /* descriptors, or -1 */
};

/* Counters of a child that has not yet executed its program: they start with that, and follow its own children. */
struct counters counters_open(pid_t child);

/* Reads and closes them after the child's end. What was not counted, or not all the time, is -1. */
void counters_close(struct counters *counters, double *instructions, double *cycles);

#endif
