/* What the tables of a report hold. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "breakdown.h"
#include "report.h"
#include "table.h"

static const char *const groups[] = {"real", "kernel", "branch"};
static const char *const group_titles[] = {"Run time: real programs",
                                           "Run time: number crunching and pointer chasing, our own",
                                           "Run time: callbacks and indirect calls, our own"};

/* Calls for each configuration that is no reference. */
#define FOR_VARIANTS(result, name, about)                                                                              \
    json_object_foreach(json_object_get(result, "configurations"), name,                                               \
                        about) if (strcmp(name, json_string_value(json_object_get(about, "reference"))) != 0)

static struct table overall(const json_t *result, const struct summary *summary) {
    struct table table = {.title = "Geometric means, by configuration"};
    const char *columns[] = {"configuration", "real programs", "95 %", "slowest run",
                             "kernels",       "branches",      "text", "programs"};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        table_column(&table, "%s", columns[i]);
    const char *name;
    json_t *about;
    FOR_VARIANTS(result, name, about) {
        struct mean means[3];
        size_t some = 0, programs;
        double text = size_mean(result, "real", name, "text", &programs);
        for (size_t g = 0; g < 3; g++) {
            means[g] = summary_mean(summary, groups[g], name, NULL);
            some += means[g].workloads;
        }
        if (!some && !programs)
            continue;
        table_row(&table, name);
        table_cell(&table, "%s", ratio_text(means[0].ratio));
        if (isfinite(means[0].interval.low))
            table_cell(&table, "%.3f-%.3f", means[0].interval.low, means[0].interval.high);
        else
            table_cell(&table, "–");
        if (means[0].worst)
            table_cell(&table, "%.3f %s", means[0].worst->ratio, means[0].worst->run);
        else
            table_cell(&table, "–");
        table_cell(&table, "%s", ratio_text(means[1].ratio));
        table_cell(&table, "%s", ratio_text(means[2].ratio));
        table_cell(&table, "%s", ratio_text(text));
        table_cell(&table, "%zu", means[0].workloads);
    }
    table.note = format_text(
        "Against native clang -O2, the -v3 ones against native -O3 -march=x86-64-v3. 95 %%: what resampling the rounds "
        "gives. A program counts once, with the geometric mean of its runs.");
    return table;
}

static void ratio_cell(struct table *table, const struct cell *cell) {
    table_cell(table, "%.3f [%.2f-%.2f] %zu", cell->ratio, cell->quartiles.low, cell->quartiles.high, cell->count);
}

static void control_cell(struct table *table, const struct cell *cell) {
    table_cell(table, "%.3f [%.2f-%.2f]", cell->control, cell->control_quartiles.low, cell->control_quartiles.high);
}

static struct table runs(const json_t *result, const struct summary *summary, size_t group) {
    struct table table = {.title = group_titles[group]};
    table_column(&table, "run");
    table_column(&table, "native s");
    table_column(&table, "user %%");
    table_column(&table, "control");
    const char *run, *name;
    json_t *measured, *about;
    FOR_VARIANTS(result, name, about)
    table_column(&table, "%s", name);
    json_object_foreach(json_object_get(result, "runs"), run, measured) {
        const struct cell *first = NULL;
        for (size_t i = 0; i < summary->count && !first; i++)
            if (!strcmp(summary->cells[i].run, run) && !strcmp(summary->cells[i].group, groups[group]))
                first = &summary->cells[i];
        if (!first)
            continue;
        table_row(&table, run);
        table_cell(&table, "%.2f", first->seconds);
        table_cell(&table, "%.1f", 100 * first->user_share);
        control_cell(&table, first);
        FOR_VARIANTS(result, name, about) {
            const struct cell *cell = summary_cell(summary, run, name);
            if (cell)
                ratio_cell(&table, cell);
            else
                table_cell(&table, "–");
        }
    }
    table.note = format_text("Median ratio of user time to the two references beside it, quartiles in brackets, number "
                             "of rounds. Control: the "
                             "two references to each other, what a difference of nothing looks like on this machine.");
    return table;
}

