/* The command line of bulkhead-bind. */
#ifndef BULKHEAD_BIND_OPTIONS_H
#define BULKHEAD_BIND_OPTIONS_H

#include <stdbool.h>

#include "../bulkhead-clang/args.h"

struct options {
    const char *header;
    const char *name;      /* of the library, as an identifier */
    const char *output;    /* without .h and .c */
    const char *include;   /* how the wrapper names the header */
    const char *suffix;    /* of the functions that take an instance */
    struct args contracts; /* side files */
    struct args also;      /* further headers whose functions are bound */
    struct args clang;     /* options for libclang */
    bool partial, quiet;
};

/* Ends the process after --help, --version and mistakes. */
void options_read(struct options *options, int argc, char **argv);

#endif
