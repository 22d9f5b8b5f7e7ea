/* From the samples of a result to numbers that people read. Everything is computed anew from the file; nothing is kept.
 */
#ifndef BENCH_SUMMARY_H
#define BENCH_SUMMARY_H

#include <jansson.h>

#include "stats.h"

/* One run, or compiling, in one configuration against its reference. Names are borrowed from the result. */
struct cell {
    const char *run, *workload, *group, *configuration;
    size_t count;   /* rounds */
    double *ratios; /* of a round: the variant's user time to the mean of its two references */
    double ratio;   /* their median */
    struct interval quartiles;
    double control; /* median of first reference to second: a difference of nothing */
    struct interval control_quartiles;
    double seconds;            /* median user time of the reference */
    double user_share;         /* of its user and system time */
    double rss, reference_rss; /* medians, KiB */
    double instructions;       /* ratio by the processor's counters; NAN where not counted */
};

struct summary {
    struct cell *cells;
    size_t count;
};

/* The caller frees it with summary_free; it refers to the result. */
struct summary summarise(const json_t *result);
void summary_free(struct summary *summary);

/* Cells of one "measured" object, such as "compile". */
void summarise_measured(struct summary *summary, const json_t *result, const char *run, const json_t *measured);

const struct cell *summary_cell(const struct summary *summary, const char *run,
                                const char *configuration); /* or NULL */

struct mean {
    size_t workloads;
    double ratio; /* geometric mean over programs of the geometric mean of each program's runs; NAN without any */
    struct interval interval; /* 95 %, by resampling rounds: how well this machine knew it, not how programs differ */
    const struct cell *worst;
};

/* Over one group, and only over programs that configuration `also` was measured with (NULL: all of them). */
struct mean summary_mean(const struct summary *summary, const char *group, const char *configuration, const char *also);

/* The geometric mean of one program's runs; NAN without any. */
double summary_program(const struct summary *summary, const char *workload, const char *configuration);

/* A size of a program in a configuration to that of its reference; `what` is "text", "file" or "instructions". NAN
 * where unknown. */
double size_ratio(const json_t *result, const char *workload, const char *configuration, const char *what);

/* The geometric mean of size ratios over a group's programs, and over how many. */
double size_mean(const json_t *result, const char *group, const char *configuration, const char *what, size_t *count);

/* A fact of the verifier's about a program, as a share of its text; NAN where unknown. */
double fact_share(const json_t *result, const char *workload, const char *configuration, const char *fact);

#endif
