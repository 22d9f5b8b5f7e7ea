#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

unsigned error_count;

void *make(size_t count, size_t size) {
    void *memory = calloc(count ? count : 1, size);
    if (!memory)
        die("out of memory");
    return memory;
}

void *grow(void *array, size_t count, size_t size) {
    /* Doubling whenever the count is a power of two. */
    if (count & (count - 1))
        return array;
    array = realloc(array, (count ? count * 2 : 1) * size);
    if (!array)
        die("out of memory");
    memset((char *)array + count * size, 0, (count ? count : 1) * size);
    return array;
}

void text_add(struct text *text, const char *fmt, ...) {
    char *piece;
    va_list ap;
    va_start(ap, fmt);
    int size = vasprintf(&piece, fmt, ap);
    va_end(ap);
    if (size < 0)
        die("out of memory");
    size_t need = text->size + (size_t)size + 1;
    if (need > text->room) {
        text->room = need * 2;
        text->bytes = realloc(text->bytes, text->room);
        if (!text->bytes)
            die("out of memory");
    }
    memcpy(text->bytes + text->size, piece, (size_t)size + 1);
    text->size += (size_t)size;
    free(piece);
}

void say(const char *where, const char *kind, const char *fmt, ...) {
    va_list ap;
    error_count += strcmp(kind, "error") == 0;
    fprintf(stderr, "%s: %s: ", where, kind);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}
