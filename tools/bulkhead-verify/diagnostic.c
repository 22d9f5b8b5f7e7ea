/* Refusals as a compiler would print them: the bundle in question, the instruction marked, the reason under it.
 *
 *   evil: 0x1050 <main+0x0>: refused by M1
 *       0x1050: 48 8b 06                       mov (%rsi), %rax
 *                                              ^~~~~~~~~~~~~~~~ M1: the operand is not confined: ...
 *       0x1053: 48 63 cf                       movsxd %edi, %rcx
 *
 * All refusals of a bundle are in one picture. Branch targets (C2) are known only after the last bundle, so a bundle
 * can come twice.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "disassemble.h"
#include "tool.h"

enum { BYTES_COLUMN = 11 }; /* most instructions are no longer; what is longer moves its text to the right */

static void print_symbol(const struct file_report *report, uint64_t address) {
    uint64_t offset = 0;
    const char *symbol = report->symbolize ? report->symbolize(report->symbols, address, &offset) : NULL;
    if (!symbol)
        return;
    printf(" <");
    print_escaped(symbol);
    printf("+0x%" PRIx64 ">", offset);
}

static void print_heading(const struct file_report *report) {
    const struct marks *marks = &report->marks;
    set_color(report->options, COLOR_HEADING);
    print_name(report);
    printf("0x%" PRIx64, marks->refusal[0].address);
    print_symbol(report, marks->refusal[0].address);
    printf(": ");
    set_color(report->options, COLOR_BAD);
    printf("refused by");
    for (unsigned i = 0; i < marks->count; i++) {
        bool known = false;
        for (unsigned k = 0; k < i; k++)
            known |= !strcmp(marks->refusal[k].rule, marks->refusal[i].rule);
        if (!known)
            printf("%s %s", i ? "," : "", marks->refusal[i].rule);
    }
    set_color(report->options, COLOR_PLAIN);
    putchar('\n');
}

static void print_reason(const struct file_report *report, const struct bh_verify_refusal *r) {
    printf(" %s: %s", r->rule, r->reason);
    if (r->target) {
        printf(" (0x%" PRIx64, r->target);
        print_symbol(report, r->target);
        putchar(')');
    }
}

/* A refusal of something unknown names one byte; the mark goes under whatever the disassembler makes of it. */
static uint64_t end_of(const struct bh_verify_refusal *r) { return r->address + r->length; }

/* Marks under the instruction at [start, end), whose text begins at a column and has a width: one line for each refusal
 * that begins in it, and a line without reason when one that began before goes on and ends later. */
static void print_marks(const struct file_report *report, uint64_t start, uint64_t end, int column, int width) {
    const struct marks *marks = &report->marks;
    for (unsigned i = 0; i < marks->count; i++) {
        const struct bh_verify_refusal *r = &marks->refusal[i];
        bool begins = r->address >= start && r->address < end, goes_on = r->address < start && end_of(r) > start;
        if (!begins && !goes_on)
            continue;
        printf("%*s", column, "");
        set_color(report->options, COLOR_BAD);
        for (int c = 0; c < width; c++)
            putchar(begins && !c ? '^' : '~');
        if (end_of(r) <= end)
            print_reason(report, r);
        set_color(report->options, COLOR_PLAIN);
        putchar('\n');
    }
}

static bool is_marked(const struct marks *marks, uint64_t start, uint64_t end) {
    for (unsigned i = 0; i < marks->count; i++)
        if (marks->refusal[i].address < end && end_of(&marks->refusal[i]) > start)
            return true;
    return false;
}

/* One-byte fill (hlt, int3, nop) comes in long runs: how often the byte at `at` is repeated, unmarked, before `end`. */
static size_t run_length(const struct file_report *report, size_t at, size_t end) {
    const uint8_t *code = report->code;
    size_t n = 1;
    if (code[at] != 0xF4 && code[at] != 0xCC && code[at] != 0x90)
        return 1;
    while (at + n < end && code[at + n] == code[at] &&
           !is_marked(&report->marks, report->code_address + at + n, report->code_address + at + n + 1))
        n++;
    return is_marked(&report->marks, report->code_address + at, report->code_address + at + 1) ? 1 : n;
}

static void print_annotation(const struct file_report *report, uint64_t start, uint64_t end) {
    const char *symbol = report->annotate ? report->annotate(report->symbols, start, end) : NULL;
    if (symbol && *symbol) {
        printf("  [");
        print_escaped(symbol);
        putchar(']');
    }
}

/* Prints what begins at the offset; returns its length. */
static size_t print_instruction(const struct file_report *report, size_t at, size_t bundle_end) {
    char text[128];
    uint64_t address = report->code_address + at;
    size_t run = run_length(report, at, bundle_end);
    size_t length = disassemble_one(report->code + at, report->code_size - at, address, text, sizeof text);
    if (!length)
        length = bundle_end - at;
    int column = printf("    0x%" PRIx64 ": ", address);
    print_bytes(report->code + at, length);
    int used = (int)length * 3 - 1, wanted = BYTES_COLUMN * 3;
    printf("%*s", used < wanted ? wanted - used : 1, "");
    column += used < wanted ? wanted : used + 1;
    fputs(text, stdout);
    print_annotation(report, address, address + length);
    if (run > 1)
        printf("  (%zu times)", run);
    putchar('\n');
    print_marks(report, address, address + length, column, (int)strlen(text));
    return run > 1 ? run : length;
}

static void print_bundle(const struct file_report *report) {
    const struct marks *marks = &report->marks;
    size_t start = (size_t)(marks->refusal[0].bundle - report->code_address), at = start;
    size_t end = report->code_size - start < BH_BUNDLE_SIZE ? report->code_size : start + BH_BUNDLE_SIZE;
    uint64_t last = 0;
    for (unsigned i = 0; i < marks->count; i++)
        last = end_of(&marks->refusal[i]) > last ? end_of(&marks->refusal[i]) : last;
    if (marks->resume > report->code_address + start && marks->resume <= marks->refusal[0].address) {
        at = (size_t)(marks->resume - report->code_address);
        printf("    0x%" PRIx64 ": (the rest of the instruction before)\n", report->code_address + start);
    }
    while (at < end)
        at += print_instruction(report, at, end);
    /* A sequence that leaves its bundle is shown to its end. */
    while (at < report->code_size && report->code_address + at < last) {
        if (at == end) {
            set_color(report->options, COLOR_QUIET);
            printf("    ---- bundle boundary 0x%" PRIx64 "\n", report->code_address + at);
            set_color(report->options, COLOR_PLAIN);
        }
        at += print_instruction(report, at, report->code_size);
    }
}

void diagnostic_flush(struct file_report *report) {
    struct marks *marks = &report->marks;
    if (!marks->count)
        return;
    print_heading(report);
    print_bundle(report);
    for (unsigned i = 0; i < marks->count; i++)
        if (end_of(&marks->refusal[i]) > marks->refusal[i].bundle + BH_BUNDLE_SIZE)
            marks->resume = end_of(&marks->refusal[i]);
    marks->count = 0;
}

void diagnostic_add(struct file_report *report, const struct bh_verify_refusal *refusal) {
    struct marks *marks = &report->marks;
    if (marks->count && (marks->refusal[0].bundle != refusal->bundle || marks->count == BH_BUNDLE_SIZE))
        diagnostic_flush(report);
    marks->refusal[marks->count++] = *refusal;
}
