#include "args.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *program_name = "bulkhead-clang";

void die(const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    fprintf(stderr, "%s: error: ", program_name);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(1);
}

static void *must(void *memory) {
    if (!memory)
        die("out of memory");
    return memory;
}

void args_add(struct args *args, const char *item) {
    if (args->count + 1 >= args->room) {
        args->room = args->room ? args->room * 2 : 64;
        args->items = must(realloc(args->items, args->room * sizeof *args->items));
    }
    args->items[args->count++] = must(strdup(item));
    args->items[args->count] = NULL;
}

void args_add_all(struct args *args, const struct args *more) {
    for (size_t i = 0; i < more->count; i++)
        args_add(args, more->items[i]);
}

void args_add_list(struct args *args, ...) {
    va_list ap;
    va_start(ap, args);
    for (const char *item; (item = va_arg(ap, const char *));)
        args_add(args, item);
    va_end(ap);
}

char *format(const char *fmt, ...) {
    char *text;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        die("out of memory");
    va_end(ap);
    return text;
}

bool starts_with(const char *text, const char *prefix) { return strncmp(text, prefix, strlen(prefix)) == 0; }

bool ends_with(const char *text, const char *suffix) {
    size_t n = strlen(text), m = strlen(suffix);
    return n >= m && strcmp(text + n - m, suffix) == 0;
}

const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *read_stream(FILE *file) {
    size_t size = 0, room = 4096;
    char *text = must(malloc(room));
    for (;;) {
        size += fread(text + size, 1, room - size - 1, file);
        if (size < room - 1)
            break;
        room *= 2;
        text = must(realloc(text, room));
    }
    bool failed = ferror(file);
    fclose(file);
    text[size] = 0;
    if (failed) {
        free(text);
        return NULL;
    }
    return text;
}

/* The whole of the file as a string, or NULL. */
static char *read_file(const char *path) {
    FILE *file = fopen(path, "re");
    return file ? read_stream(file) : NULL;
}

/* Takes one argument off the text at *at: quotes group, a backslash takes the next character as it is. */
static char *next_token(char **at) {
    char *in = *at;
    while (isspace((unsigned char)*in))
        in++;
    if (!*in) {
        *at = in;
        return NULL;
    }
    char *token = in, *out = in, quote = 0;
    for (; *in && (quote || !isspace((unsigned char)*in)); in++) {
        if (*in == '\\' && in[1]) {
            *out++ = *++in;
        } else if (quote ? *in == quote : (*in == '"' || *in == '\'')) {
            quote = quote ? 0 : *in;
        } else {
            *out++ = *in;
        }
    }
    if (*in)
        in++;
    *at = in;
    return must(strndup(token, (size_t)(out - token)));
}

static void expand_one(struct args *args, const char *arg, int depth) {
    char *text = arg[0] == '@' ? read_file(arg + 1) : NULL;
    if (!text) {
        args_add(args, arg);
        return;
    }
    if (depth > 32)
        die("response files nest too deeply at %s; does one include itself?", arg);
    char *at = text;
    for (char *token; (token = next_token(&at));)
        expand_one(args, token, depth + 1);
    free(text);
}

void args_expand(struct args *args, char *const *argv, size_t count) {
    for (size_t i = 0; i < count; i++)
        expand_one(args, argv[i], 0);
}

bool args_write(const struct args *args, const char *path) {
    FILE *file = fopen(path, "we");
    if (!file)
        return false;
    for (size_t i = 1; i < args->count; i++) {
        fputc('"', file);
        for (const char *c = args->items[i]; *c; c++) {
            if (*c == '"' || *c == '\\')
                fputc('\\', file);
            fputc(*c, file);
        }
        fputs("\"\n", file);
    }
    bool failed = ferror(file);
    return fclose(file) == 0 && !failed;
}
