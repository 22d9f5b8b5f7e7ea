/* Growing texts, allocation and messages of bulkhead-bind. Nothing is freed: the process is short. */
#ifndef BULKHEAD_BIND_TEXT_H
#define BULKHEAD_BIND_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "../bulkhead-clang/args.h"

struct text {
    char *bytes; /* NUL-terminated; NULL while empty */
    size_t size, room;
};

void text_add(struct text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Zeroed memory, or the end of the process. */
void *make(size_t count, size_t size);
/* Room for one more element in an array of count elements of size bytes, which may move. */
void *grow(void *array, size_t count, size_t size);

/* WHERE: KIND: text. Errors are counted. */
void say(const char *where, const char *kind, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
extern unsigned error_count;

#endif