static struct table sizes(const json_t *result) {
    struct table table = {.title = "Size of the finished static programs"};
    const char *columns[] = {"program", "configuration", "native text",  "text", "ratio",
                             "NOP %",   "prefix %",      "instructions", "file"};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        table_column(&table, "%s", columns[i]);
    const char *workload, *name;
    json_t *of, *about;
    json_object_foreach(json_object_get(result, "sizes"), workload, of) {
        FOR_VARIANTS(result, name, about) {
            const json_t *size = json_object_get(of, name);
            const json_t *native = json_object_get(of, json_string_value(json_object_get(about, "reference")));
            if (!size || !native || !isfinite(size_ratio(result, workload, name, "text")))
                continue;
            table_row(&table, workload);
            table_cell(&table, "%s", name);
            table_cell(&table, "%lld", (long long)json_integer_value(json_object_get(native, "text")));
            table_cell(&table, "%lld", (long long)json_integer_value(json_object_get(size, "text")));
            table_cell(&table, "%s", ratio_text(size_ratio(result, workload, name, "text")));
            const char *facts[] = {"nop_bytes", "prefix_bytes"};
            for (size_t i = 0; i < 2; i++) {
                double share = fact_share(result, workload, name, facts[i]);
                table_cell(&table, isfinite(share) ? "%.2f" : "–", 100 * share);
            }
            table_cell(&table, "%s", ratio_text(size_ratio(result, workload, name, "instructions")));
            table_cell(&table, "%s", ratio_text(size_ratio(result, workload, name, "file")));
        }
    }
    table.note = format_text(
        "Bytes of executable sections, the C library included. NOP and prefix bytes that fill bundles, as shares of "
        "the "
        "text, by the verifier's count. Instructions: how many a disassembler sees, those of the fill included.");
    return table;
}

static struct table memory(const json_t *result, const struct summary *summary) {
    struct table table = {.title = "Memory: largest resident set"};
    table_column(&table, "run");
    table_column(&table, "native MiB");
    const char *run, *name;
    json_t *measured, *about;
    FOR_VARIANTS(result, name, about)
    table_column(&table, "%s", name);
    json_object_foreach(json_object_get(result, "runs"), run, measured) {
        int first = 1;
        FOR_VARIANTS(result, name, about) {
            const struct cell *cell = summary_cell(summary, run, name);
            if (first && !cell)
                continue;
            if (first) {
                table_row(&table, run);
                table_cell(&table, "%.1f", cell->reference_rss / 1024);
                const char *skipped;
                json_t *of;
                FOR_VARIANTS(result, skipped, of) { /* empty cells of those that came before */
                    if (!strcmp(skipped, name))
                        break;
                    table_cell(&table, "–");
                }
                first = 0;
            }
            if (cell)
                table_cell(&table, "%.1f", cell->rss / 1024);
            else
                table_cell(&table, "–");
        }
    }
    return table;
}

static struct table compiling(const json_t *result) {
    struct table table = {.title = "Compiling sqlite3.c"};
    table_column(&table, "plugin");
    table_column(&table, "plain clang s");
    table_column(&table, "ratio");
    table_column(&table, "control");
    struct summary summary = {0};
    summarise_measured(&summary, result, "compile", json_object_get(result, "compile"));
    for (size_t i = 0; i < summary.count; i++) {
        const struct cell *cell = &summary.cells[i];
        table_row(&table, cell->configuration);
        table_cell(&table, "%.2f", cell->seconds);
        ratio_cell(&table, cell);
        control_cell(&table, cell);
    }
    summary_free(&summary);
    return table;
}

