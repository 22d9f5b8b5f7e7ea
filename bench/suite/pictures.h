/* The charts of a report. */
#ifndef BENCH_PICTURES_H
#define BENCH_PICTURES_H

#include <jansson.h>

#include "chart.h"
#include "summary.h"

enum picture {
    PICTURE_REAL,
    PICTURE_INGREDIENTS,
    PICTURE_ALTERNATIVES,
    PICTURE_TEXT,
    PICTURE_KERNEL,
    PICTURE_BRANCH,
    PICTURES
};
extern const char *const picture_names[PICTURES]; /* of files */

/* A chart without rows where nothing was measured. The caller frees its rows, but not what they point to. */
struct chart picture_make(enum picture picture, const json_t *result, const struct summary *summary);

#endif
