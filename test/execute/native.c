/* Executes every accepted instruction form on the CPU, with hostile registers, between canaries.
 *
 *   native [--depth N] [--variants N] [--seed N] [--stores-only] [--progress]
 *                          all forms; N: forms of each place and kind of operand, and sets of registers of each kind;
 *                          --stores-only: what is accepted under stores-only isolation, where only reading may go out
 *   native --self-test     each detector once, on code that the verifier refuses
 *
 * Forms stand in cells of two bundles, a batch at a time: the form, then a host call (C5) whose number tells which cell was
 * left. The verifier must accept a cell alone and the whole batch before any of it runs.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "batch.h"
#include "command.h"
#include "escapes.h"
#include "forms.h"
#include "hostile.h"
#include "judge.h"
#include "probe.h"
#include "slot.h"

enum { MAX_VARIANTS = 64, MAX_VIOLATIONS = 32 };

static struct hostile hostile[MAX_VARIANTS][HOSTILE_KINDS];
static unsigned variants = 4;
static unsigned first_kind, end_kind = HOSTILE_KINDS;
static bool has_avx, progress;

/* What the locked loop writes: whole pages. */
static struct result {
    uint64_t executions, faults, timeouts;
    unsigned violations;
    struct { uint32_t cell, kind, variant; const char *what; uint64_t value; } violation[MAX_VIOLATIONS];
    uint8_t executed[BATCH_CELLS], lacking[BATCH_CELLS];
} __attribute__((aligned(4096))) result;

/* Over all batches. */
static uint8_t covered[FORMS_PLACES + 1], lacked[FORMS_PLACES + 1];
static uint64_t forms_run;
static unsigned long failures;

static void run_cell(unsigned n, unsigned kind, unsigned variant)
{
    const struct hostile *h = &hostile[variant][kind];
    const struct cell *cell = &batch.cells[n];
    uint64_t value;
    memcpy(probe.in, h->gpr, sizeof probe.in);
    probe.flags_in = h->flags;
    probe.x87 = h->x87;
    probe.ymm = has_avx ? h->ymm : NULL;
    probe.entry = batch.code.address + n * CELL_SIZE;
    probe.ticks = 0;
    probe_enter();
    const char *broken = judge(&batch.code, &value);
    bool fault = probe.exit == PROBE_EXIT_FAULT;
    if (!broken && !fault && !cell->form.anywhere && probe.exit != cell->exit && probe.exit != cell->other_exit) {
        broken = "control came out at an exit that it should not reach";
        value = probe.exit;
    }
    result.executions++;
    result.faults += fault;
    result.timeouts += fault && probe.signal == SIGALRM;
    if (fault && probe.signal == SIGILL && judge_lacking(&batch.code) && probe.fault_rip == probe.entry)
        result.lacking[n] = 1;
    else
        result.executed[n] = 1;
    if (broken && result.violations++ < MAX_VIOLATIONS) {
        unsigned i = result.violations - 1;
        result.violation[i].cell = n;
        result.violation[i].kind = kind;
        result.violation[i].variant = variant;
        result.violation[i].what = broken;
        result.violation[i].value = value;
    }
}

static void run_cells(void *unused)
{
    (void)unused;
    /* The code was written through another mapping: cpuid makes the CPU forget what it fetched before. */
    __asm__ volatile("cpuid" : : "a"(0), "c"(0) : "ebx", "edx", "memory");
    for (unsigned n = 0; n < batch.count; n++)
        for (unsigned kind = first_kind; kind < end_kind && !result.lacking[n]; kind++)
            for (unsigned variant = 0; variant < variants; variant++)
                run_cell(n, kind, variant);
}

static void report(void)
{
    for (unsigned i = 0; i < result.violations && i < MAX_VIOLATIONS; i++) {
        printf("ESCAPE: %s (%#" PRIx64 "), registers: %s, variant %u: ", result.violation[i].what, result.violation[i].value,
               hostile_names[result.violation[i].kind], result.violation[i].variant);
        batch_print_cell(&batch.cells[result.violation[i].cell]);
    }
    failures += result.violations;
}

static void run_locked(void)
{
    static uint8_t before[BATCH_CODE_SIZE];
    memset(result.executed, 0, sizeof result.executed);
    memset(result.lacking, 0, sizeof result.lacking);
    result.violations = 0;
    memcpy(before, batch.bytes, sizeof before);
    slot_locked(run_cells, NULL);
    if (!slot_context_intact()) {
        printf("ESCAPE: the context page changed\n");
        failures++;
    }
    if (memcmp(before, batch.bytes, sizeof before)) {
        printf("ESCAPE: code changed\n");
        failures++;
    }
}

