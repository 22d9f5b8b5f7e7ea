/* Runs mutants of verified modules between canaries, without the runtime.
 *
 *   mutants [--seconds N | --mutants N] [--seed N] [--progress] MODULE...
 *   mutants --self-test MODULE
 *
 * A module is laid out in the slot as the runtime does it. Its code is mutated over and over; what the verifier still
 * accepts, all of the module's code being verified, is entered at the changed bundle, at the one before and at random ones,
 * as the contract allows anybody to, with hostile registers. Host calls end an execution, and so do faults and a deadline.
 * Everything that judge() looks at must be as it was. Each module runs in a child process with its share of the time.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <Zydis/Zydis.h>

#include "command.h"
#include "escapes.h"
#include "hostile.h"
#include "judge.h"
#include "mutate.h"
#include "probe.h"
#include "random.h"
#include "slot.h"
#include "verifier/elf.h"

enum { VARIANTS = 16, AT_MUTANT = 14, BEFORE_MUTANT = 4, ANYWHERE = 6, ENTRIES = AT_MUTANT + BEFORE_MUTANT + ANYWHERE,
       MAX_VIOLATIONS = 16, RESET_EVERY = 128, COMPARE_EVERY = 16, MAX_TARGETS = 8 };

static struct hostile hostile[VARIANTS][HOSTILE_KINDS];
static struct hostile_target targets[MAX_TARGETS];
static unsigned target_count;
static bool has_avx, progress;

static uint8_t *file;
static size_t file_size;
static struct bh_elf elf;
static uint8_t *code; /* the writable view */
static uint32_t *starts;
static struct judge_code judged;

/* One way in. */
struct entry {
    uint64_t address;
    unsigned kind, variant;
};

/* What the locked loop writes: whole pages. */
static struct result {
    struct entry entries[ENTRIES];
    unsigned count;
    uint64_t outcome; /* of all entries: registers and how it ended */
    uint64_t executions, faults, exits, timeouts;
    unsigned violations;
    struct { unsigned entry; const char *what; uint64_t value, rip; } violation[MAX_VIOLATIONS];
} __attribute__((aligned(4096))) result;

/* Sums over the child processes. */
struct totals {
    uint64_t tried, accepted, compared, differing, executions, faults, exits, timeouts, escapes;
};
static struct totals *totals;

static void fail(const char *name, const char *what)
{
    fprintf(stderr, "mutants: %s: %s\n", name, what);
    exit(2);
}

/* ---- the module in the slot -------------------------------------------------------------------------------------- */

static void read_file(const char *name)
{
    struct stat status;
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status))
        fail(name, "cannot be opened");
    file_size = (size_t)status.st_size;
    file = mmap(NULL, file_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (file == MAP_FAILED)
        fail(name, "cannot be read");
}

static void add_target(uint64_t offset, uint64_t size)
{
    targets[target_count].offset = offset;
    targets[target_count++].size = size;
    slot_map_data(offset, size);
}

static uint8_t *image(void)
{
    return (uint8_t *)(SLOT_BASE + BH_IMAGE_OFFSET);
}

static void fill_data(void)
{
    slot_refill();
    for (unsigned i = 0; i < elf.segment_count; i++)
        if (i != elf.code_segment)
            memcpy(image() + elf.segment[i].vaddr, file + elf.segment[i].offset, elf.segment[i].filesz);
    bh_elf_relocate(&elf, image(), SLOT_BASE + BH_IMAGE_OFFSET);
}

static void map_module(const char *name)
{
    struct bh_elf_error error;
    read_file(name);
    if (bh_elf_parse(&elf, file, file_size, &error) != BH_ELF_OK)
        fail(name, "is not a module");
    code = slot_map_code(BH_IMAGE_OFFSET + elf.code_addr, elf.code_size);
    bh_elf_fill_code(&elf, code);
    for (unsigned i = 0; i < elf.segment_count; i++) {
        uint64_t from = elf.segment[i].vaddr & ~(uint64_t)(BH_PAGE_SIZE - 1);
        uint64_t to = (elf.segment[i].vaddr + elf.segment[i].memsz + BH_PAGE_SIZE - 1) & ~(uint64_t)(BH_PAGE_SIZE - 1);
        if (i == elf.code_segment)
            continue;
        if (target_count == MAX_TARGETS - 3)
            fail(name, "has too many segments");
        add_target(BH_IMAGE_OFFSET + from, to - from);
    }
    add_target(BH_SLOT_SIZE - BH_TAIL_GUARD_SIZE - 0x10000, 0x10000);
    add_target(0x7FFFF000, 0x2000);
    add_target(0x60000000, 0x10000); /* the stack */
    fill_data();
    starts = malloc(elf.code_size / 8);
    if (!starts)
        fail(name, "out of memory");
    judge_mark_starts(code, elf.code_size, starts);
    judged = (struct judge_code){.bytes = code, .address = SLOT_BASE + BH_IMAGE_OFFSET + elf.code_addr, .size = elf.code_size,
                                 .starts = starts};
}

