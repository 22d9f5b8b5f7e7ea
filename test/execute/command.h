/* The command lines of this directory's programs. */
#ifndef BULKHEAD_TEST_COMMAND_H
#define BULKHEAD_TEST_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Set before command_parse to the defaults. */
struct command {
    uint64_t depth, variants;  /* forms: how many of each place and kind of operand; sets of registers of each kind */
    uint64_t seconds, mutants; /* mutants: until when; mutants is UINT64_MAX unless --mutants is given, then seconds is long */
    uint64_t seed;
    bool self_test, stores_only, progress;
    int first; /* index of the first argument that is no option */
};

/* Takes the options of argv that usage mentions. Prints usage and exits with status 2 when something is wrong, also when usage
 * speaks of a MODULE and none is there. */
void command_parse(struct command *command, int argc, char **argv, const char *usage);

/* A steady clock, in seconds. */
static inline double command_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

#endif
