/* What the programs of this directory share about their command lines. */
#ifndef BULKHEAD_TEST_COMMAND_H
#define BULKHEAD_TEST_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* True when argv[*i] is name; then the number behind it is in *value and *i stands on it. Exits when there is none. */
static inline bool command_number(int argc, char **argv, int *i, const char *name, uint64_t *value)
{
    char *end;
    if (strcmp(argv[*i], name))
        return false;
    if (*i + 1 >= argc || (*value = strtoull(argv[*i + 1], &end, 0), *end || end == argv[*i + 1])) {
        fprintf(stderr, "%s needs a number\n", name);
        exit(2);
    }
    ++*i;
    return true;
}

/* A steady clock, in seconds. */
static inline double command_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

#endif
