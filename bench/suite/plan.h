/* What is to be measured, and how often. */
#ifndef BENCH_PLAN_H
#define BENCH_PLAN_H

#include <stdio.h>

#include "catalogue.h"
#include "options.h"
#include "rounds.h"

struct target {
    const struct workload *workload;
    const struct run *run;
};

struct plan {
    bool parts[PART_COUNT];
    struct target *targets;
    size_t target_count;
    /* References stand before their variants; all indices below are into this. */
    const struct configuration *configurations[ROUND_VARIANTS];
    long rounds[ROUND_VARIANTS]; /* 0 for references, and until plan_rounds() */
    size_t configuration_count;
};

/* What the options choose; ends the driver with a list of what exists when they name something unknown. */
struct plan plan_make(const struct catalogue *catalogue, const struct options *options);

/* Sets how many rounds each configuration takes part in. `cost[i]` is how long all the targets of configuration i run
 * once, in seconds, together with `pairs[i]`, the same of the references beside it. Returns the seconds that the rounds
 * will take. */
double plan_rounds(struct plan *plan, const struct options *options, const double *cost, const double *pairs,
                   double already);

/* Whether the plan measures what a failure of a result names: a part, or a run or program in a configuration. */
bool plan_includes(const struct plan *plan, const char *name, const char *configuration);

/* --list */
void plan_list(const struct catalogue *catalogue, FILE *out);

#endif
