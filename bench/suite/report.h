/* What a result says, for people: Markdown, a page, pictures. All come from the file alone and are the same every time.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "summary.h"

typedef void report_writer(FILE *out, const json_t *result);

void report_markdown(FILE *out, const json_t *result);

/* One page with everything in it: no other files, no scripts, light and dark. */
void report_html(FILE *out, const json_t *result);

/* Writes a report to a file, or ends the driver with a message. */
void report_file(const char *path, report_writer *writer, const json_t *result);

/* Writes the pictures that there is data for as SVG files into a directory, which is made. */
void report_pictures(const char *directory, const json_t *result);

/* What the project wants, and what was found. */
struct goal {
    const char *what;
    double goal, value;       /* value NAN: not measured */
    struct interval interval; /* 95 %; NAN where there is none: few rounds, or exact */
    int exact;                /* measured without noise */
    const char *detail;       /* a name that belongs to it, or NULL; borrowed */
};
enum { GOALS = 4 };
void report_goals(const json_t *result, const struct summary *summary, struct goal goals[GOALS]);

/* Configurations by what they are for. */
int is_alternative(const char *configuration);                      /* another system */
int is_ingredient(const json_t *result, const char *configuration); /* Bulkhead or a part of it, against native */

#endif
