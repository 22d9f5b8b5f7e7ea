/* Runs mutants of verified modules in the runtime, as a host program does.
 *
 *   mutants-hosted [--seconds N | --mutants N] [--seed N] [--progress] MODULE...
 *   mutants-hosted --self-test LIBRARY      see hosted-self-test.c
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
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "hosted.h"
#include "mutate.h"
#include "random.h"

enum { CHANGES = 4, RANDOM_ENTRIES = 4, CREATE_SECONDS = 3 };
#define DEADLINE 20000000ul /* 20 ms */

/* What parent and child share. */
struct shared {
    uint64_t seed; /* for the child's next mutant */
    uint64_t tried, accepted, modules, refused_by_cpu, calls, runs, escapes, hung;
    uint64_t ended[BH_ERROR_COUNT];
    volatile uint64_t creating; /* when the child began to create an instance (ns), or 0: nothing limits that time */
    bool done;
};
static struct shared *shared;
static bool progress;

static uint64_t now(void)
{
    return (uint64_t)(command_clock() * 1e9);
}

static bh_instance *create(bh_module *module)
{
    bh_instance *instance = NULL;
    shared->creating = now();
    bh_error error = bh_instance_create(module, hosted.policy, &instance);
    shared->creating = 0;
    if (error) {
        struct execution e = {.error = error};
        shared->runs++;
        if (error != BH_ERROR_FAULT && error != BH_ERROR_EXITED) {
            printf("note: creating an instance ended with: %s\n", bh_last_error()->text);
            shared->escapes += hosted_judge_error(&e) != NULL;
        }
        return NULL;
    }
    hosted_require(bh_instance_set_deadline(instance, DEADLINE), "deadline");
    return instance;
}

static void print_changes(const struct mutation *changes, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        printf("  %6" PRIx64 ": %s\n    before:", hosted.elf.code_addr + changes[i].offset, mutation_names[changes[i].operator]);
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
    hosted_prepare_call(&e, *instance, hosted.library ? bh_instance_base(*instance) + BH_IMAGE_OFFSET + offset : 0, random);
    unsigned guarded = guarded_call(hosted_execute, &e);
    const char *broken = hosted_judge_error(&e);
    shared->ended[e.error]++;
    if (!broken)
        broken = hosted_check(*instance, guarded);
    shared->calls++;
    if (e.error != BH_OK || !hosted.library) {
        hosted_require(bh_instance_destroy(*instance), "instance");
        *instance = NULL;
    }
    return broken;
}

static void run_mutant(const struct mutator *m, const struct mutation *changes, unsigned count, uint64_t *random)
{
    bh_module *module;
    bh_instance *instance = NULL;
    hosted_write_code();
    bh_error error = bh_module_load_memory(hosted.engine, hosted.file, hosted.file_size, "mutant", NULL, &module);
    if (error == BH_ERROR_CPU) {
        shared->refused_by_cpu++;
        return;
    }
    hosted_require(error, "a mutant that the verifier accepts");
    shared->modules++;
    unsigned entries = hosted.library ? 2 * count + RANDOM_ENTRIES : 1;
    for (unsigned n = 0; n < entries; n++) {
        if (!instance && !(instance = create(module)))
            break; /* its start code was hit: that was its run */
        uint64_t offset = n < 2 * count ? changes[n / 2].offset
                                        : m->offsets[random_below(random, m->count)] / BH_BUNDLE_SIZE * BH_BUNDLE_SIZE;
        const char *broken = run_once(&instance, hosted.elf.code_addr + offset, random);
        if (broken) {
            shared->escapes++;
            printf("ESCAPE: %s: %s (entered at image address %#" PRIx64 ")\n", hosted.name, broken,
                   hosted.elf.code_addr + offset);
            print_changes(changes, count);
        }
    }
    hosted_require(bh_instance_destroy(instance), "instance");
    hosted_require(bh_module_destroy(module), "module");
}

static void mutate_module(uint64_t number, uint64_t end)
{
    struct bh_verify_input input;
    struct mutation changes[CHANGES];
    struct mutator m;
    uint64_t next = now() + 10000000000;
    hosted_prepare();
    bh_elf_verify_input(&hosted.elf, hosted.code, &input);
    mutator_init(&m, hosted.code, &input, 0);
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
            fprintf(stderr, "%s: %" PRIu64 " tried, %" PRIu64 " accepted, %" PRIu64 " calls\n", hosted.name, shared->tried,
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
    hosted_read(name);
    while (!shared->done) {
        bool hung;
        fflush(stdout);
        pid_t child = fork();
        if (child < 0)
            hosted_fail(name, "cannot fork");
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
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
    hosted_release();
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
    struct command command = {.seconds = 10, .seed = 1};
    command_parse(&command, argc, argv,
                  "mutants-hosted [--seconds N] [--mutants N] [--seed N] [--progress] MODULE...,\n"
                  "       or mutants-hosted --self-test LIBRARY");
    progress = command.progress;
    if (command.self_test)
        return hosted_self_test(argv[command.first]);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        hosted_fail("memory", "cannot be mapped");
    printf("mutants-hosted: seed %" PRIu64 "\n", command.seed);
    shared->seed = command.seed * 1000000007;
    unsigned modules = (unsigned)(argc - command.first);
    uint64_t start = now();
    for (unsigned n = 0; n < modules; n++)
        run_module(argv[(unsigned)command.first + n],
                   command.mutants == UINT64_MAX ? UINT64_MAX : command.mutants * (n + 1) / modules,
                   start + command.seconds * 1000000000 * (n + 1) / modules);
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
