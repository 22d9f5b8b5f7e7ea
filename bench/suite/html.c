#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pictures.h"
#include "report.h"
#include "table.h"

static const char page_style[] =
    ":root{color-scheme:light "
    "dark;--ground:#fbfbfa;--ink:#1c2430;--faint:#66707d;--line:#d9dde2;--panel:#fff;--good:#1a7f4b;--bad:#b3392f}"
    "@media(prefers-color-scheme:dark){:root{--ground:#14181d;--ink:#e5e9ee;--faint:#98a3af;--line:#313943;--panel:#"
    "1b2027;--good:#55c38a;"
    "--bad:#f0857b}}"
    "body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,sans-serif}"
    "main{max-width:860px;margin:0 auto;padding:40px 20px 80px}h1{font-size:28px;line-height:1.2;margin:0 0 "
    "6px;letter-spacing:-.01em}"
    "h2{font-size:19px;margin:44px 0 4px}h3{font-size:15px;margin:28px 0 6px}.lead{font-size:17px;margin:0 0 "
    "22px;max-width:64ch}"
    ".goals{display:grid;grid-template-columns:repeat(auto-fit,minmax(185px,1fr));gap:12px;margin:0 0 "
    "8px;padding:0;list-style:none}"
    ".goals li{background:var(--panel);border:1px solid var(--line);border-left:4px solid var(--faint);padding:12px "
    "14px}"
    ".goals .met{border-left-color:var(--good)}.goals .missed{border-left-color:var(--bad)}.goals "
    ".what{display:block;font-size:14px;line-height:1.3;margin-bottom:8px}"
    ".goals .value{display:block;font-size:30px;font-weight:600;line-height:1.2;font-variant-numeric:tabular-nums}"
    ".goals .met .state{color:var(--good)}.goals .missed .state{color:var(--bad)}.goals .state{font-weight:600}.goals "
    ".state,.note,.about{font-size:13px}"
    ".note,.about{color:var(--faint);max-width:76ch}.scroll{overflow-x:auto}svg.chart{width:100%;height:auto;display:"
    "block}"
    "table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums;white-space:nowrap}"
    "th,td{padding:4px 12px 4px 0;border-bottom:1px solid var(--line);text-align:right}th:first-child{text-align:left}"
    "thead th{color:var(--faint);font-weight:500}tbody "
    "th{font-weight:500}summary{cursor:pointer;font-size:19px;font-weight:600;margin-top:44px}"
    "code{font:13px ui-monospace,monospace}";

static const char *text_of(const json_t *object, const char *name) {
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "unknown";
}

/* The answer in a sentence, then the four numbers that the project is held to. */
static void answer(FILE *out, const json_t *result, const struct summary *summary) {
    struct goal goals[GOALS];
    report_goals(result, summary, goals);
    struct mean full = summary_mean(summary, "real", "full", NULL);
    if (full.workloads)
        fprintf(out,
                "<p class=\"lead\">A program in full isolation takes <strong>%.3f times</strong> as long as natively: "
                "the geometric mean of %zu "
                "real program%s.</p>\n",
                full.ratio, full.workloads, full.workloads == 1 ? "" : "s");
    fputs("<ul class=\"goals\">\n", out);
    int missed = 0;
    for (size_t i = 0; i < GOALS; i++) {
        const struct goal *goal = &goals[i];
        if (!isfinite(goal->value))
            continue;
        int met = goal->value <= goal->goal;
        missed += !met;
        fprintf(out,
                "<li class=\"%s\"><span class=\"value\">%.3f</span><span class=\"what\">%s</span><span "
                "class=\"state\">%s</span>"
                " <span class=\"note\">goal: at most %.2f",
                met ? "met" : "missed", goal->value, goal->what, met ? "reached" : "missed", goal->goal);
        if (isfinite(goal->interval.low))
            fprintf(out, "; 95 %%: %.3f-%.3f", goal->interval.low, goal->interval.high);
        if (goal->detail) {
            fputs("<br>", out);
            put_html(out, goal->detail);
        }
        fputs("</span></li>\n", out);
    }
    fputs("</ul>\n", out);
    if (missed)
        fputs("<p class=\"note\">Where a goal is missed, the ingredients below show what the cost consists of.</p>\n",
              out);
}

static void picture(FILE *out, enum picture which, const json_t *result, const struct summary *summary) {
    struct chart chart = picture_make(which, result, summary);
    if (chart.count) {
        fputs("<h2>", out);
        put_html(out, chart.title);
        fputs("</h2>\n", out);
        chart_svg(out, &chart, 0);
    }
    free(chart.rows);
}

static void item(FILE *out, const char *name, const char *text) {
    fprintf(out, "<br>%s: ", name);
    put_html(out, text);
}

static void about(FILE *out, const json_t *result) {
    const json_t *machine = json_object_get(result, "machine");
    json_t *version;
    const char *name;
    fputs("<h2>Measured on</h2>\n<p class=\"about\">", out);
    put_html(out, text_of(machine, "cpu"));
    fprintf(out, ", %s%.0f CPUs, Linux ",
            json_is_true(json_object_get(machine, "virtual")) ? "virtual machine with " : "",
            json_number_value(json_object_get(machine, "cpus")));
    put_html(out, text_of(machine, "kernel"));
    fprintf(out, ", ");
    put_html(out, text_of(machine, "time"));
    fprintf(out, "; load at the start %.1f", json_number_value(json_object_get(machine, "load_at_start")));
    json_object_foreach(json_object_get(result, "versions"), name, version) if (json_is_string(version))
        item(out, name, json_string_value(version));
    item(out, "revision", text_of(result, "revision"));
    if (json_is_true(json_object_get(result, "dirty")))
        fputs(", with changes", out);
    fputs("<br><code>tools/bench", out);
    size_t i;
    json_t *word;
    json_array_foreach(json_object_get(result, "command"), i, word) {
        fputc(' ', out);
        put_html(out, json_string_value(word));
    }
    fputs(
        "</code></p>\n<p class=\"about\">A round runs reference, variant, reference; a ratio is the variant's user "
        "time to the mean of the two "
        "references beside it, and the median over the rounds counts. Every output was compared with the reference's. "
        "bench/README.md has the method, and the JSON file every sample.</p>\n",
        out);
}

void report_html(FILE *out, const json_t *result) {
    struct summary summary = summarise(result);
    fprintf(out,
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
            "content=\"width=device-width,initial-scale=1\"><title>What Bulkhead "
            "costs</title>\n<style>%s%s</style></head>\n<body><main>\n"
            "<h1>What Bulkhead costs</h1>\n",
            chart_style, page_style);
    answer(out, result, &summary);
    for (int which = 0; which < PICTURES; which++)
        picture(out, (enum picture)which, result, &summary);
    struct table tables[TABLES];
    size_t count = report_tables(result, &summary, tables);
    fputs("<details open><summary>All numbers</summary>\n", out);
    for (size_t i = 0; i < count; i++) {
        table_html(out, &tables[i]);
        table_free(&tables[i]);
    }
    fputs("</details>\n", out);
    about(out, result);
    fputs("</main></body></html>\n", out);
    summary_free(&summary);
}
