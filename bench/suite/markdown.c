#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "table.h"

static const char *text_of(const json_t *object, const char *name) {
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "unknown";
}

static void goals_table(FILE *out, const json_t *result, const struct summary *summary) {
    struct goal goals[GOALS];
    report_goals(result, summary, goals);
    struct table table = {.title = "Against the goals"};
    const char *columns[] = {"", "measured", "95 %", "goal", "reached"};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        table_column(&table, "%s", columns[i]);
    int missed = 0;
    for (size_t i = 0; i < GOALS; i++) {
        const struct goal *goal = &goals[i];
        if (!isfinite(goal->value))
            continue;
        char *what = format_text("%s%s%s", goal->what, goal->detail ? ": " : "", goal->detail ? goal->detail : "");
        table_row(&table, what);
        table_cell(&table, "%.3f", goal->value);
        if (isfinite(goal->interval.low))
            table_cell(&table, "%.3f-%.3f", goal->interval.low, goal->interval.high);
        else
            table_cell(&table, goal->exact ? "exact" : "–");
        table_cell(&table, "at most %.2f", goal->goal);
        table_cell(&table, goal->value <= goal->goal ? "yes" : "missed");
        missed += goal->value > goal->goal;
        free(what);
    }
    if (missed)
        table.note = format_text(
            "Missed goals: \"What the cost consists of\" shows which ingredient it is, where those were measured.");
    table_markdown(out, &table);
    table_free(&table);
}

void report_markdown(FILE *out, const json_t *result) {
    const json_t *machine = json_object_get(result, "machine"), *versions = json_object_get(result, "versions");
    const char *revision = text_of(result, "revision");
    fprintf(out, "# What Bulkhead costs\n\n");
    put_markdown(out, text_of(machine, "cpu"));
    fprintf(out, " (%s%.0f CPUs), Linux ", json_is_true(json_object_get(machine, "virtual")) ? "virtual machine, " : "",
            json_number_value(json_object_get(machine, "cpus")));
    put_markdown(out, text_of(machine, "kernel"));
    fprintf(out, ", %s, load at the start %.1f. Revision %.12s%s. ", text_of(machine, "time"),
            json_number_value(json_object_get(machine, "load_at_start")), revision,
            json_is_true(json_object_get(result, "dirty")) ? " with changes" : "");
    put_markdown(out, text_of(versions, "clang"));
    fprintf(out, ". `tools/bench");
    size_t i;
    json_t *word;
    json_array_foreach(json_object_get(result, "command"), i, word) fprintf(out, " %s", json_string_value(word));
    fprintf(out, "`\n");
    struct summary summary = summarise(result);
    goals_table(out, result, &summary);
    struct table tables[TABLES];
    size_t count = report_tables(result, &summary, tables);
    for (i = 0; i < count; i++) {
        table_markdown(out, &tables[i]);
        table_free(&tables[i]);
    }
    summary_free(&summary);
}

void report_file(const char *path, report_writer *writer, const json_t *result) {
    FILE *file = fopen(path, "we");
    if (!file)
        fail(STATUS_FAILED, "cannot write %s: %s", path, strerror(errno));
    writer(file, result);
    if (ferror(file) | fclose(file))
        fail(STATUS_FAILED, "cannot write %s: %s", path, strerror(errno));
}
