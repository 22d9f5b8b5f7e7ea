/* Shared by the parts of bulkhead-verify. */
#ifndef BULKHEAD_VERIFY_TOOL_H
#define BULKHEAD_VERIFY_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/elf.h"

/* Exit codes, and verdicts on one file. The worst of all files is the exit code. */
enum { EXIT_ACCEPTED = 0, EXIT_REFUSED = 1, EXIT_UNREADABLE = 2 };

struct options {
    bool json, facts, raw, allow_stores_only, color, list_instructions, markdown, progress;
    uint64_t address;    /* --raw: where the code is */
    size_t limit;        /* refusals printed for one file */
    const char *explain; /* --explain: the name of a rule */
    char **files;
    int file_count;
};

/* Fills options; prints help, version or an error and exits when the command line says so. */
void parse_options(int argc, char **argv, struct options *options);

/* Rules that the code of one bundle breaks, until they are printed as one picture. No bundle has more instructions. */
struct marks {
    struct bh_verify_refusal refusal[BH_BUNDLE_SIZE];
    unsigned count;
    uint64_t resume; /* where decoding went on behind a refused instruction that left its bundle */
};

/* Finds the symbol that contains an address, or NULL; *offset is the distance from its start. */
typedef const char *symbolizer(const void *context, uint64_t address, uint64_t *offset);

/* The symbol that the linker will put into the instruction at [start, end), or NULL. */
typedef const char *annotator(const void *context, uint64_t start, uint64_t end);

/* What is known of a file while it is verified and reported. */
struct file_report {
    const struct options *options;
    const char *name;
    bool member;           /* of an archive, which gives the verdict */
    symbolizer *symbolize; /* NULL with --raw, or before the file was parsed */
    annotator *annotate;   /* NULL but for object files */
    const void *symbols;   /* context of both */
    const uint8_t *code;   /* as verified */
    size_t code_size;
    uint64_t code_address;
    uint64_t text_size; /* without the fill of the last page */
    size_t refusals;
    const char *first_rule; /* the first that was broken */
    struct marks marks;
};

/* report.c: what is said about a file, as text or as JSON. */

/* A rule that the code breaks; a bh_verify_report whose context is the struct file_report. */
void report_refusal(void *context, const struct bh_verify_refusal *refusal);
/* A rule that the file breaks. */
void report_file(struct file_report *report, const struct bh_elf_error *error);
/* A file that cannot be judged at all. */
void report_unreadable(struct file_report *report, const char *why);
/* JSON needs a frame around the refusals of a file. Text output uses only the end, for the verdict and the facts. */
void report_begin(struct file_report *report);
void report_end(struct file_report *report, int verdict, const struct bh_verify_facts *facts);

const char *verdict_name(int verdict);

/* facts.c: what accepted code can do. */
void facts_json(const struct file_report *report, const struct bh_verify_facts *facts);
void facts_text(const struct file_report *report, const struct bh_verify_facts *facts);

/* diagnostic.c: a bundle with its broken rules, like a compiler's message. Keeps refusals until their bundle is
 * complete; diagnostic_flush prints what is kept. */
void diagnostic_add(struct file_report *report, const struct bh_verify_refusal *refusal);
void diagnostic_flush(struct file_report *report);

/* print.c. Names come out of files that nobody trusts: a terminal must not obey them, and JSON must stay JSON. */
void print_escaped(const char *text);
/* The file's name, a colon and a space. */
void print_name(const struct file_report *report);
/* "key":"value", */
void print_string(const char *key, const char *value);
void print_bytes(const uint8_t *bytes, size_t count);
/* Begins and ends a colour on standard output, if colours are wanted. */
enum color { COLOR_PLAIN, COLOR_HEADING, COLOR_BAD, COLOR_GOOD, COLOR_QUIET };
void set_color(const struct options *options, enum color color);

/* verify_file.c: reads, verifies and reports one file ("-": standard input); returns its verdict. */
int verify_file(const struct options *options, const char *name);
/* verify_object.c, verify_archive.c: the same for bytes that are a relocatable object, or an archive of such. */
int verify_object(struct file_report *report, const uint8_t *data, size_t size);
int verify_archive(struct file_report *report, const uint8_t *data, size_t size);

#endif