/* ---- running ----------------------------------------------------------------------------------------------------- */

static void run_entry(unsigned n)
{
    const struct entry *entry = &result.entries[n];
    const struct hostile *h = &hostile[entry->variant][entry->kind];
    uint64_t value;
    memcpy(probe.in, h->gpr, sizeof probe.in);
    probe.flags_in = h->flags;
    probe.x87 = h->x87;
    probe.ymm = has_avx ? h->ymm : NULL;
    probe.entry = entry->address;
    probe.ticks = 0;
    probe_enter();
    const char *broken = judge(&judged, &value);
    bool fault = probe.exit == PROBE_EXIT_FAULT, timeout = fault && probe.signal == SIGALRM;
    result.executions++;
    result.faults += fault && !timeout;
    result.timeouts += timeout;
    result.exits += !fault;
    for (unsigned i = 0; i < 16; i++)
        result.outcome = (result.outcome ^ probe.out[i]) * 0x100000001B3;
    result.outcome = (result.outcome ^ (fault ? probe.fault_rip : probe.exit)) * 0x100000001B3;
    if (broken && result.violations++ < MAX_VIOLATIONS) {
        unsigned i = result.violations - 1;
        result.violation[i].entry = n;
        result.violation[i].what = broken;
        result.violation[i].value = value;
        result.violation[i].rip = fault ? probe.fault_rip : 0;
    }
}

static void run_entries(void *unused)
{
    (void)unused;
    /* The code was written through another mapping: cpuid makes the CPU forget what it fetched before. */
    __asm__ volatile("cpuid" : : "a"(0), "c"(0) : "ebx", "edx", "memory");
    for (unsigned n = 0; n < result.count; n++)
        run_entry(n);
}

static void run_locked(void)
{
    result.violations = 0;
    result.outcome = 0;
    slot_locked(run_entries, NULL);
    if (!slot_context_intact()) {
        printf("ESCAPE: the context page changed\n");
        totals->escapes++;
    }
}

static void choose_entries(const struct mutator *m, const struct mutation *mutation, uint64_t *random)
{
    uint64_t at = judged.address + mutation->offset;
    for (unsigned n = 0; n < ENTRIES; n++) {
        struct entry *entry = &result.entries[n];
        /* Half of the time with registers that point to data, so that more than the first instruction runs. */
        entry->kind = random_below(random, 2) ? random_below(random, HOSTILE_KINDS)
                                              : HOSTILE_FIRST_DATA + random_below(random, HOSTILE_KINDS - HOSTILE_FIRST_DATA);
        entry->variant = random_below(random, VARIANTS);
        if (n < AT_MUTANT)
            entry->address = at;
        else if (n < AT_MUTANT + BEFORE_MUTANT)
            entry->address = at - (mutation->offset ? BH_BUNDLE_SIZE : 0);
        else
            entry->address = judged.address + m->offsets[random_below(random, m->count)] / BH_BUNDLE_SIZE * BH_BUNDLE_SIZE;
    }
    result.count = ENTRIES;
}

static void print_bundle(const char *what, const uint8_t *bundle, uint64_t address)
{
    ZydisDisassembledInstruction insn;
    printf("  %s\n", what);
    for (unsigned at = 0; at < BH_BUNDLE_SIZE; at += insn.info.length) {
        if (ZYAN_FAILED(ZydisDisassembleATT(ZYDIS_MACHINE_MODE_LONG_64, address + at, bundle + at, BH_BUNDLE_SIZE - at, &insn)))
            break;
        printf("    %6" PRIx64 ": ", address + at);
        for (unsigned i = 0; i < insn.info.length; i++)
            printf("%02x", bundle[at + i]);
        printf(" %s\n", insn.text);
    }
}

