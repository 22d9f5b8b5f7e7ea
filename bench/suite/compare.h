/* What changed between two results beyond noise. */
#ifndef BENCH_COMPARE_H
#define BENCH_COMPARE_H

#include <jansson.h>
#include <stdio.h>

/* Prints what is better, worse, unknown and missing in `new`; returns how many things are worse. */
int compare_results(FILE *out, const json_t *old, const json_t *new);

#endif
