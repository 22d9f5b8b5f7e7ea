#include "sidefile.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static struct side_line *lines;
static size_t line_count;

static char *next_word(char **at) {
    while (isspace((unsigned char)**at))
        ++*at;
    char *start = *at;
    while (**at && !isspace((unsigned char)**at))
        ++*at;
    if (**at)
        *(*at)++ = 0;
    return start;
}

static bool has_name(const char *kind) { return !strcmp(kind, "argument") || !strcmp(kind, "member"); }

static void read_line(char *text, const char *where) {
    char *end = strchr(text, '#');
    if (end)
        *end = 0;
    for (end = text + strlen(text); end > text && isspace((unsigned char)end[-1]);)
        *--end = 0;
    struct side_line line = {.where = where, .kind = next_word(&text)};
    if (!*line.kind)
        return;
    bool omit = !strcmp(line.kind, "omit");
    if (!has_name(line.kind) && strcmp(line.kind, "result") && strcmp(line.kind, "on-error") && !omit) {
        say(where, "error", "unknown line '%s'; argument, result, member, on-error and omit are known", line.kind);
        return;
    }
    line.path = next_word(&text);
    if (has_name(line.kind))
        line.name = next_word(&text);
    while (isspace((unsigned char)*text))
        text++;
    line.rest = text;
    if (!*line.path || (line.name && !*line.name) || (!*line.rest && !omit) || (*line.rest && omit)) {
        say(where, "error", "'%s' needs %s", line.kind,
            omit        ? "a function and nothing else"
            : line.name ? "a function or structure, a name and a contract"
                        : "a function and what to say about it");
        return;
    }
    const struct side_line *old = side_find(line.kind, line.path, line.name);
    if (old) {
        say(where, "error", "the same was said at %s", old->where);
        return;
    }
    lines = grow(lines, line_count, sizeof *lines);
    lines[line_count++] = line;
}

void side_read(const char *path) {
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    if (!file)
        die("cannot open %s: %s", path, strerror(errno));
    for (unsigned n = 1; getline(&line, &room, file) >= 0; n++)
        read_line(format("%s", line), format("%s:%u", path, n));
    if (ferror(file))
        die("cannot read %s: %s", path, strerror(errno));
    free(line);
    fclose(file);
    for (size_t n = 0; n < line_count; n++)
        lines[n].used = false;
}

const struct side_line *side_find(const char *kind, const char *path, const char *name) {
    for (size_t n = 0; n < line_count; n++) {
        struct side_line *line = &lines[n];
        if (!strcmp(line->kind, kind) && !strcmp(line->path, path) && (!name || !strcmp(line->name, name))) {
            line->used = true;
            return line;
        }
    }
    return NULL;
}

void side_report_unused(void) {
    for (size_t n = 0; n < line_count; n++) {
        if (!lines[n].used)
            say(lines[n].where, "error", "'%s %s%s%s' fits nothing in the header", lines[n].kind, lines[n].path,
                lines[n].name ? " " : "", lines[n].name ? lines[n].name : "");
    }
}
