/* Pieces of output that text and JSON share. */
#include <stdio.h>

#include "tool.h"

void print_escaped(const char *text) {
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\')
            printf("\\%c", *c);
        else if (*c < 0x20 || *c >= 0x7F)
            printf("\\u%04x", *c);
        else
            putchar(*c);
    }
}

void print_name(const struct file_report *report) {
    print_escaped(report->name);
    printf(": ");
}

void print_string(const char *key, const char *value) {
    printf("\"%s\":\"", key);
    print_escaped(value);
    printf("\",");
}

void print_bytes(const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; i++)
        printf("%s%02x", i ? " " : "", bytes[i]);
}

void set_color(const struct options *options, enum color color) {
    static const char *const codes[] = {"\033[0m", "\033[1m", "\033[1;31m", "\033[1;32m", "\033[2m"};
    if (options->color)
        fputs(codes[color], stdout);
}
