/* Escapes made on purpose, by code that the verifier refuses: each detector of the harness must notice one. */
#ifndef BULKHEAD_TEST_ESCAPES_H
#define BULKHEAD_TEST_ESCAPES_H

#include <stdbool.h>

struct escape {
    const char *name, *bytes;
    unsigned length;
    unsigned kind;        /* of registers, see hostile.c */
    bool needs_cell;      /* only makes sense in the surroundings of a batch's cell */
    const char *expected; /* what judge() or the cell's check says */
};

enum { ESCAPE_COUNT = 22 };
extern const struct escape escapes[ESCAPE_COUNT];

/* True when this machine cannot do it (no protection keys, no way to catch system calls). */
bool escape_impossible(const struct escape *escape);

#endif
