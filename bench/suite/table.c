#include "table.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void add(struct strings *list, const char *format, va_list arguments) {
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0)
        fail(STATUS_FAILED, "no memory for a table");
    strings_add(list, text);
    free(text);
}

void table_column(struct table *table, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    add(&table->header, format, arguments);
    va_end(arguments);
}

void table_row(struct table *table, const char *first) {
    struct strings *rows = realloc(table->rows, (table->count + 1) * sizeof *rows);
    if (!rows)
        fail(STATUS_FAILED, "no memory for a table");
    table->rows = rows;
    rows[table->count++] = (struct strings){0};
    strings_add(&rows[table->count - 1], first);
}

void table_cell(struct table *table, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    add(&table->rows[table->count - 1], format, arguments);
    va_end(arguments);
}

void table_free(struct table *table) {
    for (size_t i = 0; i < table->count; i++)
        strings_free(&table->rows[i]);
    free(table->rows);
    strings_free(&table->header);
    free(table->note);
    *table = (struct table){0};
}

void put_html(FILE *out, const char *text) {
    for (; *text; text++) {
        switch (*text) {
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '&': fputs("&amp;", out); break;
        case '"': fputs("&quot;", out); break;
        default: fputc(*text, out);
        }
    }
}

void put_markdown(FILE *out, const char *text) {
    for (; *text; text++) {
        if (strchr("|\\`*_<", *text))
            fputc('\\', out);
        fputc(*text == '\n' ? ' ' : *text, out);
    }
}

const char *ratio_text(double ratio) {
    static char texts[5][32];
    static unsigned turn;
    char *text = texts[turn++ % 5];
    if (!isfinite(ratio))
        return "–";
    snprintf(text, sizeof texts[0], "%.3f", ratio);
    return text;
}

void table_markdown(FILE *out, const struct table *table) {
    if (!table->count)
        return;
    fprintf(out, "\n## %s\n\n|", table->title);
    for (size_t i = 0; i < table->header.count; i++) {
        fputc(' ', out);
        put_markdown(out, table->header.items[i]);
        fputs(" |", out);
    }
    fputs("\n|", out);
    for (size_t i = 0; i < table->header.count; i++)
        fputs(i ? " ---: |" : " --- |", out);
    fputc('\n', out);
    for (size_t r = 0; r < table->count; r++) {
        fputc('|', out);
        for (size_t i = 0; i < table->rows[r].count; i++) {
            fputc(' ', out);
            put_markdown(out, table->rows[r].items[i]);
            fputs(" |", out);
        }
        fputc('\n', out);
    }
    if (table->note) {
        fputc('\n', out);
        put_markdown(out, table->note);
        fputc('\n', out);
    }
}

void table_html(FILE *out, const struct table *table) {
    if (!table->count)
        return;
    fputs("<section class=\"wide\"><h3>", out);
    put_html(out, table->title);
    fputs("</h3>\n<div class=\"scroll\"><table><thead><tr>", out);
    for (size_t i = 0; i < table->header.count; i++) {
        fputs("<th scope=\"col\">", out);
        put_html(out, table->header.items[i]);
        fputs("</th>", out);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
    for (size_t r = 0; r < table->count; r++) {
        fputs("<tr>", out);
        for (size_t i = 0; i < table->rows[r].count; i++) {
            fputs(i ? "<td>" : "<th scope=\"row\">", out);
            put_html(out, table->rows[r].items[i]);
            fputs(i ? "</td>" : "</th>", out);
        }
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table></div>\n", out);
    if (table->note) {
        fputs("<p class=\"note\">", out);
        put_html(out, table->note);
        fputs("</p>\n", out);
    }
    fputs("</section>\n", out);
}
