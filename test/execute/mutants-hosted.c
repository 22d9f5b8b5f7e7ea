/* Runs mutants of verified modules in the runtime, as a host program does.
 *
 *   mutants-hosted [--seconds N | --mutants N] [--seed N] [--progress] MODULE...
 *   mutants-hosted --self-test LIBRARY
 *
 * Several accepted changes at a time make a mutant module. It is loaded, verified again, and instantiated between two
 * instances of the original. A library is called at each changed bundle and at random ones (an export's address may be any
 * bundle), with addresses of the host and of the neighbours as arguments; a program is run. Every call has a deadline.
 * Afterwards the neighbours' memory, canaries in the host, callee-saved registers, flags, control words and GS must be as
 * they were, errors must be those that a guest can cause, and the process must live. It is a child: when it dies, that is
 * reported and the next one goes on.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bulkhead/bulkhead.h"
#include "command.h"
#include "mutate.h"
#include "random.h"
#include "verifier/elf.h"

enum { CHANGES = 4, RANDOM_ENTRIES = 4, MAX_DATA = 1 << 20, CANARY_SIZE = 4096, CREATE_SECONDS = 3 };
#define DEADLINE 20000000ul /* 20 ms */

enum guarded { REGISTERS = 1, FLAGS = 2, MXCSR = 4, X87 = 8 };
unsigned guarded_call(void (*function)(void *), void *context);

/* What parent and child share. */
struct shared {
    uint64_t seed;              /* for the child's next mutant */
    uint64_t tried, accepted, modules, refused_by_cpu, calls, runs, escapes, hung;
    uint64_t ended[BH_ERROR_COUNT];
    volatile uint64_t creating; /* when the child began to create an instance (ns), or 0: nothing limits that time */
    bool done;
};
static struct shared *shared;
static bool progress, accept_all;

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void fail(const char *name, const char *what)
{
    fprintf(stderr, "mutants-hosted: %s: %s\n", name, what);
    exit(2);
}

static void require(bh_error error, const char *what)
{
    if (error)
        fail(what, bh_last_error()->text);
}

/* The runtime's own verification. The self-test lets unverified code through, to see whether escapes are noticed. */
bh_verify_result __real_bh_verify_code(const struct bh_verify_input *input, struct bh_verify_facts *facts);
bh_verify_result __wrap_bh_verify_code(const struct bh_verify_input *input, struct bh_verify_facts *facts)
{
    bh_verify_result result = __real_bh_verify_code(input, facts);
    return accept_all ? BH_VERIFY_ACCEPTED : result;
}

/* ---- the module -------------------------------------------------------------------------------------------------- */

static const char *module_name;
static uint8_t *file;
static size_t file_size;
static struct bh_elf elf;
static uint8_t *code; /* the code pages, as they are verified */
static bool library;

static void read_module(const char *name)
{
    FILE *stream = fopen(name, "rb");
    struct bh_elf_error error;
    if (!stream || fseek(stream, 0, SEEK_END))
        fail(name, "cannot be opened");
    file_size = (size_t)ftell(stream);
    rewind(stream);
    file = malloc(file_size);
    if (!file || fread(file, 1, file_size, stream) != file_size)
        fail(name, "cannot be read");
    fclose(stream);
    if (bh_elf_parse(&elf, file, file_size, &error) != BH_ELF_OK)
        fail(name, "is not a module");
    code = malloc(elf.code_size);
    if (!code)
        fail(name, "out of memory");
    bh_elf_fill_code(&elf, code);
    module_name = name;
    library = elf.note_flags & BH_NOTE_FLAG_LIBRARY;
}

/* Puts the code back into the file; what fills the pages up is not in it. */
static void write_code(void)
{
    const struct bh_elf_segment *segment = &elf.segment[elf.code_segment];
    memcpy(file + segment->offset, code + (segment->vaddr - elf.code_addr), segment->filesz);
}

/* ---- canaries ---------------------------------------------------------------------------------------------------- */

static bh_engine *engine;
static bh_module *original;
static bh_policy *policy;
static bh_instance *neighbour[2];
static uint8_t *neighbour_copy[2], *neighbour_now;
static size_t neighbour_size;
static uint8_t *host_canary, *host_none;
static uint64_t gs_before;

