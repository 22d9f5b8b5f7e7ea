/* What bulkhead-verify says about a file: text for people, or one JSON object for each file. */
#include <inttypes.h>
#include <stdio.h>

#include "disassemble.h"
#include "tool.h"

enum { MAX_SHOWN_BYTES = 32 };

/* A refusal of something unknown names one byte; show what a disassembler makes of it. */
static size_t shown_length(const struct file_report *report, const struct bh_verify_refusal *refusal) {
    size_t offset = (size_t)(refusal->address - report->code_address), length = refusal->length, known;
    char text[128];
    if (length == 1 && offset < report->code_size &&
        (known = disassemble_one(report->code + offset, report->code_size - offset, refusal->address, text,
                                 sizeof text)) != 0)
        length = known;
    length = length > MAX_SHOWN_BYTES ? MAX_SHOWN_BYTES : length;
    return offset + length > report->code_size ? report->code_size - offset : length;
}

static void refusal_json(struct file_report *report, const struct bh_verify_refusal *r, const char *symbol,
                         uint64_t offset, const uint8_t *bytes, size_t length, const char *text) {
    printf("%s{\"address\":%" PRIu64 ",\"length\":%" PRIu32 ",\"bundle\":%" PRIu64 ",", report->refusals ? "," : "",
           r->address, r->length, r->bundle);
    if (symbol) {
        print_string("symbol", symbol);
        printf("\"offset\":%" PRIu64 ",", offset);
    }
    if (r->target)
        printf("\"target\":%" PRIu64 ",", r->target);
    printf("\"bytes\":\"");
    print_bytes(bytes, length);
    printf("\",");
    print_string("disassembly", text);
    print_string("rule", r->rule);
    printf("\"reason\":\"");
    print_escaped(r->reason);
    printf("\"}");
}

void report_refusal(void *context, const struct bh_verify_refusal *r) {
    struct file_report *report = context;
    if (!report->first_rule)
        report->first_rule = r->rule;
    if (report->options->json) {
        const uint8_t *bytes = report->code + (r->address - report->code_address);
        size_t length = shown_length(report, r);
        uint64_t offset = 0;
        const char *symbol = report->symbolize ? report->symbolize(report->symbols, r->address, &offset) : NULL;
        char text[512];
        disassemble(bytes, length, r->address, text, sizeof text);
        refusal_json(report, r, symbol, offset, bytes, length, text);
    } else {
        diagnostic_add(report, r);
    }
    report->refusals++;
}

void report_file(struct file_report *report, const struct bh_elf_error *error) {
    if (report->options->json) {
        printf("{");
        print_string("rule", error->rule);
        printf("\"where\":%" PRIu64 ",\"value\":%" PRIu64 ",\"reason\":\"", error->where, error->value);
        print_escaped(error->reason);
        printf("\"}");
    } else {
        set_color(report->options, COLOR_HEADING);
        print_name(report);
        set_color(report->options, COLOR_BAD);
        printf("%s: ", error->rule);
        set_color(report->options, COLOR_PLAIN);
        printf("%s", error->reason);
        if (error->where || error->value)
            printf(" (at 0x%" PRIx64 ": 0x%" PRIx64 ")", error->where, error->value);
        putchar('\n');
    }
    if (!report->first_rule)
        report->first_rule = error->rule;
    report->refusals++;
}

void report_unreadable(struct file_report *report, const char *why) {
    if (report->options->json) {
        printf("{\"rule\":\"unreadable\",\"reason\":\"");
        print_escaped(why);
        printf("\"}");
    } else {
        fflush(stdout);
        fprintf(stderr, "bulkhead-verify: %s: %s\n", report->name, why);
    }
}

void report_begin(struct file_report *report) {
    if (!report->options->json)
        return;
    printf("{");
    print_string("file", report->name);
    printf("\"refusals\":[");
}

const char *verdict_name(int verdict) {
    static const char *const words[] = {"accepted", "refused", "unreadable"};
    return words[verdict];
}

void report_end(struct file_report *report, int verdict, const struct bh_verify_facts *facts) {
    if (report->options->json) {
        printf("],\"result\":\"%s\"", verdict_name(verdict));
        if (facts)
            facts_json(report, facts);
        printf("}\n");
        return;
    }
    diagnostic_flush(report);
    if (facts && report->options->facts)
        facts_text(report, facts);
    if (verdict == EXIT_UNREADABLE || report->member)
        return;
    if (verdict == EXIT_REFUSED)
        printf("(more about a rule: bulkhead-verify --explain %s)\n", report->first_rule);
    print_name(report);
    set_color(report->options, verdict == EXIT_ACCEPTED ? COLOR_GOOD : COLOR_BAD);
    printf("%s", verdict_name(verdict));
    set_color(report->options, COLOR_PLAIN);
    if (verdict == EXIT_REFUSED)
        printf(" (%zu %s%s)", report->refusals, report->refusals == 1 ? "rule broken" : "rules broken",
               report->options->limit && report->refusals >= report->options->limit ? ", and maybe more: see --limit"
                                                                                    : "");
    putchar('\n');
}
