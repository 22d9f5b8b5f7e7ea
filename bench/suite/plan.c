#include "plan.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "stats.h"

/* An hour, and five minutes; the reserve is for compiling, the micro-benchmarks and instances. */
#define FULL_SECONDS 3600.0
#define FULL_RESERVE 600.0
#define QUICK_SECONDS 300.0
#define QUICK_RESERVE 120.0
#define MOST_ROUNDS 15 /* more tell little more */

/* What the targets are about gets most of the time: it has to be known best. */
static int is_primary(const struct configuration *configuration) {
    return !strcmp(configuration->name, "full") || !strcmp(configuration->name, "stores");
}

/* PART_COUNT if it names none. */
static int part_named(const char *name) {
    int part = 0;
    while (part < PART_COUNT && strcmp(name, part_names[part]) != 0)
        part++;
    return part;
}

static int is_target(const struct catalogue *catalogue, const char *name) {
    for (size_t i = 0; i < catalogue->workload_count; i++) {
        const struct workload *workload = &catalogue->workloads[i];
        if (!strcmp(workload->name, name))
            return 1;
        for (size_t j = 0; j < workload->run_count; j++)
            if (!strcmp(workload->runs[j].name, name))
                return 1;
    }
    return 0;
}

void plan_list(const struct catalogue *catalogue, FILE *out) {
    fprintf(out, "programs, and their runs:\n");
    for (size_t i = 0; i < catalogue->workload_count; i++) {
        const struct workload *workload = &catalogue->workloads[i];
        fprintf(out, "  %s (%s):", workload->name, workload->group);
        for (size_t j = 0; j < workload->run_count; j++)
            fprintf(out, " %s", workload->runs[j].name);
        fprintf(out, "\n");
    }
    fprintf(out, "configurations:\n");
    for (size_t i = 0; i < catalogue->configuration_count; i++) {
        const struct configuration *configuration = &catalogue->configurations[i];
        fprintf(out, "  %-14s %s\n", configuration->name, configuration->description);
    }
    fprintf(out, "parts:");
    for (int i = 0; i < PART_COUNT; i++)
        fprintf(out, " %s", part_names[i]);
    fprintf(out, "\n");
}

static _Noreturn void unknown(const struct catalogue *catalogue, const char *option, const char *name) {
    fprintf(stderr, "%s: --%s %s: nothing is called so; there are\n", program_name, option, name);
    plan_list(catalogue, stderr);
    exit(STATUS_USAGE);
}

/* Adds a configuration, its reference first; twice does nothing. */
static void add_configuration(struct plan *plan, const struct catalogue *catalogue,
                              const struct configuration *configuration) {
    for (size_t i = 0; i < plan->configuration_count; i++)
        if (plan->configurations[i] == configuration)
            return;
    if (!configuration_is_reference(configuration))
        add_configuration(plan, catalogue, catalogue_configuration(catalogue, configuration->reference));
    if (plan->configuration_count == ROUND_VARIANTS)
        fail(STATUS_FAILED, "more than %d configurations", ROUND_VARIANTS);
    plan->configurations[plan->configuration_count++] = configuration;
}

static void choose_configurations(struct plan *plan, const struct catalogue *catalogue, const struct options *o,
                                  int some_only) {
    for (size_t i = 0; i < o->configurations.count; i++)
        if (!catalogue_configuration(catalogue, o->configurations.items[i]))
            unknown(catalogue, "configuration", o->configurations.items[i]);
    int named = some_only || o->configurations.count;
    for (size_t i = 0; i < catalogue->configuration_count; i++) {
        const struct configuration *configuration = &catalogue->configurations[i];
        int chosen = named      ? strings_contain(&o->only, configuration->name) ||
                                      strings_contain(&o->configurations, configuration->name)
                     : o->quick ? !strcmp(configuration->name, "full")
                                : 1;
        if (chosen)
            add_configuration(plan, catalogue, configuration);
    }
}

