/* What bulkhead-verify prints: text for people, or one JSON object for each file. */
#include <Zydis/Zydis.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tool.h"

enum { MAX_SHOWN_BYTES = 32 };

static const struct { uint32_t bit; const char *name, *text; } fact_names[] = {
    {BH_FACT_MXCSR, "mxcsr", "can read MXCSR or change its control bits"},
    {BH_FACT_X87, "x87", "uses x87 or MMX registers"},
    {BH_FACT_UPPER, "upper", "uses upper halves of ymm registers"},
    {BH_FACT_TIMER, "timer", "reads the time stamp counter"},
    {BH_FACT_CPUID, "cpuid", "executes cpuid"},
    {BH_FACT_RDRAND, "rdrand", "executes rdrand or rdseed"},
    {BH_FACT_RDPID, "rdpid", "reads the processor number"},
    {BH_FACT_XGETBV, "xgetbv", "executes xgetbv"},
    {BH_FACT_FLUSH, "flush", "flushes cache lines"},
    {BH_FACT_AVX, "avx", "contains AVX instructions"},
    {BH_FACT_BMI, "bmi", "contains BMI instructions"},
    {BH_FACT_HOSTCALL, "hostcall", "makes host calls"},
};
enum { FACT_COUNT = sizeof fact_names / sizeof *fact_names };

/* Names come out of files that nobody trusts: a terminal must not obey them, and JSON must stay JSON. */
static void print_escaped(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\')
            printf("\\%c", *c);
        else if (*c < 0x20 || *c >= 0x7F)
            printf("\\u%04x", *c);
        else
            putchar(*c);
    }
}

static void print_string(const char *key, const char *value)
{
    printf("\"%s\":\"", key);
    print_escaped(value);
    printf("\",");
}

/* The instructions in [code, code + size), AT&T syntax, separated by "; ". */
static void disassemble(const uint8_t *code, size_t size, uint64_t address, char *out, size_t room)
{
    ZydisDecoder decoder;
    ZydisFormatter formatter;
    size_t used = 0;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_ATT);
    out[0] = 0;
    for (size_t at = 0; at < size && used + 2 < room;) {
        ZydisDecodedInstruction insn;
        ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
        char text[128] = "(not an instruction)";
        size_t length = size - at;
        if (ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code + at, length, &insn, operands))) {
            ZydisFormatterFormatInstruction(&formatter, &insn, operands, insn.operand_count_visible, text, sizeof text,
                                            address + at, NULL);
            length = insn.length;
        }
        int n = snprintf(out + used, room - used, "%s%s", at ? "; " : "", text);
        used += n > 0 ? (size_t)n : 0;
        at += length;
    }
}

/* A refusal of something unknown names one byte; show what a disassembler makes of it. */
static size_t shown_length(const struct file_report *report, const struct bh_verify_refusal *refusal)
{
    size_t offset = (size_t)(refusal->address - report->code_address), length = refusal->length;
    if (length == 1 && offset < report->code_size) {
        ZydisDecoder decoder;
        ZydisDecodedInstruction insn;
        ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
        if (ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, NULL, report->code + offset, report->code_size - offset, &insn)))
            length = insn.length;
    }
    length = length > MAX_SHOWN_BYTES ? MAX_SHOWN_BYTES : length;
    return offset + length > report->code_size ? report->code_size - offset : length;
}

static void print_bytes(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("%s%02x", i ? " " : "", bytes[i]);
}

