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
    bool json, facts, raw, allow_stores_only;
    uint64_t address; /* --raw: where the code is */
    size_t limit;     /* refusals printed for one file */
    char **files;
    int file_count;
};

/* Fills options; prints help, version or an error and exits when the command line says so. */
void parse_options(int argc, char **argv, struct options *options);

/* What is known about a file while it is verified and reported. */
struct file_report {
    const struct options *options;
    const char *name;
    const struct bh_elf *elf; /* NULL with --raw, or before the file was parsed */
    const uint8_t *code;      /* as verified */
    size_t code_size;
    uint64_t code_address;
    uint64_t text_size;       /* without the fill of the last page */
    size_t refusals;
};

/* A rule that the code breaks; a bh_verify_report whose context is the struct file_report. */
void report_refusal(void *context, const struct bh_verify_refusal *refusal);
/* A rule that the file breaks. */
void report_file(struct file_report *report, const struct bh_elf_error *error);
/* A file that cannot be judged at all. */
void report_unreadable(struct file_report *report, const char *why);
/* JSON needs a frame around the refusals of a file. Text output uses only the end, for the verdict and the facts. */
void report_begin(struct file_report *report);
void report_end(struct file_report *report, int verdict, const struct bh_verify_facts *facts);

/* Reads, verifies and reports one file; returns its verdict. */
int verify_file(const struct options *options, const char *name);

#endif