struct plan plan_make(const struct catalogue *catalogue, const struct options *o) {
    struct plan plan = {0};
    size_t parts = 0, targets = 0, configurations = 0, runs = 0;
    for (size_t i = 0; i < o->only.count; i++) {
        const char *name = o->only.items[i];
        if (part_named(name) < PART_COUNT)
            parts++;
        else if (is_target(catalogue, name))
            targets++;
        else if (catalogue_configuration(catalogue, name))
            configurations++;
        else
            unknown(catalogue, "only", name);
    }
    for (int i = 0; i < PART_COUNT; i++) {
        int by_program = i == PART_RUN || i == PART_SIZE;
        plan.parts[i] = parts ? strings_contain(&o->only, part_names[i])
                        : targets || configurations || o->configurations.count ? by_program
                                                                               : !o->quick || i != PART_COMPILE;
    }
    choose_configurations(&plan, catalogue, o, configurations != 0);
    for (size_t i = 0; i < catalogue->workload_count; i++)
        runs += catalogue->workloads[i].run_count;
    plan.targets = allocate(runs, sizeof *plan.targets);
    for (size_t i = 0; i < catalogue->workload_count; i++) {
        const struct workload *workload = &catalogue->workloads[i];
        int whole = !targets || strings_contain(&o->only, workload->name);
        size_t count = o->quick && whole && workload->run_count ? 1 : workload->run_count;
        for (size_t j = 0; j < count; j++)
            if (whole || strings_contain(&o->only, workload->runs[j].name))
                plan.targets[plan.target_count++] = (struct target){workload, &workload->runs[j]};
    }
    return plan;
}

bool plan_includes(const struct plan *plan, const char *name, const char *configuration) {
    int part = part_named(name);
    if (part < PART_COUNT)
        return plan->parts[part];
    bool target = false, known = false;
    for (size_t t = 0; t < plan->target_count; t++)
        target |= !strcmp(name, plan->targets[t].run->name) || !strcmp(name, plan->targets[t].workload->name);
    for (size_t c = 0; c < plan->configuration_count; c++)
        known |= !strcmp(configuration, plan->configurations[c]->name);
    return (plan->parts[PART_RUN] || plan->parts[PART_SIZE]) && target && known;
}

static double total(const struct plan *plan, const double *cost, const double *pairs, long primary, long other) {
    double seconds = 0;
    for (size_t i = 0; i < plan->configuration_count; i++)
        if (!configuration_is_reference(plan->configurations[i]))
            seconds += (cost[i] + pairs[i]) * (double)(is_primary(plan->configurations[i]) ? primary : other);
    return seconds;
}

/* One round for three of what the targets are about: the others show what its cost consists of. */
static long rounds_of_others(long primary) { return primary / 3 > 1 ? primary / 3 : 1; }

double plan_rounds(struct plan *plan, const struct options *o, const double *cost, const double *pairs,
                   double already) {
    double whole = o->minutes ? 60.0 * (double)o->minutes : o->quick ? QUICK_SECONDS : FULL_SECONDS;
    double budget = whole - (o->quick ? QUICK_RESERVE : FULL_RESERVE);
    long most = o->minutes ? LONG_MAX : MOST_ROUNDS;
    long least = o->quick ? 1 : STATS_LEAST_VALUES, primary = o->rounds, other = o->rounds;
    if (!o->rounds) {
        for (primary = least; primary < most; primary++)
            if (already + total(plan, cost, pairs, primary + 1, rounds_of_others(primary + 1)) > budget)
                break;
        other = rounds_of_others(primary);
    }
    for (size_t i = 0; i < plan->configuration_count; i++)
        plan->rounds[i] = configuration_is_reference(plan->configurations[i]) ? 0
                          : is_primary(plan->configurations[i])               ? primary
                                                                              : other;
    return total(plan, cost, pairs, primary, other);
}
