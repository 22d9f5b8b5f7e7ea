#include "compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "summary.h"

/* A change counts when it is not explained by chance at this confidence (there are hundreds of comparisons), the
 * quartiles have parted, and it is large enough for somebody to care. With fewer rounds nothing can be told. */
#define CONFIDENCE 0.99
#define LEAST_CHANGE 0.01

struct tally {
    FILE *out;
    int worse, better, within, unknown, missing;
};

static void times(struct tally *tally, const char *name, const char *what, const double *old, size_t old_count,
                  const double *new, size_t count) {
    double before = stats_median(old, old_count), after = stats_median(new, count), change = after / before;
    if (old_count < STATS_LEAST_VALUES || count < STATS_LEAST_VALUES) {
        if (fabs(change - 1) >= 0.02)
            fprintf(tally->out, "unknown  %-26s %-14s %.3f -> %.3f: too few rounds (%zu, %zu) to tell\n", name, what,
                    before, after, old_count, count);
        tally->unknown++;
        return;
    }
    struct interval sure = stats_change_interval(old, old_count, new, count, CONFIDENCE);
    struct interval left = stats_quartiles(old, old_count), right = stats_quartiles(new, count);
    int up = sure.low > 1 && right.low > left.high, down = sure.high < 1 && right.high < left.low;
    if ((!up && !down) || fabs(change - 1) < LEAST_CHANGE) {
        tally->within++;
        return;
    }
    *(up ? &tally->worse : &tally->better) += 1;
    fprintf(tally->out, "%s  %-26s %-14s %.3f -> %.3f: %+.1f %% [%+.1f, %+.1f]\n", up ? "worse  " : "better ", name,
            what, before, after, 100 * (change - 1), 100 * (sure.low - 1), 100 * (sure.high - 1));
}

static void missing(struct tally *tally, const char *name, const char *what) {
    fprintf(tally->out, "missing  %-26s %s\n", name, what);
    tally->missing++;
}

static void compare_cells(struct tally *tally, const struct summary *old, const struct summary *new) {
    for (size_t i = 0; i < old->count; i++) {
        const struct cell *a = &old->cells[i], *b = summary_cell(new, a->run, a->configuration);
        if (b)
            times(tally, a->run, a->configuration, a->ratios, a->count, b->ratios, b->count);
        else
            missing(tally, a->run, a->configuration);
    }
}

static void compare_sizes(struct tally *tally, const json_t *old, const json_t *new) {
    const char *workload, *configuration;
    json_t *of, *size;
    json_object_foreach(json_object_get(old, "sizes"), workload, of) {
        json_object_foreach(of, configuration, size) {
            const json_t *other =
                json_object_get(json_object_get(json_object_get(new, "sizes"), workload), configuration);
            json_int_t before = json_integer_value(json_object_get(size, "text")),
                       after = json_integer_value(json_object_get(other, "text"));
            if (!other || !before || !after) {
                if (before || !other)
                    missing(tally, workload, configuration);
                continue;
            }
            if (before == after) {
                tally->within++;
                continue;
            }
            *(after > before ? &tally->worse : &tally->better) += 1;
            fprintf(tally->out, "%s  %-26s %-14s text %lld -> %lld bytes: %+.2f %%\n",
                    after > before ? "worse  " : "better ", workload, configuration, (long long)before,
                    (long long)after, 100 * ((double)after / (double)before - 1));
        }
    }
}

/* The repetitions of one micro-benchmark. The caller frees the values. */
static size_t repetitions(const json_t *result, const char *run, double **values) {
    json_t *benchmarks = json_object_get(json_object_get(result, "micro"), "benchmarks"), *benchmark;
    size_t i, count = 0;
    *values = allocate(json_array_size(benchmarks), sizeof **values);
    json_array_foreach(benchmarks, i, benchmark) {
        const char *name = json_string_value(json_object_get(benchmark, "run_name"));
        if (strcmp(json_string_value(json_object_get(benchmark, "run_type")), "iteration") != 0 ||
            strcmp(name, run) != 0)
            continue;
        int real = strstr(name, "/real_time") || strstr(name, "/manual_time");
        double value = json_number_value(json_object_get(benchmark, real ? "real_time" : "cpu_time"));
        if (value > 0)
            (*values)[count++] = value;
    }
    return count;
}

static void compare_micro(struct tally *tally, const json_t *old, const json_t *new) {
    json_t *benchmarks = json_object_get(json_object_get(old, "micro"), "benchmarks"), *benchmark;
    size_t i;
    struct strings seen = {0};
    json_array_foreach(benchmarks, i, benchmark) {
        const char *run = json_string_value(json_object_get(benchmark, "run_name"));
        if (strings_contain(&seen, run))
            continue;
        strings_add(&seen, run);
        double *before, *after;
        size_t before_count = repetitions(old, run, &before), count = repetitions(new, run, &after);
        if (before_count && count)
            times(tally, run, "micro", before, before_count, after, count);
        else if (before_count)
            missing(tally, run, "micro");
        free(before);
        free(after);
    }
    strings_free(&seen);
}

static void warn_of_differences(FILE *out, const json_t *old, const json_t *new) {
    const char *names[] = {"cpu", "kernel"};
    for (size_t i = 0; i < 2; i++) {
        const char *a = json_string_value(json_object_get(json_object_get(old, "machine"), names[i]));
        const char *b = json_string_value(json_object_get(json_object_get(new, "machine"), names[i]));
        if (strcmp(a, b) != 0)
            fprintf(out, "note: another %s: %s, then %s; part of any change may be that\n", names[i], a, b);
    }
}

int compare_results(FILE *out, const json_t *old, const json_t *new) {
    struct tally tally = {.out = out};
    warn_of_differences(out, old, new);
    struct summary before = summarise(old), after = summarise(new);
    if (json_object_get(old, "compile"))
        summarise_measured(&before, old, "compile sqlite3.c", json_object_get(old, "compile"));
    if (json_object_get(new, "compile"))
        summarise_measured(&after, new, "compile sqlite3.c", json_object_get(new, "compile"));
    compare_cells(&tally, &before, &after);
    compare_sizes(&tally, old, new);
    compare_micro(&tally, old, new);
    summary_free(&before);
    summary_free(&after);
    fprintf(out, "%d worse, %d better, %d unchanged within noise, %d with too few rounds to tell, %d missing\n",
            tally.worse, tally.better, tally.within, tally.unknown, tally.missing);
    return tally.worse;
}
