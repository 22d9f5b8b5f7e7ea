/* Tables, made once and written as Markdown or HTML. */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include <jansson.h>
#include <stdio.h>

#include "base.h"
#include "summary.h"

struct table {
    const char *title;
    char *note; /* below it, or NULL */
    struct strings header;
    struct strings *rows;
    size_t count;
};

void table_column(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_row(struct table *table, const char *first);
void table_cell(struct table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* of the last row */
void table_free(struct table *table);

/* Nothing is written for a table without rows. */
void table_markdown(FILE *out, const struct table *table);
void table_html(FILE *out, const struct table *table);

/* Text in which nothing is taken for markup. */
void put_html(FILE *out, const char *text);
void put_markdown(FILE *out, const char *text);

/* A ratio with three decimals, or a dash for NAN. Static memory: valid until four more calls. */
const char *ratio_text(double ratio);

/* The tables of a report, in its order; the caller frees each. */
enum { TABLES = 12 };
size_t report_tables(const json_t *result, const struct summary *summary, struct table tables[TABLES]);

#endif
