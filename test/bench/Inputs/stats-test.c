/* Statistics of known values, and what the plan of rounds promises. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "rounds.h"
#include "stats.h"

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
            exit(1); \
        } \
    } while (0)

static int near(double a, double b) {
    return fabs(a - b) < 1e-12;
}

static void quantiles(void) {
    const double odd[] = {5, 1, 3}, even[] = {4, 1, 3, 2}, one[] = {7};
    CHECK(near(stats_median(odd, 3), 3) && near(stats_median(even, 4), 2.5) && near(stats_median(one, 1), 7));
    CHECK(isnan(stats_median(odd, 0)));
    struct interval quartiles = stats_quartiles(even, 4);
    CHECK(near(quartiles.low, 1.75) && near(quartiles.high, 3.25));
    CHECK(near(stats_quantile(odd, 3, 0), 1) && near(stats_quantile(odd, 3, 1), 5));
    CHECK(odd[0] == 5); /* the caller's order stays */
}

static void means(void) {
    const double values[] = {2, 8}, bad[] = {2, 0};
    CHECK(near(stats_geomean(values, 2), 4) && isnan(stats_geomean(values, 0)) && isnan(stats_geomean(bad, 2)));
}

static void intervals(void) {
    const double same[] = {1.5, 1.5, 1.5, 1.5, 1.5}, spread[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    struct interval none = stats_median_interval(same, 5, 0.99), some = stats_median_interval(spread, 9, 0.95);
    CHECK(near(none.low, 1.5) && near(none.high, 1.5));
    /* The exact interval of a median of nine values by order statistics is the second to the eighth (96 %). */
    CHECK(some.low >= 2 && some.low <= 3 && some.high >= 7 && some.high <= 8);
    struct interval wider = stats_median_interval(spread, 9, 0.999);
    CHECK(wider.low <= some.low && wider.high >= some.high);
    const double before[] = {1.00, 1.01, 0.99, 1.00, 1.02}, after[] = {1.10, 1.11, 1.09, 1.10, 1.12};
    struct interval up = stats_change_interval(before, 5, after, 5, 0.99), equal = stats_change_interval(before, 5, before, 5, 0.99);
    CHECK(up.low > 1.05 && up.high < 1.15 && equal.low <= 1 && equal.high >= 1);
    struct samples sets[] = {{same, 5, 0.5}, {same, 5, 0.5}};
    CHECK(near(stats_geomean_interval(sets, 2, 0.95).low, 1.5) && isnan(stats_geomean_interval(sets, 0, 0.95).low));
}

static int is_reference(const void *context, size_t slot) {
    return !((const struct round *)context)->order[slot];
}

/* Every variant runs once a round, beside two references; over the rounds it meets every shift equally often. */
static void rounds(void) {
    for (size_t variants = 1; variants <= ROUND_VARIANTS; variants++) {
        size_t sides[ROUND_VARIANTS + 1][3] = {{0}};
        for (unsigned long number = 0; number < 3 * variants; number++) {
            struct round round = {0};
            round_plan(&round, variants, number);
            CHECK(round.slots == 2 * variants + 1);
            size_t seen[ROUND_VARIANTS + 1] = {0};
            for (size_t slot = 0; slot < round.slots; slot++) {
                seen[round.order[slot]]++;
                size_t at[2];
                if (!round.order[slot])
                    continue;
                CHECK(!round_references(round.slots, slot, is_reference, &round, at));
                CHECK(at[0] < at[1] && !round.order[at[0]] && !round.order[at[1]]);
                CHECK(slot - at[0] <= 3 || at[0] > slot);
                sides[round.order[slot]][number % 3]++;
            }
            CHECK(seen[0] == variants + 1);
            for (size_t variant = 1; variant <= variants; variant++)
                CHECK(seen[variant] == 1);
        }
        for (size_t variant = 1; variant <= variants; variant++)
            CHECK(sides[variant][0] == variants && sides[variant][1] == variants && sides[variant][2] == variants);
    }
    struct round round = {0};
    size_t at[2];
    round_plan(&round, 1, 0);
    round.samples[0].user = 1.0;
    round.samples[1].user = 5.0; /* the variant's time does not matter */
    round.samples[2].user = 1.2;
    CHECK(near(round_disagreement(&round, 1), 0.2));
    CHECK(round_disagreement(&round, 0) == 0);
    round.order[0] = 1;
    CHECK(round_references(round.slots, 1, is_reference, &round, at) == -1);
}

/* A round comes apart into the variants whose references agree and the others; in either part each keeps its references. */
static void parts(void) {
    for (unsigned long number = 0; number < 3; number++) {
        struct round round = {0}, part;
        round_plan(&round, 4, number);
        for (size_t slot = 0, references = 0; slot < round.slots; slot++)
            round.samples[slot].user = round.order[slot] ? 10 + round.order[slot] : references++ < 2 ? 1.0 : 2.0;
        size_t variants[2];
        for (int beyond = 0; beyond < 2; beyond++) {
            variants[beyond] = round_part(&round, 0.1, beyond, &part);
            CHECK(part.slots == variants[beyond] + 5);
            for (size_t slot = 0; slot < part.slots; slot++) {
                CHECK(!part.order[slot] || near(part.samples[slot].user, 10 + part.order[slot]));
                CHECK(!part.order[slot] || (round_disagreement(&part, slot) > 0.1) == beyond);
            }
        }
        CHECK(variants[0] + variants[1] == 4 && variants[1] == 1);
        CHECK(round_part(&round, 1.0, true, &part) == 0 && round_part(&round, 1.0, false, &part) == 4);
    }
}

int main(void) {
    quantiles();
    means();
    intervals();
    rounds();
    parts();
    puts("ok");
    return 0;
}