static void report(const char *module, const struct mutation *mutation)
{
    for (unsigned i = 0; i < result.violations && i < MAX_VIOLATIONS; i++) {
        const struct entry *entry = &result.entries[result.violation[i].entry];
        printf("ESCAPE: %s: %s (%#" PRIx64 "), rip %#" PRIx64 ", entered at image address %#" PRIx64
               ", registers: %s, variant %u\n",
               module, result.violation[i].what, result.violation[i].value, result.violation[i].rip,
               entry->address - SLOT_BASE - BH_IMAGE_OFFSET, hostile_names[entry->kind], entry->variant);
        print_bundle("before", mutation->before, elf.code_addr + mutation->offset);
        print_bundle(mutation_names[mutation->operator], mutation->after, elf.code_addr + mutation->offset);
    }
    totals->escapes += result.violations;
}

static void mark_bundle(uint32_t offset)
{
    judge_mark_starts(code + offset, BH_BUNDLE_SIZE, starts + offset / 32);
}

/* Undoes the mutation. Whether the original, entered in the same ways, ends otherwise; memory is not compared, so some
 * differences are missed. */
static bool differs(struct mutator *m, const struct mutation *mutation)
{
    uint64_t outcome = result.outcome;
    mutator_undo(m, mutation);
    mark_bundle(mutation->offset);
    fill_data();
    run_locked();
    return result.outcome != outcome;
}

/* Mutants of one module until the time or the number is reached. */
static void mutate_module(const char *name, uint64_t seed, uint64_t number, double seconds)
{
    struct mutator m;
    struct mutation mutation;
    struct bh_verify_input input;
    uint64_t random = seed ^ 0x5DEECE66D, tried = 0, accepted = 0;
    double start = command_clock(), next = start + 10;
    bh_elf_verify_input(&elf, code, &input);
    mutator_init(&m, code, &input, seed);
    if (bh_verify_code(&m.input, NULL) != BH_VERIFY_ACCEPTED)
        fail(name, "is refused by the verifier");
    slot_prepare_lock(&result, sizeof result);
    probe_start_timer();
    while (tried < number && command_clock() - start < seconds) {
        tried++;
        if (!mutator_try(&m, &mutation))
            continue;
        accepted++;
        if (accepted % COMPARE_EVERY == 0 || accepted % RESET_EVERY == 1)
            fill_data();
        mark_bundle(mutation.offset);
        choose_entries(&m, &mutation, &random);
        run_locked();
        if (memcmp(code + mutation.offset, mutation.after, BH_BUNDLE_SIZE)) {
            printf("ESCAPE: code changed\n");
            totals->escapes++;
        }
        report(name, &mutation);
        if (accepted % COMPARE_EVERY == 0) {
            totals->compared++;
            totals->differing += differs(&m, &mutation);
            report(name, &mutation); /* of the original */
        }
        mutator_undo(&m, &mutation);
        mark_bundle(mutation.offset);
        if (progress && command_clock() > next) {
            fprintf(stderr, "%s: %" PRIu64 " tried, %" PRIu64 " accepted, %" PRIu64 " executions\n", name, tried, accepted,
                    result.executions);
            next = command_clock() + 10;
        }
    }
    totals->tried += tried;
    totals->accepted += accepted;
    totals->executions += result.executions;
    totals->faults += result.faults;
    totals->exits += result.exits;
    totals->timeouts += result.timeouts;
    printf("%s: %u instructions, %" PRIu64 " mutants tried, %" PRIu64 " accepted, %" PRIu64 " executions\n", name, m.count, tried,
           accepted, result.executions);
    mutator_print(&m);
    mutator_free(&m);
}

/* ---- self-test --------------------------------------------------------------------------------------------------- */

