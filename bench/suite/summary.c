#include "summary.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "rounds.h"

static double number(const json_t *object, const char *name) {
    const json_t *value = json_object_get(object, name);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static int same(const char *a, const char *b) { return a && b && !strcmp(a, b); }

static int is_reference(const void *context, size_t slot) {
    return same(json_string_value(json_array_get(json_object_get(context, "order"), slot)),
                json_string_value(json_object_get(context, "reference")));
}

/* What the rounds say about one configuration, collected. */
struct collection {
    size_t count;
    double *ratios, *controls, *seconds, *shares, *rss, *reference_rss, *instructions;
    size_t counted;
};

static void collect(struct collection *c, const json_t *round, size_t slot) {
    const json_t *samples = json_object_get(round, "samples");
    size_t at[2];
    if (is_reference(round, slot) || round_references(json_array_size(samples), slot, is_reference, round, at))
        return;
    const json_t *variant = json_array_get(samples, slot), *first = json_array_get(samples, at[0]),
                 *second = json_array_get(samples, at[1]);
    double a = number(first, "user"), b = number(second, "user"), v = number(variant, "user"),
           system = number(first, "system");
    if (!(a > 0 && b > 0 && v > 0))
        return; /* shorter than the kernel's clock: no ratio */
    size_t i = c->count++;
    c->ratios[i] = v / ((a + b) / 2);
    c->controls[i] = a / b;
    c->seconds[i] = (a + b) / 2;
    c->shares[i] = a / (a + system);
    c->rss[i] = number(variant, "max_rss_kib");
    c->reference_rss[i] = number(first, "max_rss_kib");
    double counted = number(variant, "instructions") / number(first, "instructions");
    if (isfinite(counted))
        c->instructions[c->counted++] = counted;
}

static void add_cell(struct summary *summary, struct cell cell, const json_t *rounds) {
    double *all[7];
    for (size_t i = 0; i < 7; i++)
        all[i] = allocate(json_array_size(rounds) * ROUND_SLOTS, sizeof *all[i]);
    struct collection c = {0, all[0], all[1], all[2], all[3], all[4], all[5], all[6], 0};
    size_t i, j;
    json_t *round, *name;
    json_array_foreach((json_t *)rounds, i, round)
        json_array_foreach(json_object_get(round, "order"), j,
                           name) if (same(json_string_value(name), cell.configuration)) collect(&c, round, j);
    if (c.count) {
        cell.count = c.count;
        cell.ratios = c.ratios;
        cell.ratio = stats_median(c.ratios, c.count);
        cell.quartiles = stats_quartiles(c.ratios, c.count);
        cell.control = stats_median(c.controls, c.count);
        cell.control_quartiles = stats_quartiles(c.controls, c.count);
        cell.seconds = stats_median(c.seconds, c.count);
        cell.user_share = stats_median(c.shares, c.count);
        cell.rss = stats_median(c.rss, c.count);
        cell.reference_rss = stats_median(c.reference_rss, c.count);
        cell.instructions = stats_median(c.instructions, c.counted);
        struct cell *cells = realloc(summary->cells, (summary->count + 1) * sizeof *cells);
        if (!cells)
            fail(STATUS_FAILED, "no memory for a summary");
        summary->cells = cells;
        cells[summary->count++] = cell;
    }
    for (i = c.count ? 1 : 0; i < 7; i++)
        free(all[i]);
}

void summarise_measured(struct summary *summary, const json_t *result, const char *run, const json_t *measured) {
    const char *workload = json_string_value(json_object_get(measured, "workload"));
    const json_t *about = json_object_get(json_object_get(result, "workloads"), workload);
    const char *group = json_string_value(json_object_get(about, "group")), *configuration;
    json_t *command;
    json_object_foreach(json_object_get(measured, "commands"), configuration, command)
        add_cell(summary,
                 (struct cell){
                     .run = run, .workload = workload, .group = group ? group : "real", .configuration = configuration},
                 json_object_get(measured, "rounds"));
}

struct summary summarise(const json_t *result) {
    struct summary summary = {0};
    const char *run;
    json_t *measured;
    json_object_foreach(json_object_get(result, "runs"), run, measured)
        summarise_measured(&summary, result, run, measured);
    return summary;
}

void summary_free(struct summary *summary) {
    for (size_t i = 0; i < summary->count; i++)
        free(summary->cells[i].ratios);
    free(summary->cells);
    *summary = (struct summary){0};
}

const struct cell *summary_cell(const struct summary *summary, const char *run, const char *configuration) {
    for (size_t i = 0; i < summary->count; i++)
        if (same(summary->cells[i].run, run) && same(summary->cells[i].configuration, configuration))
            return &summary->cells[i];
    return NULL;
}

double summary_program(const struct summary *summary, const char *workload, const char *configuration) {
    double *ratios = allocate(summary->count, sizeof *ratios);
    size_t count = 0;
    for (size_t i = 0; i < summary->count; i++)
        if (same(summary->cells[i].workload, workload) && same(summary->cells[i].configuration, configuration))
            ratios[count++] = summary->cells[i].ratio;
    double mean = stats_geomean(ratios, count);
    free(ratios);
    return mean;
}

struct mean summary_mean(const struct summary *summary, const char *group, const char *configuration,
                         const char *also) {
    struct samples *sets = allocate(summary->count, sizeof *sets);
    struct mean mean = {0, NAN, {NAN, NAN}, NULL};
    size_t count = 0;
    double sum = 0, programs = 0;
    bool enough = true;
    for (size_t i = 0; i < summary->count; i++) {
        const struct cell *cell = &summary->cells[i];
        if (!same(cell->configuration, configuration) || !same(cell->group, group) ||
            (also && !summary_cell(summary, cell->run, also)))
            continue;
        /* Runs share their program's weight. Where only some of its runs were measured with `also`, only those count.
         */
        size_t runs = 0;
        for (size_t j = 0; j < summary->count; j++)
            runs += same(summary->cells[j].workload, cell->workload) &&
                    same(summary->cells[j].configuration, configuration) &&
                    (!also || summary_cell(summary, summary->cells[j].run, also));
        double weight = 1 / (double)runs;
        sets[count++] = (struct samples){cell->ratios, cell->count, weight};
        enough &= cell->count >= STATS_LEAST_VALUES;
        sum += weight * log(cell->ratio);
        programs += weight;
        if (!mean.worst || cell->ratio > mean.worst->ratio)
            mean.worst = cell;
    }
    if (count) {
        mean.workloads = (size_t)lround(programs);
        mean.ratio = exp(sum / programs);
        for (size_t i = 0; i < count; i++)
            sets[i].weight /= programs;
        if (enough)
            mean.interval = stats_geomean_interval(sets, count, 0.95);
    }
    free(sets);
    return mean;
}

double size_ratio(const json_t *result, const char *workload, const char *configuration, const char *what) {
    const json_t *about = json_object_get(json_object_get(result, "configurations"), configuration);
    const char *reference = json_string_value(json_object_get(about, "reference"));
    const json_t *sizes = json_object_get(json_object_get(result, "sizes"), workload);
    return reference
               ? number(json_object_get(sizes, configuration), what) / number(json_object_get(sizes, reference), what)
               : NAN;
}

double size_mean(const json_t *result, const char *group, const char *configuration, const char *what, size_t *count) {
    json_t *workloads = json_object_get(result, "workloads"), *about;
    double *ratios = allocate(json_object_size(workloads), sizeof *ratios);
    const char *workload;
    *count = 0;
    json_object_foreach(workloads, workload, about) {
        double ratio = size_ratio(result, workload, configuration, what);
        if (same(json_string_value(json_object_get(about, "group")), group) && isfinite(ratio))
            ratios[(*count)++] = ratio;
    }
    double mean = stats_geomean(ratios, *count);
    free(ratios);
    return mean;
}

double fact_share(const json_t *result, const char *workload, const char *configuration, const char *fact) {
    const json_t *sizes = json_object_get(json_object_get(result, "sizes"), workload);
    const json_t *facts = json_object_get(json_object_get(sizes, configuration), "facts");
    return number(facts, fact) / number(facts, "text_bytes");
}
