/* The statistics of the benchmarks: medians, quantiles, geometric means, and intervals by resampling.
 *
 * Everything here is deterministic, keeps no state and may be called from any thread. Arrays are read only unless said.
 */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include <stddef.h>

/* With fewer values than these resampling only repeats them, and the interval would be too narrow to conclude from. */
#define STATS_LEAST_VALUES 5

struct interval {
    double low, high;
};

/* The value below which `fraction` (0 to 1) of the values lie, linearly interpolated between neighbours; NAN when count
 * is 0. */
double stats_quantile(const double *values, size_t count, double fraction);

double stats_median(const double *values, size_t count);

/* First and third quartile. */
struct interval stats_quartiles(const double *values, size_t count);

/* NAN when count is 0 or a value is not positive. */
double stats_geomean(const double *values, size_t count);

/* The interval in which the median lies with `confidence` (0.99, say), by the percentile bootstrap with a fixed seed.
 * Meant for STATS_LEAST_VALUES or more. */
struct interval stats_median_interval(const double *values, size_t count, double confidence);

/* The same for median(values) / median(base): what a change between two sets of samples amounts to. */
struct interval stats_change_interval(const double *base, size_t base_count, const double *values, size_t count,
                                      double confidence);

struct samples {
    const double *values;
    size_t count;
    double weight; /* the share of this set's median in the mean; all of them together are 1 */
};

/* The same for the weighted geometric mean of the medians of several sets; a NAN interval when there are none. */
struct interval stats_geomean_interval(const struct samples *sets, size_t count, double confidence);

#endif