static void run_batch(void)
{
    run_locked();
    report();
    for (unsigned n = 0; n < batch.count; n++) {
        covered[batch.cells[n].form.place] |= result.executed[n];
        lacked[batch.cells[n].form.place] |= result.lacking[n];
    }
    if (progress && batch.first / BATCH_CELLS % 16 == 15)
        fprintf(stderr, "%" PRIu64 " forms, %" PRIu64 " executions\n", batch.first + batch.count, result.executions);
}

/* ---- self-test --------------------------------------------------------------------------------------------------- */

static int self_test(void)
{
    unsigned passed = 0, skipped = 0, count = ESCAPE_COUNT;
    for (unsigned i = 0; i < count; i++) {
        const struct escape *e = &escapes[i];
        bool refused = batch_single(e->bytes, e->length);
        if (escape_impossible(e)) {
            printf("skipped (this machine cannot do it): %s\n", e->name);
            skipped++;
            continue;
        }
        for (unsigned v = 0; v < variants; v++) /* a stack that works, so that nothing else goes wrong first */
            hostile[v][e->kind].gpr[4] = SLOT_BASE + batch_targets[BATCH_TARGETS - 1].offset + 0x8000;
        first_kind = e->kind;
        end_kind = e->kind + 1;
        run_locked();
        bool detected = false;
        for (unsigned v = 0; v < result.violations && v < MAX_VIOLATIONS; v++)
            detected |= !strcmp(result.violation[v].what, e->expected);
        if (detected && refused)
            passed++;
        else
            printf("FAIL: %s: %s; seen: %s\n", e->name, refused ? "not detected" : "accepted by the verifier",
                   result.violations ? result.violation[0].what : "nothing");
    }
    printf("%s: %u of %u escapes detected, %u skipped\n", passed + skipped == count ? "PASS" : "FAIL", passed, count, skipped);
    return passed + skipped != count;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static int summary(double seconds)
{
    unsigned places = 0, missing = 0, lacking = 0;
    char text[64];
    for (uint32_t place = 0; place < FORMS_PLACES; place++) {
        if (!forms_place_listed(place))
            continue;
        places++;
        if (covered[place])
            continue;
        forms_describe(place, text, sizeof text);
        if (lacked[place]) {
            lacking++;
            printf("this CPU lacks: %s\n", text);
        } else {
            missing++;
            printf("FAIL: never executed: %s\n", text);
        }
    }
    bool good = !failures && !missing && forms_run;
    printf("%u places of the table, %u executed, %u lacking on this CPU, %u never executed\n", places,
           places - missing - lacking, lacking, missing);
    printf("%s: %" PRIu64 " forms, %" PRIu64 " executions, %" PRIu64 " faults, %" PRIu64 " timeouts, %lu escapes, %.1f s\n",
           good ? "PASS" : "FAIL", forms_run, result.executions, result.faults, result.timeouts, failures, seconds);
    return !good;
}

int main(int argc, char **argv)
{
    struct command command = {.depth = 2, .variants = 4, .seed = 1};
    double start = command_clock();
    command_parse(&command, argc, argv,
                  "native [--depth N] [--variants N] [--seed N] [--stores-only] [--progress] [--self-test]");
    if (!command.depth || !command.variants || command.variants > MAX_VARIANTS) {
        fprintf(stderr, "native: --depth is at least 1, --variants 1 to %d\n", MAX_VARIANTS);
        return 2;
    }
    variants = (unsigned)command.variants;
    progress = command.progress;
    has_avx = __builtin_cpu_supports("avx");
    printf("native: seed %" PRIu64 "\n", command.seed);
    fflush(stdout); /* so that stdio has its buffer before the lock is prepared */
    batch_create(command.stores_only);
    hostile_fill_all(hostile, variants, command.seed, batch_targets, BATCH_TARGETS);
    judge_remember();
    probe.deadline_ticks = 2;
    slot_prepare_lock(&result, sizeof result);
    probe_start_timer();
    if (command.self_test)
        return self_test();
    forms_run = batch_generate((unsigned)command.depth, command.seed, NULL, run_batch);
    return summary(command_clock() - start);
}
