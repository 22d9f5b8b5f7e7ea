/* Argument vectors and strings for the compiler front: growing, never freed (the process is short), and running out of
 * memory ends it. Includes the expansion of @FILE response files and its reverse.
 */
#ifndef BULKHEAD_CLANG_ARGS_H
#define BULKHEAD_CLANG_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A vector of strings; items[count] is always NULL, so that items can go to exec. */
struct args {
    char **items;
    size_t count;
    size_t room;
};

void args_add(struct args *args, const char *item);
void args_add_all(struct args *args, const struct args *more);
/* Adds every following argument up to NULL. */
void args_add_list(struct args *args, ...) __attribute__((sentinel));

/* printf into a fresh string. */
char *format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Everything up to the end of the file, as a string; NULL if reading fails. Closes it. */
char *read_stream(FILE *file);

bool starts_with(const char *text, const char *prefix);
bool ends_with(const char *text, const char *suffix);
const char *base_name(const char *path);

/* Appends argv to args with every @FILE replaced by the arguments in FILE, recursively, by the quoting rules of GNU
 * tools (which are clang's). An @FILE that cannot be opened stays as it is, as there. */
void args_expand(struct args *args, char *const *argv, size_t count);

/* Writes args, from the second on, to PATH so that args_expand and clang read the same back. False with errno set. */
bool args_write(const struct args *args, const char *path);

/* Says what is wrong and ends the process with status 1. */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The name that messages begin with. */
extern const char *program_name;

#endif
