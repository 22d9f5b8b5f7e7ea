/* The agreement test's command line. See agreement.h.
 *
 * agreement [--full] [--shard I/N] [--no-cpu] [--progress]
 *   The default is a sample with a fixed seed, which still exercises each line of the table in each kind of operand. --full walks
 *   everything and shows the time left. Shard I of N (I from 0) does its part of either; the parts together are the whole, so a
 *   long run can be divided over processors or interrupted between two shards.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agreement.h"
#include "cpu.h"
#include "llvm.h"

enum { MAX_KINDS = 512, PRINT_PER_KIND = 3, SAMPLE_EVERY = 13 };

struct statistics statistics;
bool use_cpu = true;

/* ---- disagreements ------------------------------------------------------------------------------------------------ */

/* One kind: who, what, and the instruction's name. */
static struct kind {
    uint64_t key, count;
} kinds[MAX_KINDS];

static bool is_new_enough(uint64_t key)
{
    for (unsigned i = 0; i < MAX_KINDS; i++) {
        if (kinds[i].count && kinds[i].key != key)
            continue;
        kinds[i].key = key;
        return kinds[i].count++ < PRINT_PER_KIND;
    }
    return false;
}

void disagree(const struct subject *s, const char *who, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    statistics.disagreements++;
    uint64_t key = hash_bytes((const uint8_t *)format, (unsigned)strlen(format)) ^ mix(s->insn.mnemonic) ^ (uint64_t)who[0];
    if (!is_new_enough(key))
        return;
    for (unsigned i = 0; i < s->length && i < sizeof s->bytes; i++)
        printf("%02x ", s->bytes[i]);
    printf(": %s: %s (%s, %u bytes)\n", who, text, ZydisMnemonicGetString(s->insn.mnemonic), s->length);
}

/* ---- one instruction ---------------------------------------------------------------------------------------------- */

bool try_insn(const uint8_t *bytes, unsigned size)
{
    struct subject s = {.length = size};
    statistics.tried++;
    if (!judge(bytes, size, &s)) {
        statistics.refused++;
        return false;
    }
    statistics.accepted++;
    statistics.accepted_stores += !s.full;
    if (s.length < 1 || s.length > MAX_INSN) {
        s.length = size;
        disagree(&s, "verifier", "its counters tell of no single instruction");
        return true;
    }
    if (!compare_zydis(&s))
        return true;
    check_placement(&s);
    compare_llvm(&s);
    if (use_cpu)
        compare_cpu(&s);
    return true;
}

/* ---- the run ------------------------------------------------------------------------------------------------------ */

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct run {
    bool full, progress;
    uint64_t shard, shards;
    double started, printed;
};

static void show_progress(struct run *run, double done)
{
    double now = seconds();
    if (!run->progress || now - run->printed < 10)
        return;
    run->printed = now;
    double left = done > 0 ? (now - run->started) / done * (1 - done) : 0;
    fprintf(stderr, "shard %llu/%llu: %.2f %%, %llu tried, %llu accepted, %llu disagreements, %.0f s left\n",
            (unsigned long long)run->shard, (unsigned long long)run->shards, done * 100, (unsigned long long)statistics.tried,
            (unsigned long long)statistics.accepted, (unsigned long long)statistics.disagreements, left);
}

static void run_each(const struct run *run, uint64_t count, void (*function)(uint64_t, bool))
{
    for (uint64_t i = run->shard; i < count; i += run->shards)
        function(i, !run->full);
}

static bool is_prime(uint64_t number)
{
    for (uint64_t i = 2; i * i <= number; i++)
        if (number % i == 0)
            return false;
    return true;
}

/* The items in a scattered order, so that any part of them is a fair sample and the time left can be told. The next prime
 * stands for their number: otherwise a shard or the sample would hold only some residues, and with them only some opcodes. */
static void run_items(struct run *run)
{
    enum { STRIDE = 1000003 };
    uint64_t count = item_count(), step = run->shards * (run->full ? 1 : SAMPLE_EVERY);
    while (!is_prime(count))
        count++;
    for (uint64_t i = run->shard; i < count; i += step) {
        uint64_t number = (uint64_t)((unsigned __int128)i * STRIDE % count);
        if (number < item_count())
            run_item(number, !run->full);
        if (i / step % 64 == 0)
            show_progress(run, (double)i / (double)count);
    }
}

static void print_processor(void)
{
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, "model name", 10)) {
            printf("processor%s", line + 10);
            break;
        }
    if (file)
        fclose(file);
}

static int usage(void)
{
    fprintf(stderr, "usage: agreement [--full] [--shard I/N] [--no-cpu] [--progress]\n");
    return 2;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"full", no_argument, NULL, 'f'}, {"shard", required_argument, NULL, 's'},
                                            {"no-cpu", no_argument, NULL, 'c'}, {"progress", no_argument, NULL, 'p'}, {0}};
    struct run run = {.shards = 1, .started = seconds()};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        unsigned long long shard, shards;
        if (option == 'f') {
            run.full = run.progress = true;
        } else if (option == 'p') {
            run.progress = true;
        } else if (option == 'c') {
            use_cpu = false;
        } else if (option == 's' && sscanf(optarg, "%llu/%llu", &shard, &shards) == 2 && shard < shards) {
            run.shard = shard;
            run.shards = shards;
        } else {
            return usage();
        }
    }
    if (optind < argc)
        return usage();
    if (!zydis_init() || !llvm_init() || (use_cpu && !cpu_init())) {
        fprintf(stderr, "agreement: a decoder or the processor cannot be used\n");
        return 1;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    print_processor();
    run_each(&run, claim_count(), run_claim);
    run_each(&run, sequence_count(), run_sequence);
    run_each(&run, refused_count(), run_refused);
    run_items(&run);
    if (use_cpu && !cpu_intact()) {
        printf("the GS base was changed\n");
        statistics.disagreements++;
    }
    print_unobservable();
    const struct statistics *n = &statistics;
    printf("verifier: %llu refused, %llu accepted (%llu of them under stores-only isolation alone), %llu sequences accepted\n",
           (unsigned long long)n->refused, (unsigned long long)n->accepted, (unsigned long long)n->accepted_stores,
           (unsigned long long)n->sequences);
    printf("processor: %llu lengths seen by the page edge, %llu of them by the instruction pointer too, %llu not to be seen (#UD "
           "before the end), %llu touches faulted without a stack, %llu addresses seen\n",
           (unsigned long long)n->cpu_exact, (unsigned long long)n->cpu_stepped, (unsigned long long)n->cpu_unobservable,
           (unsigned long long)n->cpu_touches, (unsigned long long)n->cpu_addresses);
    printf("%s: %s, shard %llu/%llu: %llu encodings tried, %llu accepted, %llu disagreements, %.0f s\n",
           n->disagreements ? "FAIL" : "PASS", run.full ? "full" : "sample", (unsigned long long)run.shard,
           (unsigned long long)run.shards, (unsigned long long)n->tried, (unsigned long long)n->accepted,
           (unsigned long long)n->disagreements, seconds() - run.started);
    return n->disagreements != 0;
}