/* The writable segments and the context page of a neighbour. */
static size_t copy_neighbour(unsigned n, uint8_t *to)
{
    size_t size = 0;
    bh_address base = bh_instance_base(neighbour[n]);
    for (unsigned i = 0; i < elf.segment_count; i++)
        if (elf.segment[i].write && size + elf.segment[i].memsz <= MAX_DATA) {
            require(bh_copy_out(neighbour[n], to + size, base + BH_IMAGE_OFFSET + elf.segment[i].vaddr, elf.segment[i].memsz),
                    "copying a neighbour");
            size += elf.segment[i].memsz;
        }
    require(bh_copy_out(neighbour[n], to + size, base + BH_CONTEXT_OFFSET, BH_PAGE_SIZE), "copying a neighbour");
    return size + BH_PAGE_SIZE;
}

static void prepare_canaries(void)
{
    bh_engine_options options = {.struct_size = sizeof options, .slots = 3};
    bh_instance *middle, *all[3];
    require(bh_engine_create(&options, &engine), "engine");
    require(bh_policy_create(&policy), "policy");
    require(bh_policy_grant(policy, BH_GRANT_RANDOM), "policy");
    require(bh_policy_set_memory_limit(policy, 64 << 20), "policy");
    require(bh_module_load_memory(engine, file, file_size, module_name, NULL, &original), "module");
    for (unsigned i = 0; i < 3; i++)
        require(bh_instance_create(original, policy, &all[i]), "instance");
    for (unsigned i = 0; i < 2; i++) /* by address */
        for (unsigned j = 0; j < 2; j++)
            if (bh_instance_base(all[j]) > bh_instance_base(all[j + 1])) {
                bh_instance *swap = all[j];
                all[j] = all[j + 1];
                all[j + 1] = swap;
            }
    neighbour[0] = all[0];
    middle = all[1];
    neighbour[1] = all[2];
    require(bh_instance_destroy(middle), "instance");
    neighbour_now = malloc(MAX_DATA + BH_PAGE_SIZE);
    host_canary = mmap(NULL, CANARY_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    host_none = mmap(NULL, CANARY_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (unsigned n = 0; n < 2; n++) {
        neighbour_copy[n] = malloc(MAX_DATA + BH_PAGE_SIZE);
        if (!neighbour_copy[n] || !neighbour_now || host_canary == MAP_FAILED || host_none == MAP_FAILED)
            fail("canaries", "out of memory");
        neighbour_size = copy_neighbour(n, neighbour_copy[n]);
    }
    memset(host_canary, 0x5A, CANARY_SIZE);
    __asm__ volatile("rdgsbase %0" : "=r"(gs_before));
}

/* NULL when nothing outside the guest changed; else what. */
static const char *check_canaries(const bh_instance *victim, unsigned guarded)
{
    uint64_t gs;
    __asm__ volatile("rdgsbase %0" : "=r"(gs));
    if (guarded & REGISTERS)
        return "a callee-saved register changed";
    if (guarded & FLAGS)
        return "the direction or alignment-check flag is set";
    if (guarded & MXCSR)
        return "MXCSR changed";
    if (guarded & X87)
        return "the x87 control word or stack changed";
    if (gs != gs_before && gs != bh_instance_base(victim) && gs != bh_instance_base(neighbour[0]) &&
        gs != bh_instance_base(neighbour[1]))
        return "the GS base changed";
    for (unsigned i = 0; i < CANARY_SIZE; i++)
        if (host_canary[i] != 0x5A)
            return "host memory changed";
    for (unsigned n = 0; n < 2; n++) {
        copy_neighbour(n, neighbour_now);
        if (memcmp(neighbour_now, neighbour_copy[n], neighbour_size))
            return "a neighbour's memory changed";
    }
    return NULL;
}

/* ---- running ----------------------------------------------------------------------------------------------------- */

/* One call or run, from guarded_call. */
struct execution {
    bh_instance *instance;
    bh_function function; /* address 0: run the program */
    bh_value arguments[BH_MAX_ARGUMENTS];
    bh_error error;
};

static void execute(void *context)
{
    struct execution *e = context;
    const char *const argv[] = {"mutant", "argument"};
    int status;
    if (e->function.address)
        e->error = bh_call(e->instance, &e->function, e->arguments, NULL);
    else
        e->error = bh_instance_run(e->instance, 2, argv, &status);
}

static uint64_t hostile_argument(uint64_t *random, bh_address base)
{
    uint64_t r = random_next(random);
    switch (r & 15) {
    case 0: return (uint64_t)(uintptr_t)host_canary + (r >> 8 & 0xFF8);
    case 1: return (uint64_t)(uintptr_t)host_none + (r >> 8 & 0xFF8);
    case 2: return bh_instance_base(neighbour[r >> 8 & 1]) + BH_IMAGE_OFFSET + (r >> 16 & 0xFFFFF);
    case 3: return base + BH_SLOT_SIZE - (r >> 8 & 63);
    case 4: return base - (r >> 8 & 63);
    case 5: return (uint64_t)(uintptr_t)&execute;
    case 6: return (uint64_t)(uintptr_t)__builtin_frame_address(0);
    case 7: return UINT64_MAX;
    case 8: return (uint64_t)INT64_MIN;
    case 9: case 10: return r >> 8 & 255;
    case 11: return r;
    default: return base + BH_IMAGE_OFFSET + (r >> 8) % (elf.image_hi - elf.image_lo) + elf.image_lo;
    }
}

static void prepare_call(struct execution *e, bh_instance *instance, uint64_t address, uint64_t *random)
{
    *e = (struct execution){.instance = instance};
    if (!address)
        return;
    e->function = (bh_function){.address = address, .result = 'm', .count = 16};
    for (unsigned i = 0; i < e->function.count; i++) {
        char type = i < 6 || i >= 14 ? 'm' : 'd';
        e->function.argument[i] = e->arguments[i].type = type;
        e->arguments[i].as.m = hostile_argument(random, bh_instance_base(instance));
    }
}

static const char *judge_error(const struct execution *e)
{
    const bh_error_detail *detail = bh_last_error();
    shared->ended[e->error < BH_ERROR_COUNT ? e->error : 0]++;
    switch (e->error) {
    case BH_OK:
    case BH_ERROR_EXITED:
    case BH_ERROR_DEADLINE:
        return NULL;
    case BH_ERROR_KIND: /* a program that made host call 1 */
        return e->function.address ? "an error that no guest can cause" : NULL;
    case BH_ERROR_RANGE: /* it unmapped its stack */
        return NULL;
    case BH_ERROR_FAULT:
        if (detail->pc && detail->pc - bh_instance_base(e->instance) >= BH_SLOT_SIZE)
            return "a fault is blamed on the guest, but happened outside its slot";
        return detail->fault > BH_FAULT_NONE && detail->fault <= BH_FAULT_HOST_LIMIT ? NULL : "a fault of no kind";
    default:
        return "an error that no guest can cause";
    }
}

static bh_instance *create(bh_module *module)
{
    bh_instance *instance = NULL;
    shared->creating = now();
    bh_error error = bh_instance_create(module, policy, &instance);
    shared->creating = 0;
    if (error) {
        struct execution e = {.error = error};
        shared->runs++;
        if (error != BH_ERROR_FAULT && error != BH_ERROR_EXITED) {
            printf("note: creating an instance ended with: %s\n", bh_last_error()->text);
            shared->escapes += judge_error(&e) != NULL;
        }
        return NULL;
    }
    require(bh_instance_set_deadline(instance, DEADLINE), "deadline");
    return instance;
}

static void print_changes(const struct mutation *changes, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        printf("  %6" PRIx64 ": %s\n    before:", elf.code_addr + changes[i].offset, mutation_names[changes[i].operator]);
        for (unsigned n = 0; n < BH_BUNDLE_SIZE; n++)
            printf(" %02x", changes[i].before[n]);
        printf("\n    after: ");
        for (unsigned n = 0; n < BH_BUNDLE_SIZE; n++)
            printf(" %02x", changes[i].after[n]);
        printf("\n");
    }
}

/* Calls the code at an image address (or runs the program) and looks around afterwards. An instance that died is destroyed. */
static const char *run_once(bh_instance **instance, uint64_t offset, uint64_t *random)
{
    struct execution e;
    prepare_call(&e, *instance, library ? bh_instance_base(*instance) + BH_IMAGE_OFFSET + offset : 0, random);
    unsigned guarded = guarded_call(execute, &e);
    const char *broken = judge_error(&e);
    if (!broken)
        broken = check_canaries(*instance, guarded);
    shared->calls++;
    if (e.error != BH_OK || !library) {
        require(bh_instance_destroy(*instance), "instance");
        *instance = NULL;
    }
    return broken;
}

static void run_mutant(const struct mutator *m, const struct mutation *changes, unsigned count, uint64_t *random)
{
    bh_module *module;
    bh_instance *instance = NULL;
    write_code();
    bh_error error = bh_module_load_memory(engine, file, file_size, "mutant", NULL, &module);
    if (error == BH_ERROR_CPU) {
        shared->refused_by_cpu++;
        return;
    }
    require(error, "a mutant that the verifier accepts");
    shared->modules++;
    unsigned entries = library ? 2 * count + RANDOM_ENTRIES : 1;
    for (unsigned n = 0; n < entries; n++) {
        if (!instance && !(instance = create(module)))
            break; /* its start code was hit: that was its run */
        uint64_t offset = n < 2 * count ? changes[n / 2].offset
                                        : m->offsets[random_below(random, m->count)] / BH_BUNDLE_SIZE * BH_BUNDLE_SIZE;
        const char *broken = run_once(&instance, elf.code_addr + offset, random);
        if (broken) {
            shared->escapes++;
            printf("ESCAPE: %s: %s (entered at image address %#" PRIx64 ")\n", module_name, broken, elf.code_addr + offset);
            print_changes(changes, count);
        }
    }
    require(bh_instance_destroy(instance), "instance");
    require(bh_module_destroy(module), "module");
}

static void mutate_module(uint64_t number, uint64_t end)
{
    struct bh_verify_input input;
    struct mutation changes[CHANGES];
    struct mutator m;
    uint64_t next = now() + 10000000000;
    prepare_canaries();
    bh_elf_verify_input(&elf, code, &input);
    mutator_init(&m, code, &input, 0);
    while (shared->tried < number && now() < end) {
        uint64_t random = ++shared->seed * 0x9E3779B97F4A7C15; /* each mutant has a seed of its own */
        unsigned count = 0;
        m.random = random;
        for (unsigned tries = 0; count < CHANGES && tries < 200; tries++) {
            shared->tried++;
            if (mutator_try(&m, &changes[count]))
                count++;
        }
        shared->accepted += count;
        run_mutant(&m, changes, count, &random);
        while (count)
            mutator_undo(&m, &changes[--count]);
        if (progress && now() > next) {
            fprintf(stderr, "%s: %" PRIu64 " tried, %" PRIu64 " accepted, %" PRIu64 " calls\n", module_name, shared->tried,
                    shared->accepted, shared->calls);
            next = now() + 10000000000;
        }
    }
    shared->done = true;
    fflush(stdout);
}

/* ---- parent and child -------------------------------------------------------------------------------------------- */

/* Waits for a child; ends it when it creates an instance for too long: a library's start code runs without a deadline. */
static int wait_for(pid_t child, bool *hung)
{
    int status;
    *hung = false;
    while (waitpid(child, &status, WNOHANG) == 0) {
        uint64_t since = shared->creating;
        if (since && now() - since > CREATE_SECONDS * 1000000000ul) {
            kill(child, SIGKILL);
            *hung = true;
            waitpid(child, &status, 0);
            break;
        }
        nanosleep(&(struct timespec){0, 20000000}, NULL);
    }
    shared->creating = 0;
    return status;
}

static void run_module(const char *name, uint64_t number, uint64_t end)
{
    shared->done = false;
    read_module(name);
    while (!shared->done) {
        bool hung;
        fflush(stdout);
        pid_t child = fork();
        if (child < 0)
            fail(name, "cannot fork");
        if (child == 0) {
            mutate_module(number, end);
            _exit(0);
        }
        int status = wait_for(child, &hung);
        if (hung) {
            shared->hung++;
        } else if (!shared->done) {
            if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
                exit(2);
            printf("ESCAPE: %s: the process died (status %#x) in the mutant of seed %" PRIu64 "\n", name, (unsigned)status,
                   shared->seed);
            shared->escapes++;
        }
    }
    free(file);
    free(code);
}

/* ---- self-test --------------------------------------------------------------------------------------------------- */

struct escape {
    const char *name;
    const char *bytes; /* the guest's code, or NULL */
    unsigned length;
    void (*sabotage)(void *); /* or what the host does to itself */
    const char *expected;     /* NULL: the process dies */
};

static void set_direction(void *unused) { (void)unused; __asm__ volatile("std"); }
static void change_gs(void *unused) { (void)unused; __asm__ volatile("wrgsbase %0" : : "r"(0x1234ul)); }
static void change_rounding(void *unused)
{
    uint32_t value = 0x1F80;
    (void)unused;
    __asm__ volatile("ldmxcsr %0" : : "m"(value));
}
static void change_x87(void *unused)
{
    uint16_t word = 0x37F;
    (void)unused;
    __asm__ volatile("fldcw %0" : : "m"(word));
}
static void change_register(void *unused) { (void)unused; __asm__ volatile("xorl %%r12d, %%r12d" : : : "memory"); }
static void change_neighbour(void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < elf.segment_count; i++)
        if (elf.segment[i].write) {
            uint8_t byte = 0;
            bh_address at = bh_instance_base(neighbour[1]) + BH_IMAGE_OFFSET + elf.segment[i].vaddr + elf.segment[i].memsz - 1;
            bh_copy_out(neighbour[1], &byte, at, 1);
            byte ^= 1;
            bh_copy_in(neighbour[1], at, &byte, 1);
        }
}