static int self_test(void)
{
    unsigned passed = 0, others = 0;
    struct bh_verify_input input;
    struct mutator m;
    bh_elf_verify_input(&elf, code, &input);
    mutator_init(&m, code, &input, 1);
    slot_prepare_lock(&result, sizeof result);
    probe_start_timer();
    for (unsigned i = 0; i < ESCAPE_COUNT; i++) {
        const struct escape *e = &escapes[i];
        struct mutation mutation = {.offset = m.offsets[m.count / 2] / BH_BUNDLE_SIZE * BH_BUNDLE_SIZE};
        bool detected = false;
        if (e->needs_cell || escape_impossible(e)) {
            others++;
            continue;
        }
        memcpy(mutation.before, code + mutation.offset, BH_BUNDLE_SIZE);
        memset(code + mutation.offset, 0xF4, BH_BUNDLE_SIZE);
        memcpy(code + mutation.offset, e->bytes, e->length);
        bool refused = bh_verify_code(&m.input, NULL) == BH_VERIFY_REFUSED;
        mark_bundle(mutation.offset);
        fill_data();
        for (unsigned v = 0; v < VARIANTS; v++) {
            hostile[v][e->kind].gpr[4] = SLOT_BASE + targets[target_count - 1].offset + 0x8000;
            result.entries[v] = (struct entry){judged.address + mutation.offset, e->kind, v};
        }
        result.count = VARIANTS;
        run_locked();
        for (unsigned v = 0; v < result.violations && v < MAX_VIOLATIONS; v++)
            detected |= !strcmp(result.violation[v].what, e->expected);
        mutator_undo(&m, &mutation);
        mark_bundle(mutation.offset);
        if (detected && refused)
            passed++;
        else
            printf("FAIL: %s: %s; seen: %s\n", e->name, refused ? "not detected" : "accepted by the verifier",
                   result.violations ? result.violation[0].what : "nothing");
    }
    bool good = passed + others == ESCAPE_COUNT && passed >= ESCAPE_COUNT - 4;
    printf("%s: %u of %u escapes detected\n", good ? "PASS" : "FAIL", passed, ESCAPE_COUNT - others);
    return !good;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static void prepare(const char *name, uint64_t seed)
{
    has_avx = __builtin_cpu_supports("avx");
    slot_create();
    map_module(name);
    hostile_fill_all(hostile, VARIANTS, seed, targets, target_count);
    judge_remember();
    probe.deadline_ticks = 1;
}

static bool run_module(const char *name, uint64_t seed, uint64_t number, double seconds)
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child < 0)
        fail(name, "cannot fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        prepare(name, seed);
        mutate_module(name, seed, number, seconds);
        fflush(stdout);
        _exit(0);
    }
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && !WEXITSTATUS(status))
        return true;
    printf("ESCAPE: %s: the process that ran the mutants died (status %#x)\n", name, (unsigned)status);
    totals->escapes++;
    return false;
}

int main(int argc, char **argv)
{
    struct command command = {.seconds = 10, .seed = 1};
    command_parse(&command, argc, argv,
                  "mutants [--seconds N] [--mutants N] [--seed N] [--progress] MODULE..., or mutants --self-test MODULE");
    progress = command.progress;
    totals = mmap(NULL, sizeof *totals, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (totals == MAP_FAILED)
        fail("memory", "cannot be mapped");
    printf("mutants: seed %" PRIu64 "\n", command.seed);
    fflush(stdout);
    if (command.self_test) {
        prepare(argv[command.first], command.seed);
        return self_test();
    }
    unsigned modules = (unsigned)(argc - command.first);
    uint64_t number = command.mutants == UINT64_MAX ? UINT64_MAX : (command.mutants + modules - 1) / modules;
    double start = command_clock();
    bool alive = true;
    for (unsigned n = 0; n < modules; n++)
        alive &= run_module(argv[(unsigned)command.first + n], command.seed + n, number, (double)command.seconds / modules);
    double elapsed = command_clock() - start, minutes = elapsed / 60;
    bool good = alive && !totals->escapes && totals->accepted && totals->executions;
    printf("%" PRIu64 " executions: %" PRIu64 " left by a host call, %" PRIu64 " faulted, %" PRIu64 " passed the deadline; "
           "%.0f %% of %" PRIu64 " mutants that were compared end otherwise than the original\n",
           totals->executions, totals->exits, totals->faults, totals->timeouts,
           100.0 * (double)totals->differing / (double)(totals->compared ? totals->compared : 1), totals->compared);
    printf("a minute: %.0f tried, %.0f accepted and run, %.0f executions\n", (double)totals->tried / minutes,
           (double)totals->accepted / minutes, (double)totals->executions / minutes);
    printf("%s: %" PRIu64 " mutants tried, %" PRIu64 " accepted (%.1f %%) and run, %" PRIu64 " escaped, %.1f s\n",
           good ? "PASS" : "FAIL", totals->tried, totals->accepted,
           100.0 * (double)totals->accepted / (double)(totals->tried ? totals->tried : 1), totals->escapes, elapsed);
    return !good;
}
