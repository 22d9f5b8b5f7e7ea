/* Bar charts as SVG, light and dark, readable without scripts. Lengths are ratios; bars start at 1, at nothing lost. */
#ifndef BENCH_CHART_H
#define BENCH_CHART_H

#include <stdio.h>

#include "stats.h"

#define CHART_SERIES 3

struct chart_value {
    double ratio;           /* NAN: no bar */
    struct interval spread; /* error bar; NAN: none */
};

struct chart_row {
    const char *label; /* borrowed */
    struct chart_value values[CHART_SERIES];
    int strong; /* a mean, set off from the rest */
};

struct chart {
    const char *title, *series[CHART_SERIES]; /* series after the last are NULL */
    const char *spread;                       /* what the error bars mean, or NULL */
    double goals[2];                          /* dashed lines; 0: none */
    struct chart_row *rows;
    size_t count;
};

/* The look of charts: for the page that holds them, and part of every picture that stands alone. Plain rules, no
 * variables: not every viewer of pictures knows those. */
extern const char chart_style[];

/* `alone`: a file of its own, with its style in it. */
void chart_svg(FILE *out, const struct chart *chart, int alone);

#endif