#define GUEST(name, bytes, expected) {name, bytes, sizeof bytes - 1, NULL, expected}
#define HOST(name, function, expected) {name, NULL, 0, function, expected}
static const struct escape escapes[] = {
    GUEST("the guest writes to the host", "\x48\x89\x37\xF4", "host memory changed"),
    GUEST("the guest writes to its neighbour", "\xFE\x07\xF4", "a neighbour's memory changed"),
    GUEST("the guest jumps to the host", "\xFF\xE7", NULL),
    GUEST("the guest ends the process", "\xB8\xE7\x00\x00\x00\x0F\x05", NULL),
    HOST("direction flag", set_direction, "the direction or alignment-check flag is set"),
    HOST("GS base", change_gs, "the GS base changed"),
    HOST("MXCSR", change_rounding, "MXCSR changed"),
    HOST("x87 control word", change_x87, "the x87 control word or stack changed"),
    HOST("callee-saved register", change_register, "a callee-saved register changed"),
    HOST("a neighbour's memory", change_neighbour, "a neighbour's memory changed"),
};

/* Exit statuses of the child that tries an escape; a guest that ends the process leaves another one. */
enum { SEEN = 71, MISSED = 72, NOT_REFUSED = 73, NO_OUTPUT = 74 };

static void escape_once(const struct escape *escape)
{
    struct execution e;
    bh_module *module;
    bh_instance *instance;
    uint64_t random = 1, offset = elf.entry;
    const char *seen;
    prepare_canaries();
    if (!escape->bytes) {
        require(bh_instance_create(original, policy, &instance), "instance");
        seen = check_canaries(instance, guarded_call(escape->sabotage, NULL));
    } else {
        /* An export's bundle: the library's start does not come by. */
        bool function;
        if (!bh_elf_export(&elf, "atomics", &offset, &function))
            fail(module_name, "does not export 'atomics'");
        memset(code + (offset - elf.code_addr), 0xF4, BH_BUNDLE_SIZE);
        memcpy(code + (offset - elf.code_addr), escape->bytes, escape->length);
        struct bh_verify_input input;
        uint64_t *scratch = malloc(bh_verify_scratch_size(elf.code_size));
        bh_elf_verify_input(&elf, code, &input);
        input.scratch = scratch;
        input.scratch_size = bh_verify_scratch_size(elf.code_size);
        if (!scratch || bh_verify_code(&input, NULL) != BH_VERIFY_REFUSED)
            _exit(NOT_REFUSED);
        accept_all = true;
        write_code();
        require(bh_module_load_memory(engine, file, file_size, "escape", NULL, &module), "module");
        require(bh_instance_create(module, policy, &instance), "instance");
        prepare_call(&e, instance, bh_instance_base(instance) + BH_IMAGE_OFFSET + offset, &random);
        e.arguments[0].as.m = (uint64_t)(uintptr_t)host_canary;
        if (strstr(escape->name, "neighbour"))
            for (unsigned i = 0; i < elf.segment_count; i++)
                if (elf.segment[i].write)
                    e.arguments[0].as.m = bh_instance_base(neighbour[0]) + BH_IMAGE_OFFSET + elf.segment[i].vaddr;
        seen = check_canaries(instance, guarded_call(execute, &e));
    }
    if (escape->expected && seen && !strcmp(seen, escape->expected))
        _exit(SEEN);
    printf("seen: %s\n", seen ? seen : "nothing");
    fflush(stdout);
    _exit(MISSED);
}

