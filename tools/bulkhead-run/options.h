/* The command line of bulkhead-run. */
#ifndef BULKHEAD_RUN_OPTIONS_H
#define BULKHEAD_RUN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "bulkhead/bulkhead.h"

/* What it calls itself. bench-run, made of the same sources, defines another name. */
#ifndef PROGRAM_NAME
#define PROGRAM_NAME "bulkhead-run"
#endif

/* Exit statuses of the tool itself; otherwise it exits as the guest does, or with 128 + the signal of its fault. */
enum { STATUS_USAGE = 125, STATUS_DEADLINE = 124, STATUS_REFUSED = 126, STATUS_UNREADABLE = 127 };

struct options {
    bh_policy *policy;
    uint64_t deadline; /* nanoseconds, 0: none */
    bool allow_stores_only, stats, log_refused;
    bool policy_file;    /* the policy came from a file: nothing is granted beyond it and the options */
    bool threads;        /* --threads was given */
    char *argv0;         /* NULL: the program's */
    bool binfmt;         /* --binfmt was given: what follows the options is a command of the host's */
    char *started_in;    /* not NULL: the kernel started this for a module of that command; where --binfmt was given */
    bool seek_directory; /* the guest's working directory is the host's, if it was granted */
    int program;         /* index in argv */
};

/* Parses argv into *options, whose policy exists. Returns -1 to go on, or a status to exit with. */
int parse_options(int argc, char **argv, struct options *options);

#endif
