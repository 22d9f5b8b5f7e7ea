/* Reads one file and puts it through the verifier exactly as the runtime does. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "archive.h"
#include "input.h"
#include "object.h"
#include "progress.h"

static int verify_code(struct file_report *report, struct bh_verify_input *input) {
    struct bh_verify_facts facts;
    int verdict = EXIT_UNREADABLE;
    report->code = input->code;
    report->code_size = input->size;
    report->code_address = input->address;
    input->scratch_size = bh_verify_scratch_size(input->size);
    input->scratch = malloc(input->scratch_size);
    input->report = report_refusal;
    input->report_context = report;
    input->limit = report->options->limit;
    input->statistics = report->options->facts || report->options->json;
    if (!input->scratch) {
        report_unreadable(report, "not enough memory to verify it");
    } else {
        input->progress = progress_begin(report->options, report->name, "verifying", input->size);
        bh_verify_result result = bh_verify_code(input, &facts);
        progress_end(input->size);
        if (result == BH_VERIFY_BAD_ARGUMENT)
            report_unreadable(report, "the code is too large, or does not fit below 4 GiB at its address");
        else
            verdict = result == BH_VERIFY_ACCEPTED ? EXIT_ACCEPTED : EXIT_REFUSED;
    }
    free(input->scratch);
    report_end(report, verdict, verdict == EXIT_UNREADABLE ? NULL : &facts);
    return verdict;
}

static int verify_raw(struct file_report *report, const uint8_t *data, size_t size) {
    const struct options *options = report->options;
    struct bh_verify_input input = {
        .code = data,
        .size = size,
        .address = options->address,
        .image_lo = options->address & ~(uint64_t)(BH_PAGE_SIZE - 1),
        .image_hi = (options->address + size + BH_PAGE_SIZE - 1) & ~(uint64_t)(BH_PAGE_SIZE - 1),
        .isolation = options->allow_stores_only ? BH_ISOLATE_STORES : BH_ISOLATE_FULL,
    };
    report->text_size = size;
    return verify_code(report, &input);
}

static const char *symbolize_module(const void *elf, uint64_t address, uint64_t *offset) {
    return bh_elf_symbolize(elf, address, offset);
}

static int verify_elf(struct file_report *report, const uint8_t *data, size_t size) {
    struct bh_elf elf;
    struct bh_elf_error error;
    struct bh_verify_input input;
    bh_elf_result parsed = bh_elf_parse(&elf, data, size, &error);
    if (parsed == BH_ELF_NOT_ELF) {
        report_unreadable(report, "not an ELF file (nor an archive)");
        report_end(report, EXIT_UNREADABLE, NULL);
        return EXIT_UNREADABLE;
    }
    if (parsed == BH_ELF_OK && elf.isolation == BH_ISOLATE_STORES && !report->options->allow_stores_only) {
        parsed = BH_ELF_REFUSED;
        error = (struct bh_elf_error){.rule = "elf-note",
                                      .reason = "only its stores are isolated: such a module can read "
                                                "everything in the process; accept it with --allow-stores-only"};
    }
    if (parsed == BH_ELF_REFUSED) {
        report_file(report, &error);
        report_end(report, EXIT_REFUSED, NULL);
        return EXIT_REFUSED;
    }
    uint8_t *code = malloc(elf.code_size);
    if (!code) {
        report_unreadable(report, "not enough memory to verify it");
        report_end(report, EXIT_UNREADABLE, NULL);
        return EXIT_UNREADABLE;
    }
    report->symbolize = symbolize_module;
    report->symbols = &elf;
    report->text_size = elf.segment[elf.code_segment].filesz;
    bh_elf_fill_code(&elf, code);
    bh_elf_verify_input(&elf, code, &input);
    int verdict = verify_code(report, &input);
    free(code);
    return verdict;
}

int verify_file(const struct options *options, const char *name) {
    struct file_report report = {.options = options, .name = name};
    size_t size;
    uint8_t *data = read_input(options, name, &size);
    int verdict;
    if (!data) {
        report_begin(&report);
        report_unreadable(&report, strerror(errno));
        report_end(&report, EXIT_UNREADABLE, NULL);
        return EXIT_UNREADABLE;
    }
    if (!options->raw && (is_archive(data, size) || is_thin_archive(data, size))) {
        verdict = verify_archive(&report, data, size);
    } else if (!options->raw && is_object(data, size)) {
        verdict = verify_object(&report, data, size);
    } else {
        report_begin(&report);
        verdict = options->raw ? verify_raw(&report, data, size) : verify_elf(&report, data, size);
    }
    free(data);
    return verdict;
}
