/* What the project wants to reach, and whether it does. */
#include <math.h>

#include "report.h"

void report_goals(const json_t *result, const struct summary *summary, struct goal goals[GOALS]) {
    struct mean full = summary_mean(summary, "real", "full", NULL),
                stores = summary_mean(summary, "real", "stores", NULL);
    size_t programs;
    struct interval none = {NAN, NAN}, slowest = none;
    if (full.worst && full.worst->count >= STATS_LEAST_VALUES)
        slowest = stats_median_interval(full.worst->ratios, full.worst->count, 0.95);
    goals[0] = (struct goal){"full isolation, geometric mean", 1.05, full.ratio, full.interval, 0, NULL};
    goals[1] = (struct goal){"stores only, geometric mean", 1.04, stores.ratio, stores.interval, 0, NULL};
    goals[2] = (struct goal){"slowest run of a real program",    1.15, full.worst ? full.worst->ratio : NAN, slowest, 0,
                             full.worst ? full.worst->run : NULL};
    goals[3] = (struct goal){
        "text size, geometric mean", 1.35, size_mean(result, "real", "full", "text", &programs), none, 1, NULL};
}
