/* What the drivers of library workloads share: reading an input whole, and printing what was made of it. */
#ifndef BENCH_DRIVER_H
#define BENCH_DRIVER_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

struct bytes {
    unsigned char *data;
    size_t size;
};

/* Ends the program with a message on standard error and status 1. */
__attribute__((noreturn)) static inline void die(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

/* `size` bytes of memory, or the end of the program. The caller frees them. */
static inline void *allocate(size_t size) {
    void *memory = malloc(size != 0 ? size : 1);
    if (memory == NULL)
        die("out of memory");
    return memory;
}

/* The whole of a file, or the end of the program. The caller frees data. */
static inline struct bytes read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    long size = -1;
    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0 || fseek(file, 0, SEEK_SET) != 0) {
        perror(path);
        exit(1);
    }
    struct bytes all = {(unsigned char *)allocate((size_t)size), (size_t)size}; /* a cast for C++ */
    if (fread(all.data, 1, all.size, file) != all.size)
        die("the input ends early");
    fclose(file);
    return all;
}

/* A number of the command line between 1 and a million, or the end of the program. */
static inline int count_argument(const char *text) {
    long value = strtol(text, NULL, 10);
    if (value < 1 || value > 1000000)
        die("a count is a number between 1 and 1000000");
    return (int)value;
}

/* Prints a size and a checksum (FNV-1a), which outputs are compared by. */
static inline void report(const char *what, const void *data, size_t size) {
    unsigned long long hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ ((const unsigned char *)data)[i]) * 0x100000001b3u;
    printf("%s: %zu bytes, checksum %016llx\n", what, size, hash);
}

#endif
