#include "pictures.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base.h"
#include "report.h"

const char *const picture_names[PICTURES] = {"overhead", "ingredients", "alternatives", "text", "kernels", "branches"};

static const struct chart_value nothing = {NAN, {NAN, NAN}};

static struct chart_row *add_row(struct chart *chart, const char *label, int strong) {
    struct chart_row *rows = realloc(chart->rows, (chart->count + 1) * sizeof *rows);
    if (!rows)
        fail(STATUS_FAILED, "no memory for a chart");
    chart->rows = rows;
    rows[chart->count] = (struct chart_row){label, {nothing, nothing, nothing}, strong};
    return &rows[chart->count++];
}

static struct chart_value of_cell(const struct cell *cell) {
    return cell ? (struct chart_value){cell->ratio, cell->quartiles} : nothing;
}

static struct chart_value of_mean(struct mean mean) { return (struct chart_value){mean.ratio, mean.interval}; }

/* What costs most comes first; means come last. */
static int dearest_first(const void *a, const void *b) {
    const struct chart_row *x = a, *y = b;
    if (x->strong != y->strong)
        return x->strong - y->strong;
    double left = isfinite(x->values[0].ratio) ? x->values[0].ratio : x->values[1].ratio;
    double right = isfinite(y->values[0].ratio) ? y->values[0].ratio : y->values[1].ratio;
    if (left != right)
        return left < right ? 1 : -1;
    return strcmp(x->label, y->label);
}

static void sort(struct chart *chart) {
    if (chart->count)
        qsort(chart->rows, chart->count, sizeof *chart->rows, dearest_first);
}

static void group_rows(struct chart *chart, const json_t *result, const struct summary *summary, const char *group) {
    const char *run;
    json_t *measured;
    json_object_foreach(json_object_get(result, "runs"), run, measured) {
        const struct cell *full = summary_cell(summary, run, "full"), *stores = summary_cell(summary, run, "stores");
        const struct cell *some = full ? full : stores;
        if (!some || strcmp(some->group, group) != 0)
            continue;
        struct chart_row *row = add_row(chart, run, 0);
        row->values[0] = of_cell(full);
        row->values[1] = of_cell(stores);
    }
    if (chart->count > 1) {
        struct chart_row *row = add_row(chart, "geometric mean", 1);
        row->values[0] = of_mean(summary_mean(summary, group, "full", NULL));
        row->values[1] = of_mean(summary_mean(summary, group, "stores", NULL));
    }
    sort(chart);
}

static void ingredient_rows(struct chart *chart, const json_t *result, const struct summary *summary) {
    const char *name;
    json_t *about;
    json_object_foreach(json_object_get(result, "configurations"), name, about) {
        struct mean mean = summary_mean(summary, "real", name, NULL);
        if (is_ingredient(result, name) && mean.workloads)
            add_row(chart, name, !strcmp(name, "full"))->values[0] = of_mean(mean);
    }
    if (chart->count < 2)
        chart->count = 0; /* the whole alone breaks nothing down */
    sort(chart);
}

static void alternative_rows(struct chart *chart, const json_t *result, const struct summary *summary) {
    const char *name;
    json_t *about;
    json_object_foreach(json_object_get(result, "configurations"), name, about) {
        struct mean mean = summary_mean(summary, "real", name, NULL);
        if (!is_alternative(name) || !mean.workloads)
            continue;
        struct chart_row *row = add_row(chart, name, 0);
        row->values[0] = of_mean(summary_mean(summary, "real", "full", name));
        row->values[1] = of_mean(summary_mean(summary, "real", "stores", name));
        row->values[2] = of_mean(mean);
    }
}

static void text_rows(struct chart *chart, const json_t *result) {
    const char *workload;
    json_t *of;
    size_t count;
    json_object_foreach(json_object_get(result, "sizes"), workload, of) {
        double full = size_ratio(result, workload, "full", "text"),
               stores = size_ratio(result, workload, "stores", "text");
        if (isfinite(full) || isfinite(stores)) {
            struct chart_row *row = add_row(chart, workload, 0);
            row->values[0].ratio = full;
            row->values[1].ratio = stores;
        }
    }
    if (chart->count > 1) {
        struct chart_row *row = add_row(chart, "mean, real programs", 1);
        row->values[0].ratio = size_mean(result, "real", "full", "text", &count);
        row->values[1].ratio = size_mean(result, "real", "stores", "text", &count);
    }
    sort(chart);
}

/* Series that no row has are left out from the end, so that the legend promises nothing. */
static void drop_series(struct chart *chart) {
    for (size_t s = CHART_SERIES; s-- > 1;) {
        for (size_t r = 0; r < chart->count; r++)
            if (isfinite(chart->rows[r].values[s].ratio))
                return;
        chart->series[s] = NULL;
    }
}

struct chart picture_make(enum picture picture, const json_t *result, const struct summary *summary) {
    struct chart chart = {.series = {"full isolation", "stores only"},
                          .spread = "whiskers: quartiles of the rounds, of the mean 95 %; dashed: goals"};
    switch (picture) {
    case PICTURE_REAL:
        chart.title = "Real programs: run time against native";
        chart.goals[0] = 1.05;
        chart.goals[1] = 1.15;
        group_rows(&chart, result, summary, "real");
        break;
    case PICTURE_KERNEL:
        chart.spread = "whiskers: quartiles of the rounds, of the mean 95 %";
        chart.title = "Number crunching and pointer chasing: run time against native";
        group_rows(&chart, result, summary, "kernel");
        break;
    case PICTURE_BRANCH:
        chart.spread = "whiskers: quartiles of the rounds, of the mean 95 %";
        chart.title = "Callbacks and indirect calls: run time against native";
        group_rows(&chart, result, summary, "branch");
        break;
    case PICTURE_INGREDIENTS:
        chart.title = "What the cost consists of";
        chart.series[0] = "real programs";
        chart.series[1] = NULL;
        chart.spread = "geometric means; whiskers: 95 %";
        ingredient_rows(&chart, result, summary);
        break;
    case PICTURE_ALTERNATIVES:
        chart.title = "Beside the alternatives, over the programs that run there";
        chart.series[0] = "Bulkhead full";
        chart.series[1] = "Bulkhead stores only";
        chart.series[2] = "the alternative";
        chart.spread = "geometric means; whiskers: 95 %";
        alternative_rows(&chart, result, summary);
        break;
    default:
        chart.title = "Size of the text against native";
        chart.goals[0] = 1.35;
        chart.spread = "dashed: the goal for the mean";
        text_rows(&chart, result);
    }
    drop_series(&chart);
    return chart;
}

void report_pictures(const char *directory, const json_t *result) {
    if (mkdir(directory, 0777) && errno != EEXIST)
        fail(STATUS_FAILED, "cannot make %s: %s", directory, strerror(errno));
    struct summary summary = summarise(result);
    for (int picture = 0; picture < PICTURES; picture++) {
        struct chart chart = picture_make((enum picture)picture, result, &summary);
        if (chart.count) {
            char *path = format_text("%s/%s.svg", directory, picture_names[picture]);
            FILE *file = fopen(path, "we");
            if (file)
                chart_svg(file, &chart, 1);
            if (!file || ferror(file) | fclose(file))
                fail(STATUS_FAILED, "cannot write %s: %s", path, strerror(errno));
            free(path);
        }
        free(chart.rows);
    }
    summary_free(&summary);
}