/* Benchmarks stand in the file as they ended, which random interleaving decides. */
static int by_family(const void *a, const void *b) {
    const char *keys[] = {"family_index", "per_family_instance_index"};
    for (size_t i = 0; i < 2; i++) {
        json_int_t x = json_integer_value(json_object_get(*(json_t *const *)a, keys[i]));
        json_int_t y = json_integer_value(json_object_get(*(json_t *const *)b, keys[i]));
        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}

static void micro_row(struct table *table, const json_t *benchmark) {
    const char *name = json_string_value(json_object_get(benchmark, "run_name"));
    const char *real = strstr(name, "/real_time"), *manual = strstr(name, "/manual_time"),
               *clock = real ? real : manual;
    double rate = json_number_value(json_object_get(benchmark, "bytes_per_second"));
    char *title = clock ? format_text("%.*s%s", (int)(clock - name), name, clock + strcspn(clock + 1, "/") + 1)
                        : format_text("%s", name);
    table_row(table, title);
    free(title);
    table_cell(table, "%.1f %s", json_number_value(json_object_get(benchmark, clock ? "real_time" : "cpu_time")),
               json_string_value(json_object_get(benchmark, "time_unit")));
    table_cell(table, rate > 0 ? "%.0f MB/s" : "–", rate / 1e6);
}

static struct table micro(const json_t *result) {
    struct table table = {.title = "Calls, instances, verification"};
    table_column(&table, "benchmark");
    table_column(&table, "median");
    table_column(&table, "rate");
    json_t *benchmarks = json_object_get(json_object_get(result, "micro"), "benchmarks"), *benchmark;
    json_t **medians = allocate(json_array_size(benchmarks), sizeof(json_t *));
    size_t i, count = 0;
    json_array_foreach(benchmarks, i, benchmark) {
        const char *aggregate = json_string_value(json_object_get(benchmark, "aggregate_name"));
        if (aggregate && !strcmp(aggregate, "median"))
            medians[count++] = benchmark;
    }
    qsort(medians, count, sizeof(json_t *), by_family);
    for (i = 0; i < count; i++)
        micro_row(&table, medians[i]);
    free(medians);
    const json_t *many = json_object_get(result, "many");
    if (many) {
        double alive = json_number_value(json_object_get(many, "alive_kib")),
               used = json_number_value(json_object_get(many, "used_kib"));
        table_row(&table, "memory of an instance of zlib, page tables included");
        table_cell(&table, "%.1f KiB", alive);
        table_cell(&table, "%.0f in a GiB", 1048576 / alive);
        table_row(&table, "the same after it compressed 1000 bytes");
        table_cell(&table, "%.1f KiB", used);
        table_cell(&table, "%.0f in a GiB", 1048576 / used);
    }
    return table;
}

static struct table left_out(const json_t *result) {
    struct table table = {.title = "Left out"};
    table_column(&table, "program");
    table_column(&table, "configuration");
    table_column(&table, "why");
    const char *workload, *name;
    json_t *reasons, *reason, *failure;
    size_t i;
    json_object_foreach(json_object_get(result, "unsupported"), workload, reasons) {
        json_object_foreach(reasons, name, reason) {
            table_row(&table, workload);
            table_cell(&table, "%s", name);
            table_cell(&table, "%s", json_string_value(reason));
        }
    }
    json_array_foreach(json_object_get(result, "failures"), i, failure) {
        table_row(&table, json_string_value(json_object_get(failure, "name")));
        table_cell(&table, "%s", json_string_value(json_object_get(failure, "configuration")));
        table_cell(&table, "FAILED: %s", json_string_value(json_object_get(failure, "what")));
    }
    return table;
}

size_t report_tables(const json_t *result, const struct summary *summary, struct table tables[TABLES]) {
    size_t count = 0;
    tables[count++] = overall(result, summary);
    tables[count++] = breakdown_ingredients(result, summary);
    tables[count++] = breakdown_text(result);
    tables[count++] = breakdown_alternatives(result, summary);
    for (size_t group = 0; group < 3; group++)
        tables[count++] = runs(result, summary, group);
    tables[count++] = sizes(result);
    tables[count++] = memory(result, summary);
    tables[count++] = compiling(result);
    tables[count++] = micro(result);
    tables[count++] = left_out(result);
    return count;
}
