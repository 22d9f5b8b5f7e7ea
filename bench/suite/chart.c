#include "chart.h"

#include <math.h>
#include <string.h>

#include "table.h"

#define WIDTH 760
#define LEFT 170  /* labels end here */
#define RIGHT 690 /* the scale ends here, values may stand beyond */
#define TOP 34
#define BAR 13

/* Two hues that differ in lightness too, so that they are told apart in print and by the colour-blind. */
const char chart_style[] =
    ".chart text{font:12px system-ui,sans-serif;fill:#1c2430}.chart .faint{fill:#66707d}.chart .strong{font-weight:600}"
    ".chart .grid{stroke:#d9dde2}.chart .base{stroke:#66707d}.chart .goal{stroke:#b3392f;stroke-dasharray:4 3}"
    ".chart .spread{stroke:#1c2430;stroke-opacity:.75}.chart .ground{fill:#fbfbfa}"
    ".chart .s0{fill:#1f5fa8}.chart .s1{fill:#e39a3b}.chart .s2{fill:#7b8794}"
    "@media(prefers-color-scheme:dark){.chart text{fill:#e5e9ee}.chart .faint{fill:#98a3af}.chart .grid{stroke:#313943}"
    ".chart .base{stroke:#98a3af}.chart .goal{stroke:#f0857b}.chart .spread{stroke:#e5e9ee}.chart .ground{fill:#14181d}"
    ".chart .s0{fill:#6aa9ef}.chart .s1{fill:#c98c3f}.chart .s2{fill:#8b96a3}}";

struct scale {
    double low, high, step;
};

static void widen(struct scale *scale, double value) {
    if (isfinite(value)) {
        scale->low = fmin(scale->low, value);
        scale->high = fmax(scale->high, value);
    }
}

static struct scale choose_scale(const struct chart *chart) {
    struct scale scale = {1, 1.02, 0};
    for (size_t r = 0; r < chart->count; r++) {
        for (size_t s = 0; s < CHART_SERIES; s++) {
            widen(&scale, chart->rows[r].values[s].ratio);
            widen(&scale, chart->rows[r].values[s].spread.low);
            widen(&scale, chart->rows[r].values[s].spread.high);
        }
    }
    for (size_t g = 0; g < 2; g++)
        if (chart->goals[g] > 0)
            widen(&scale, chart->goals[g]);
    const double steps[] = {0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 100, 1000};
    size_t i = 0;
    while (i + 1 < sizeof steps / sizeof *steps && (scale.high - scale.low) / steps[i] > 8)
        i++;
    scale.step = steps[i];
    scale.low = 1 - ceil((1 - scale.low) / scale.step - 1e-9) * scale.step;
    scale.high = 1 + ceil((scale.high - 1) / scale.step - 1e-9) * scale.step;
    return scale;
}

static double x_of(const struct scale *scale, double ratio) {
    return LEFT + (ratio - scale->low) / (scale->high - scale->low) * (RIGHT - LEFT);
}

static size_t series_count(const struct chart *chart) {
    size_t count = 0;
    while (count < CHART_SERIES && chart->series[count])
        count++;
    return count;
}

static void axis(FILE *out, const struct chart *chart, const struct scale *scale, double bottom) {
    long from = lround((scale->low - 1) / scale->step), to = lround((scale->high - 1) / scale->step);
    for (long i = from; i <= to; i++) {
        double ratio = 1 + (double)i * scale->step, x = x_of(scale, ratio);
        fprintf(out, "<line class=\"%s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%.0f\"/>", i ? "grid" : "base", x, x,
                TOP - 4, bottom);
        fprintf(out, "<text class=\"faint\" x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">", x, bottom + 16);
        if (i)
            fprintf(out, "%+.0f %%</text>\n", (ratio - 1) * 100);
        else
            fprintf(out, "native</text>\n");
    }
    for (size_t g = 0; g < 2; g++) {
        double x = x_of(scale, chart->goals[g]);
        if (chart->goals[g] > 0)
            fprintf(out,
                    "<line class=\"goal\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%.0f\"><title>goal: at most "
                    "%.2f</title></line>\n",
                    x, x, TOP - 4, bottom, chart->goals[g]);
    }
}

static void bar(FILE *out, const struct chart *chart, const struct chart_row *row, size_t series,
                const struct scale *scale, double y) {
    const struct chart_value *value = &row->values[series];
    double base = x_of(scale, 1), x = x_of(scale, value->ratio), end = fmax(base, x);
    fprintf(out, "<rect class=\"s%zu\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" rx=\"1.5\"><title>", series,
            fmin(base, x), y, fmax(fabs(x - base), 0.5), BAR - 1);
    put_html(out, row->label);
    fprintf(out, ", ");
    put_html(out, chart->series[series]);
    fprintf(out, ": %.3f</title></rect>", value->ratio);
    if (isfinite(value->spread.low) && isfinite(value->spread.high)) {
        double low = x_of(scale, value->spread.low), high = x_of(scale, value->spread.high),
               middle = y + (BAR - 1) / 2.0;
        fprintf(out, "<path class=\"spread\" fill=\"none\" d=\"M%.1f %.1fH%.1fM%.1f %.1fv6M%.1f %.1fv6\"/>", low,
                middle, high, low, middle - 3, high, middle - 3);
        end = fmax(end, high);
    }
    fprintf(out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">%.3f</text>\n", row->strong ? "strong" : "faint", end + 6,
            y + BAR - 2.5, value->ratio);
}

static void legend(FILE *out, const struct chart *chart) {
    double x = LEFT;
    for (size_t s = 0; s < series_count(chart); s++) {
        fprintf(
            out,
            "<rect class=\"s%zu\" x=\"%.0f\" y=\"8\" width=\"10\" height=\"10\" rx=\"1.5\"/><text x=\"%.0f\" y=\"17\">",
            s, x, x + 15);
        put_html(out, chart->series[s]);
        fprintf(out, "</text>");
        x += 34 + 6.6 * (double)strlen(chart->series[s]);
    }
    if (chart->spread) {
        fprintf(out, "<text class=\"faint\" x=\"%.0f\" y=\"17\">", x);
        put_html(out, chart->spread);
        fprintf(out, "</text>");
    }
    fputc('\n', out);
}

void chart_svg(FILE *out, const struct chart *chart, int alone) {
    struct scale scale = choose_scale(chart);
    size_t series = series_count(chart);
    double step = (double)series * BAR + 9, bottom = TOP + (double)chart->count * step;
    fprintf(out, "<svg class=\"chart\" viewBox=\"0 0 %d %.0f\" role=\"img\"", WIDTH, bottom + 24);
    if (alone)
        fprintf(out, " xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\"", WIDTH);
    fprintf(out, "><title>");
    put_html(out, chart->title);
    fprintf(out, "</title>\n");
    if (alone)
        fprintf(out, "<style>%s</style><rect class=\"ground\" width=\"100%%\" height=\"100%%\"/>\n", chart_style);
    legend(out, chart);
    axis(out, chart, &scale, bottom);
    for (size_t r = 0; r < chart->count; r++) {
        const struct chart_row *row = &chart->rows[r];
        double y = TOP + (double)r * step;
        fprintf(out, "<text class=\"%s\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", row->strong ? "strong" : "label",
                LEFT - 8, y + (double)series * BAR / 2 + 3.5);
        put_html(out, row->label);
        fprintf(out, "</text>\n");
        for (size_t s = 0; s < series; s++)
            if (isfinite(row->values[s].ratio))
                bar(out, chart, row, s, &scale, y + (double)s * BAR);
    }
    fprintf(out, "</svg>\n");
}
