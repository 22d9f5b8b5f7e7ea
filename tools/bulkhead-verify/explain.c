/* See explain.h. The texts are in rules.def. */
#include "explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disassemble.h"

enum { MAX_EXAMPLE = 256, WIDTH = 96 };

static const struct rule {
    const char *name, *title, *demands, *why, *advice;
    const char *accepted, *refused; /* bytes, or words about a file */
    const char *by;                 /* code: the rule that refuses the bytes; otherwise NULL */
} rules[] = {
#define CODE(name, title, demands, why, advice, accepted, refused, by)                                                 \
    {name, title, demands, why, advice, accepted, refused, by},
#define FILE_RULE(name, title, demands, why, advice, accepted, refused, example)                                       \
    {name, title, demands, why, advice, accepted, refused, NULL},
#define OBJECT(name, title, demands, why, advice) {name, title, demands, why, advice, NULL, NULL, NULL},
#include "rules.def"
#undef CODE
#undef FILE_RULE
#undef OBJECT
};
enum { RULE_COUNT = sizeof rules / sizeof *rules };

static void print_wrapped(const char *text) {
    size_t column = 0;
    while (*text) {
        size_t word = strcspn(text, " ");
        if (column && column + 1 + word > WIDTH) {
            putchar('\n');
            column = 0;
        }
        printf("%s%.*s", column ? " " : "  ", (int)word, text);
        column += word + (column ? 1 : 2);
        text += word;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static void print_heading(const struct options *options, const char *text) {
    set_color(options, COLOR_HEADING);
    printf("%s\n", text);
    set_color(options, COLOR_PLAIN);
}

/* The notation of rules.def. */
static size_t parse_bytes(const char *text, uint8_t *code) {
    size_t n = 0;
    while (*text) {
        char *end;
        unsigned long count = 1, value;
        if (*text == '|' || *text == '!' || *text == ' ') {
            text++;
            continue;
        }
        value = strtoul(text, &end, 16);
        if (*end == '*') {
            count = strtoul(text, NULL, 10);
            value = strtoul(end + 1, &end, 16);
        }
        while (count-- && n < MAX_EXAMPLE)
            code[n++] = (uint8_t)value;
        text = end;
    }
    return n;
}

static void print_code(const char *bytes) {
    uint8_t code[MAX_EXAMPLE];
    char text[128];
    size_t size = parse_bytes(bytes, code);
    for (size_t at = 0; at < size;) {
        size_t run = 1, length = disassemble_one(code + at, size - at, at, text, sizeof text);
        length = length ? length : size - at;
        while (length == 1 && at + run < size && code[at + run] == code[at])
            run++;
        printf("  0x%02zx: ", at);
        print_bytes(code + at, length);
        printf("%*s%s", length < 11 ? (int)(33 - 3 * length) : 1, "", text);
        if (run > 1)
            printf("  (%zu times)", run);
        putchar('\n');
        at += length * run;
    }
}

static void print_rule(const struct options *options, const struct rule *rule) {
    set_color(options, COLOR_BAD);
    printf("%s", rule->name);
    set_color(options, COLOR_HEADING);
    printf(": %s\n", rule->title);
    set_color(options, COLOR_PLAIN);
    print_wrapped(rule->demands);
    print_heading(options, "Why");
    print_wrapped(rule->why);
    print_heading(options, "What to do");
    print_wrapped(rule->advice);
    if (!rule->accepted)
        return;
    print_heading(options, "Accepted");
    rule->by ? print_code(rule->accepted) : print_wrapped(rule->accepted);
    set_color(options, COLOR_HEADING);
    if (rule->by && strcmp(rule->by, rule->name))
        printf("Refused (by %s)\n", rule->by);
    else
        printf("Refused\n");
    set_color(options, COLOR_PLAIN);
    rule->by ? print_code(rule->refused) : print_wrapped(rule->refused);
}

int explain(const struct options *options, const char *name) {
    bool all = !strcmp(name, "all"), found = false;
    for (unsigned i = 0; i < RULE_COUNT; i++) {
        if (!all && strcmp(name, rules[i].name))
            continue;
        if (found)
            putchar('\n');
        print_rule(options, &rules[i]);
        found = true;
    }
    if (found)
        return EXIT_ACCEPTED;
    fprintf(stderr, "bulkhead-verify: no rule is called '%s'; there are:\n", name);
    for (unsigned i = 0; i < RULE_COUNT; i++)
        fprintf(stderr, "  %-13s%s\n", rules[i].name, rules[i].title);
    fprintf(stderr, "  %-13severy rule\n", "all");
    return EXIT_UNREADABLE;
}