static int self_test(const char *name)
{
    unsigned passed = 0, count = sizeof escapes / sizeof *escapes;
    read_module(name);
    for (unsigned i = 0; i < count; i++) {
        int status;
        fflush(stdout);
        pid_t child = fork();
        if (child < 0)
            fail(name, "cannot fork");
        if (child == 0) {
            if (freopen("/dev/null", "w", stderr) == NULL)
                _exit(NO_OUTPUT);
            escape_once(&escapes[i]);
        }
        waitpid(child, &status, 0);
        int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
        if (escapes[i].expected ? code == SEEN : code < SEEN || code > NO_OUTPUT)
            passed++;
        else
            printf("FAIL: not detected: %s (status %#x)\n", escapes[i].name, (unsigned)status);
    }
    printf("%s: %u of %u escapes detected\n", passed == count ? "PASS" : "FAIL", passed, count);
    return passed != count;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static void print_ends(void)
{
    for (unsigned i = 0; i < BH_ERROR_COUNT; i++)
        if (shared->ended[i])
            printf("  %9" PRIu64 " %s\n", shared->ended[i], i ? bh_error_text((bh_error)i) : "returned or exited");
}

int main(int argc, char **argv)
{
    uint64_t seconds = 10, number = UINT64_MAX, seed = 1;
    bool test = false;
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (!strcmp(argv[i], "--self-test")) {
            test = true;
        } else if (!strcmp(argv[i], "--progress")) {
            progress = true;
        } else if (command_number(argc, argv, &i, "--mutants", &number)) {
            seconds = UINT32_MAX;
        } else if (!command_number(argc, argv, &i, "--seconds", &seconds) && !command_number(argc, argv, &i, "--seed", &seed)) {
            i = argc;
        }
    }
    if (i >= argc) {
        fprintf(stderr, "usage: mutants-hosted [--seconds N | --mutants N] [--seed N] [--progress] MODULE... | --self-test LIBRARY\n");
        return 2;
    }
    if (test)
        return self_test(argv[i]);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        fail("memory", "cannot be mapped");
    printf("mutants-hosted: seed %" PRIu64 "\n", seed);
    shared->seed = seed * 1000000007;
    unsigned modules = (unsigned)(argc - i);
    uint64_t start = now();
    for (unsigned n = 0; n < modules; n++)
        run_module(argv[(unsigned)i + n], number == UINT64_MAX ? number : number * (n + 1) / modules,
                   start + seconds * 1000000000 * (n + 1) / modules);
    double elapsed = (double)(now() - start) / 1e9, minutes = elapsed / 60;
    bool good = !shared->escapes && shared->accepted && shared->calls;
    printf("%" PRIu64 " modules loaded (%" PRIu64 " need another CPU), %" PRIu64 " calls; start code ended %" PRIu64
           " instances, hung in %" PRIu64 "; calls ended so:\n", shared->modules, shared->refused_by_cpu, shared->calls,
           shared->runs, shared->hung);
    print_ends();
    printf("a minute: %.0f tried, %.0f accepted and run, %.0f calls\n", (double)shared->tried / minutes,
           (double)shared->accepted / minutes, (double)shared->calls / minutes);
    printf("%s: %" PRIu64 " mutants tried, %" PRIu64 " accepted (%.1f %%) and run, %" PRIu64 " escaped, %.1f s\n",
           good ? "PASS" : "FAIL", shared->tried, shared->accepted,
           100.0 * (double)shared->accepted / (double)(shared->tried ? shared->tried : 1), shared->escapes, elapsed);
    return !good;
}
