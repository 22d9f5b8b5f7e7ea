/* What every part of the driver needs: ending with a message, memory that is there, and text. The driver has one
 * thread. */
#ifndef BENCH_BASE_H
#define BENCH_BASE_H

#include <stddef.h>

enum { STATUS_FAILED = 1, STATUS_USAGE = 2, STATUS_UNSUPPORTED = 3, STATUS_INTERRUPTED = 130 };

/* What messages begin with; main() sets it. */
extern const char *program_name;

/* Prints "PROGRAM: message" and ends the process with `status`. */
_Noreturn void fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Zeroed memory for `count` things of `size` bytes, which the caller frees; does not return without. */
void *allocate(size_t count, size_t size);

/* A string made by printf's rules, which the caller frees; does not return without. */
char *format_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A list of strings that it owns; `items` ends with NULL, so that it can be an argument vector. Starts as {0}. */
struct strings {
    char **items;
    size_t count;
};

void strings_add(struct strings *list, const char *text);
int strings_contain(const struct strings *list, const char *text);
void strings_free(struct strings *list);

/* The pieces of `text` between `separator`; an empty last piece, as after a final newline, is left out. */
struct strings strings_split(const char *text, char separator);

#endif
