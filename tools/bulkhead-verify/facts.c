/* What accepted code can do, its size and how it is padded. */
#include <inttypes.h>
#include <stdio.h>

#include "tool.h"

static const struct {
    uint32_t bit;
    const char *name, *text;
} fact_names[] = {
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
    {BH_FACT_LZCNT, "lzcnt", "executes lzcnt"},
    {BH_FACT_MOVBE, "movbe", "executes movbe"},
    {BH_FACT_F16C, "f16c", "converts half-precision numbers (F16C)"},
    {BH_FACT_AES, "aes", "contains AES or PCLMULQDQ instructions"},
};
enum { FACT_COUNT = sizeof fact_names / sizeof *fact_names };

static double percent(uint64_t part, uint64_t whole) { return whole ? 100.0 * (double)part / (double)whole : 0.0; }

/* Fill is counted without the hlt that completes the first and last page. */
static uint64_t inner_fill(const struct file_report *report, const struct bh_verify_facts *facts) {
    uint64_t outer = report->code_size - report->text_size;
    return facts->fill_bytes > outer ? facts->fill_bytes - outer : 0;
}

void facts_json(const struct file_report *report, const struct bh_verify_facts *facts) {
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

void facts_text(const struct file_report *report, const struct bh_verify_facts *facts) {
    print_name(report);
    printf("text %" PRIu64 " bytes, %" PRIu64 " instructions, %" PRIu64 " sequences, %" PRIu64 " direct branches\n",
           report->text_size, facts->instructions, facts->sequences, facts->branches);
    print_name(report);
    printf("nops %" PRIu64 " bytes (%.2f %% of text) in %" PRIu64 " instructions, fill %" PRIu64
           " bytes (%.2f %%), padding prefixes %" PRIu64 " bytes (%.2f %%)\n",
           facts->nop_bytes, percent(facts->nop_bytes, report->text_size), facts->nops, inner_fill(report, facts),
           percent(inner_fill(report, facts), report->text_size), facts->prefix_bytes,
           percent(facts->prefix_bytes, report->text_size));
    for (unsigned i = 0; i < FACT_COUNT; i++)
        if (facts->facts & fact_names[i].bit) {
            print_name(report);
            printf("fact %s: %s\n", fact_names[i].name, fact_names[i].text);
        }
    for (unsigned i = 0; i < BH_HOSTCALL_COUNT; i++)
        if (facts->hostcall[i / 64] >> (i % 64) & 1) {
            print_name(report);
            printf("host call %u\n", i);
        }
}
