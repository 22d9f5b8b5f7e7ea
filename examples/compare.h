/* What the example hosts share: options, and running something natively and isolated, to compare what each wrote down.
 */
#ifndef COMPARE_H
#define COMPARE_H

#include <bulkhead/bulkhead.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline void die(const char *what) {
    fprintf(stderr, "host: %s: %s\n", what, bh_last_error()->text);
    exit(1);
}

static inline void *allocated(void *block) {
    if (!block) {
        fprintf(stderr, "host: out of memory\n");
        exit(1);
    }
    return block;
}

/* Text that grows as it is written. */
struct transcript {
    FILE *stream;
    char *text;
    size_t size;
};
static inline void open_transcript(struct transcript *transcript) {
    transcript->stream = allocated(open_memstream(&transcript->text, &transcript->size));
}
static inline void close_transcript(struct transcript *transcript) {
    fclose(transcript->stream);
    allocated(transcript->text);
}

/* Processor time that each side took. */
struct times {
    double native, isolated;
};
static inline double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
static inline void print_times(const char *name, const struct times *times, long repeat) {
    if (repeat > 1)
        printf("%s: %.2f ms natively, %.2f ms isolated, ratio %.3f\n", name, times->native * 1e3 / (double)repeat,
               times->isolated * 1e3 / (double)repeat, times->isolated / times->native);
}

/* Options: [--repeat N] MODULE [ARGUMENT]... Returns the index of the module in argv; exits with the usage text on
 * anything else, and when there are more than max_arguments behind the module. */
static inline int parse_options(int argc, char **argv, int max_arguments, const char *usage, long *repeat) {
    int module = 1;
    *repeat = 1;
    if (argc > 2 && strcmp(argv[1], "--repeat") == 0) {
        *repeat = strtol(argv[2], NULL, 10);
        module = 3;
    }
    if (argc <= module || argc - module - 1 > max_arguments || argv[module][0] == '-' || *repeat < 1) {
        fprintf(stderr, "usage: host [--repeat N] MODULE%s\n--repeat also measures processor time, over N times.\n",
                usage);
        exit(2);
    }
    return module;
}

/* Where a function is and how it is called. */
struct import {
    const char *name, *signature;
    bh_function *function;
};
static inline void find_functions(bh_instance *instance, const struct import *imports, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (bh_instance_function(instance, imports[i].name, imports[i].signature, imports[i].function) != BH_OK)
            die(imports[i].name);
}

/* Runs an input both ways, in turn, repeat times. isolated returns false when the guest failed; what it did then goes
 * into its transcript. False when the transcripts differ. */
struct comparison {
    void (*natively)(const char *input, size_t size, struct transcript *transcript);
    bool (*isolated)(const char *input, size_t size, struct transcript *transcript);
    bool print; /* the transcript as well */
};
static inline bool compare(const struct comparison *how, const char *name, const char *input, size_t size,
                           long repeat) {
    struct times times = {0};
    bool equal = true;
    for (long i = 0; equal && i < repeat; i++) {
        struct transcript native, isolated;
        open_transcript(&native);
        open_transcript(&isolated);
        double start = seconds();
        how->natively(input, size, &native);
        double middle = seconds();
        if (!how->isolated(input, size, &isolated))
            fprintf(isolated.stream, "contained: %s\n", bh_last_error()->text);
        times.native += middle - start;
        times.isolated += seconds() - middle;
        close_transcript(&native);
        close_transcript(&isolated);
        equal = native.size == isolated.size && memcmp(native.text, isolated.text, native.size) == 0;
        if (!equal)
            printf("%s: they differ. Natively:\n%.2000sIsolated:\n%.2000s", name, native.text, isolated.text);
        else if (i == 0)
            printf("%s: %zu bytes, the same natively and isolated\n%s", name, native.size,
                   how->print ? native.text : "");
        free(native.text);
        free(isolated.text);
    }
    if (equal)
        print_times(name, &times, repeat);
    return equal;
}

#endif
