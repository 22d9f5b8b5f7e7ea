#include "breakdown.h"

#include <math.h>
#include <string.h>

#include "report.h"
#include "rounds.h"

int is_alternative(const char *configuration) {
    return !strncmp(configuration, "wasm", 4) || !strncmp(configuration, "node", 4);
}

int is_ingredient(const json_t *result, const char *configuration) {
    const json_t *about = json_object_get(json_object_get(result, "configurations"), configuration);
    const char *reference = json_string_value(json_object_get(about, "reference"));
    return reference && strcmp(reference, configuration) != 0 && !strcmp(reference, "native") &&
           !is_alternative(configuration);
}

/* What one ingredient costs times what the other does: what both would cost if they did not touch each other. */
static double product(double addressing, double bundles) { return addressing * bundles; }

/* The configurations that a breakdown has columns for, with their means over the real programs. */
struct ingredients {
    const char *names[ROUND_VARIANTS];
    double means[ROUND_VARIANTS];
    size_t count;
};

/* Starts the table: a column for each ingredient whose mean is known. One alone breaks nothing down: false. */
static int begin(struct table *table, struct ingredients *of, const json_t *result, const struct summary *summary) {
    const char *name;
    json_t *about;
    size_t programs;
    of->count = 0;
    table_column(table, "program");
    json_object_foreach(json_object_get(result, "configurations"), name, about) {
        if (!is_ingredient(result, name) || of->count == ROUND_VARIANTS)
            continue;
        double mean = summary ? summary_mean(summary, "real", name, NULL).ratio
                              : size_mean(result, "real", name, "text", &programs);
        if (!isfinite(mean))
            continue;
        table_column(table, "%s", name);
        of->names[of->count] = name;
        of->means[of->count++] = mean;
    }
    return of->count > 1;
}

static void mean_row(struct table *table, const struct ingredients *of) {
    table_row(table, "geometric mean");
    for (size_t i = 0; i < of->count; i++)
        table_cell(table, "%s", ratio_text(of->means[i]));
}

static int is_real(const json_t *workload) {
    return !strcmp(json_string_value(json_object_get(workload, "group")), "real");
}

struct table breakdown_ingredients(const json_t *result, const struct summary *summary) {
    struct table table = {.title = "What the cost consists of: real programs"};
    struct ingredients columns;
    const char *workload;
    json_t *of;
    if (!begin(&table, &columns, result, summary))
        return table;
    double both = product(summary_mean(summary, "real", "addressing", NULL).ratio,
                          summary_mean(summary, "real", "bundles", NULL).ratio);
    if (isfinite(both))
        table_column(&table, "addressing × bundles");
    table_column(&table, "NOP %% of text");
    table_column(&table, "prefix %% of text");
    json_object_foreach(json_object_get(result, "workloads"), workload, of) {
        if (!is_real(of))
            continue;
        table_row(&table, workload);
        for (size_t i = 0; i < columns.count; i++)
            table_cell(&table, "%s", ratio_text(summary_program(summary, workload, columns.names[i])));
        if (isfinite(both))
            table_cell(&table, "%s",
                       ratio_text(product(summary_program(summary, workload, "addressing"),
                                          summary_program(summary, workload, "bundles"))));
        const char *facts[] = {"nop_bytes", "prefix_bytes"};
        for (size_t i = 0; i < 2; i++) {
            double share = fact_share(result, workload, "full", facts[i]);
            table_cell(&table, isfinite(share) ? "%.2f" : "–", 100 * share);
        }
    }
    mean_row(&table, &columns);
    if (isfinite(both))
        table_cell(&table, "%s", ratio_text(both));
    table_cell(&table, "–");
    table_cell(&table, "–");
    table.note = format_text(
        "addressing: every access through GS with a 32-bit address, nothing else. bundles: 32-byte bundles, masked "
        "returns, "
        "jumps and calls, nothing else. These two isolate nothing. stores: loads are not confined. nop, bundles-nop: "
        "filled up with NOP instructions rather than with prefixes. llvm-inlining: full, but inlined as LLVM inlines "
        "native code.");
    return table;
}

struct table breakdown_text(const json_t *result) {
    struct table table = {.title = "What the text consists of: real programs"};
    struct ingredients columns;
    const char *workload;
    json_t *of;
    if (!begin(&table, &columns, result, NULL))
        return table;
    json_object_foreach(json_object_get(result, "workloads"), workload, of) {
        if (!is_real(of))
            continue;
        table_row(&table, workload);
        for (size_t i = 0; i < columns.count; i++)
            table_cell(&table, "%s", ratio_text(size_ratio(result, workload, columns.names[i], "text")));
    }
    mean_row(&table, &columns);
    table.note = format_text("Ratios to the native program's text, the C library included.");
    return table;
}

struct table breakdown_alternatives(const json_t *result, const struct summary *summary) {
    struct table table = {.title = "Beside the alternatives: real programs"};
    const char *columns[] = {"system", "programs", "it", "Bulkhead full, the same programs",
                             "stores only, the same programs"};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        table_column(&table, "%s", columns[i]);
    const char *name;
    json_t *about;
    json_object_foreach(json_object_get(result, "configurations"), name, about) {
        struct mean mean = summary_mean(summary, "real", name, NULL);
        if (!is_alternative(name) || !mean.workloads)
            continue;
        table_row(&table, name);
        table_cell(&table, "%zu", mean.workloads);
        table_cell(&table, "%s", ratio_text(mean.ratio));
        table_cell(&table, "%s", ratio_text(summary_mean(summary, "real", "full", name).ratio));
        table_cell(&table, "%s", ratio_text(summary_mean(summary, "real", "stores", name).ratio));
    }
    table.note = format_text(
        "Geometric means against native. WebAssembly's pointers are 32 bits wide, and its C library is another one: "
        "not like for like. What does not run there is listed under \"Left out\".");
    return table;
}
