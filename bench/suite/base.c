#include "base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *program_name = "bench";

void fail(int status, const char *format, ...) {
    va_list arguments;
    fflush(stdout);
    fprintf(stderr, "%s: ", program_name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(status);
}

void *allocate(size_t count, size_t size) {
    void *memory = calloc(count ? count : 1, size);
    if (!memory)
        fail(STATUS_FAILED, "no memory for %zu times %zu bytes", count, size);
    return memory;
}

char *format_text(const char *format, ...) {
    va_list arguments;
    char *text = NULL;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        fail(STATUS_FAILED, "no memory for a string");
    return text;
}

void strings_add(struct strings *list, const char *text) {
    char **items = realloc(list->items, (list->count + 2) * sizeof *items);
    if (!items)
        fail(STATUS_FAILED, "no memory for a list of %zu strings", list->count + 1);
    list->items = items;
    items[list->count++] = format_text("%s", text);
    items[list->count] = NULL;
}

int strings_contain(const struct strings *list, const char *text) {
    for (size_t i = 0; i < list->count; i++)
        if (!strcmp(list->items[i], text))
            return 1;
    return 0;
}

void strings_free(struct strings *list) {
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct strings){0};
}

struct strings strings_split(const char *text, char separator) {
    struct strings list = {0};
    while (*text) {
        const char *end = strchrnul(text, separator);
        char *piece = format_text("%.*s", (int)(end - text), text);
        strings_add(&list, piece);
        free(piece);
        text = *end ? end + 1 : end;
    }
    return list;
}
