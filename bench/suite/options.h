/* The command line of tools/bench. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>

#include "base.h"

enum part { PART_RUN, PART_SIZE, PART_COMPILE, PART_MICRO, PART_MANY, PART_COUNT };
extern const char *const part_names[PART_COUNT];

struct options {
    bool quick, resume, no_build, list;
    struct strings only, configurations;
    long minutes; /* 0: an hour, or five minutes when it is to be quick */
    long rounds;  /* 0: as many as fit the time */
    int pin;      /* processor; -1: none */
    const char *output;
    const char *report, *html, *markdown, *svg;
    const char *compare, *compare_with; /* the old result, and the new one or NULL */
};

/* Reads the command line; ends the driver for --help, --version and wrong usage. `output` is the default for --output.
 */
struct options options_read(int argc, char **argv, const char *output);

#endif
