/* What the cost consists of, and how it compares with other systems. */
#ifndef BENCH_BREAKDOWN_H
#define BENCH_BREAKDOWN_H

#include "table.h"

/* Real programs, by each ingredient alone and all together. */
struct table breakdown_ingredients(const json_t *result, const struct summary *summary);

/* The same for text: how much larger it is in each configuration. */
struct table breakdown_text(const json_t *result);

/* Every other system over the programs that it can run, beside Bulkhead over the same programs. */
struct table breakdown_alternatives(const json_t *result, const struct summary *summary);

#endif
