#include "stats.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"

#define RESAMPLES 2000

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double sorted_quantile(const double *sorted, size_t count, double fraction) {
    if (!count)
        return NAN;
    double place = fraction * (double)(count - 1);
    size_t low = (size_t)place;
    size_t high = low + 1 < count ? low + 1 : low;
    return sorted[low] + (sorted[high] - sorted[low]) * (place - (double)low);
}

double stats_quantile(const double *values, size_t count, double fraction) {
    double *sorted = allocate(count, sizeof *sorted);
    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, ascending);
    double result = sorted_quantile(sorted, count, fraction);
    free(sorted);
    return result;
}

double stats_median(const double *values, size_t count) { return stats_quantile(values, count, 0.5); }

struct interval stats_quartiles(const double *values, size_t count) {
    return (struct interval){stats_quantile(values, count, 0.25), stats_quantile(values, count, 0.75)};
}

double stats_geomean(const double *values, size_t count) {
    if (!count)
        return NAN;
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (!(values[i] > 0))
            return NAN;
        sum += log(values[i]);
    }
    return exp(sum / (double)count);
}

/* xorshift64*: the same numbers on every machine, so that a report can be repeated from its file. */
static uint64_t next(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1DU;
}

static double resampled_median(const double *values, size_t count, double *scratch, uint64_t *state) {
    for (size_t i = 0; i < count; i++)
        scratch[i] = values[(size_t)((next(state) >> 11) % count)];
    qsort(scratch, count, sizeof *scratch, ascending);
    return sorted_quantile(scratch, count, 0.5);
}

static struct interval middle(double *results, double confidence) {
    qsort(results, RESAMPLES, sizeof *results, ascending);
    double tail = (1 - confidence) / 2;
    return (struct interval){sorted_quantile(results, RESAMPLES, tail), sorted_quantile(results, RESAMPLES, 1 - tail)};
}

struct interval stats_geomean_interval(const struct samples *sets, size_t count, double confidence) {
    size_t largest = 0;
    for (size_t i = 0; i < count; i++) {
        if (!sets[i].count)
            return (struct interval){NAN, NAN};
        if (sets[i].count > largest)
            largest = sets[i].count;
    }
    if (!count)
        return (struct interval){NAN, NAN};
    uint64_t state = 0x9E3779B97F4A7C15U;
    double *scratch = allocate(largest, sizeof *scratch), *results = allocate(RESAMPLES, sizeof *results);
    for (size_t i = 0; i < RESAMPLES; i++) {
        double sum = 0;
        for (size_t set = 0; set < count; set++)
            sum += sets[set].weight * log(resampled_median(sets[set].values, sets[set].count, scratch, &state));
        results[i] = exp(sum);
    }
    struct interval result = middle(results, confidence);
    free(scratch);
    free(results);
    return result;
}

struct interval stats_median_interval(const double *values, size_t count, double confidence) {
    struct samples set = {values, count, 1};
    return stats_geomean_interval(&set, 1, confidence);
}

struct interval stats_change_interval(const double *base, size_t base_count, const double *values, size_t count,
                                      double confidence) {
    struct samples sets[] = {{values, count, 1}, {base, base_count, -1}};
    return stats_geomean_interval(sets, 2, confidence);
}