static void refusal_json(struct file_report *report, const struct bh_verify_refusal *r, const char *symbol, uint64_t offset,
                         const uint8_t *bytes, size_t length, const char *text)
{
    printf("%s{\"address\":%" PRIu64 ",\"length\":%" PRIu32 ",\"bundle\":%" PRIu64 ",", report->refusals ? "," : "", r->address,
           r->length, r->bundle);
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

void report_refusal(void *context, const struct bh_verify_refusal *r)
{
    struct file_report *report = context;
    const uint8_t *bytes = report->code + (r->address - report->code_address);
    size_t length = shown_length(report, r);
    uint64_t offset = 0;
    const char *symbol = report->elf ? bh_elf_symbolize(report->elf, r->address, &offset) : NULL;
    char text[512];
    disassemble(bytes, length, r->address, text, sizeof text);
    if (report->options->json) {
        refusal_json(report, r, symbol, offset, bytes, length, text);
    } else {
        printf("%s: 0x%" PRIx64, report->name, r->address);
        if (symbol) {
            printf(" <");
            print_escaped(symbol);
            printf("+0x%" PRIx64 ">", offset);
        }
        printf(": %s: %s", r->rule, r->reason);
        if (r->target)
            printf(" (0x%" PRIx64 ")", r->target);
        printf("\n    ");
        print_bytes(bytes, length);
        printf("\t%s\n", text);
    }
    report->refusals++;
}

void report_file(struct file_report *report, const struct bh_elf_error *error)
{
    if (report->options->json) {
        printf("{");
        print_string("rule", error->rule);
        printf("\"where\":%" PRIu64 ",\"value\":%" PRIu64 ",\"reason\":\"", error->where, error->value);
        print_escaped(error->reason);
        printf("\"}");
    } else {
        printf("%s: %s: %s", report->name, error->rule, error->reason);
        if (error->where || error->value)
            printf(" (at 0x%" PRIx64 ": 0x%" PRIx64 ")", error->where, error->value);
        putchar('\n');
    }
    report->refusals++;
}

void report_unreadable(struct file_report *report, const char *why)
{
    if (report->options->json) {
        printf("{\"rule\":\"unreadable\",\"reason\":\"");
        print_escaped(why);
        printf("\"}");
    } else {
        fflush(stdout);
        fprintf(stderr, "bulkhead-verify: %s: %s\n", report->name, why);
    }
}

void report_begin(struct file_report *report)
{
    if (!report->options->json)
        return;
    printf("{");
    print_string("file", report->name);
    printf("\"refusals\":[");
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0.0;
}

/* Fill is counted without the hlt that completes the first and last page. */
static uint64_t inner_fill(const struct file_report *report, const struct bh_verify_facts *facts)
{
    uint64_t outer = report->code_size - report->text_size;
    return facts->fill_bytes > outer ? facts->fill_bytes - outer : 0;
}

static void facts_json(const struct file_report *report, const struct bh_verify_facts *facts)
{
    printf(",\"facts\":[");
    for (unsigned i = 0, n = 0; i < FACT_COUNT; i++)
        if (facts->facts & fact_names[i].bit)
            printf("%s\"%s\"", n++ ? "," : "", fact_names[i].name);
    printf("],\"text_bytes\":%" PRIu64 ",\"nop_bytes\":%" PRIu64 ",\"nop_percent\":%.2f,\"fill_bytes\":%" PRIu64
           ",\"prefix_bytes\":%" PRIu64 ",\"instructions\":%" PRIu64 ",\"nops\":%" PRIu64 ",\"sequences\":%" PRIu64
           ",\"branches\":%" PRIu64 ",\"hostcalls\":[",
           report->text_size, facts->nop_bytes, percent(facts->nop_bytes, report->text_size), inner_fill(report, facts),
           facts->prefix_bytes, facts->instructions, facts->nops, facts->sequences, facts->branches);
    for (unsigned i = 0, n = 0; i < BH_HOSTCALL_COUNT; i++)
        if (facts->hostcall[i / 64] >> (i % 64) & 1)
            printf("%s%u", n++ ? "," : "", i);
    printf("]");
}

static void facts_text(const struct file_report *report, const struct bh_verify_facts *facts)
{
    printf("%s: text %" PRIu64 " bytes, %" PRIu64 " instructions, %" PRIu64 " sequences, %" PRIu64 " direct branches\n",
           report->name, report->text_size, facts->instructions, facts->sequences, facts->branches);
    printf("%s: nops %" PRIu64 " bytes (%.2f %% of text) in %" PRIu64 " instructions, fill %" PRIu64
           " bytes (%.2f %%), padding prefixes %" PRIu64 " bytes (%.2f %%)\n",
           report->name, facts->nop_bytes, percent(facts->nop_bytes, report->text_size), facts->nops,
           inner_fill(report, facts), percent(inner_fill(report, facts), report->text_size), facts->prefix_bytes,
           percent(facts->prefix_bytes, report->text_size));
    for (unsigned i = 0; i < FACT_COUNT; i++)
        if (facts->facts & fact_names[i].bit)
            printf("%s: fact %s: %s\n", report->name, fact_names[i].name, fact_names[i].text);
    for (unsigned i = 0; i < BH_HOSTCALL_COUNT; i++)
        if (facts->hostcall[i / 64] >> (i % 64) & 1)
            printf("%s: host call %u\n", report->name, i);
}

void report_end(struct file_report *report, int verdict, const struct bh_verify_facts *facts)
{
    static const char *const words[] = {"accepted", "refused", "unreadable"};
    if (report->options->json) {
        printf("],\"result\":\"%s\"", words[verdict]);
        if (facts)
            facts_json(report, facts);
        printf("}\n");
        return;
    }
    if (facts && report->options->facts)
        facts_text(report, facts);
    if (verdict == EXIT_ACCEPTED)
        printf("%s: accepted\n", report->name);
    else if (verdict == EXIT_REFUSED)
        printf("%s: refused (%zu %s%s)\n", report->name, report->refusals,
               report->refusals == 1 ? "rule broken" : "rules broken",
               report->options->limit && report->refusals >= report->options->limit ? ", and maybe more: see --limit" : "");
}
