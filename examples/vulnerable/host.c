/* A host whose library is attacked in every classic way, and survives. Each exploit runs in the same instance; what it
 * did is printed, the instance is reset, and has to work again. With --natively the same exploits run against the same
 * library linked into the program, each in a child process, to show what they would have done. examples/build
 * vulnerable builds it. */
#include <bulkhead/bulkhead.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "library.h"

enum { RECORD = 160, SURVIVED = 100 };
static const char secret_text[] = "the host's own data";

/* Where the host keeps what it wants to keep. In the guest's eyes, offset 0x90000000 of its slot, where nothing is. */
static char *secret;
#define SECRET_ADDRESS ((void *)0x7e5590000000)

static const struct exploit {
    const char *name;
    int (*function)(const unsigned char *, size_t);
} exploits[] = {
#define LIBRARY_ROW(name) {#name, name},
    LIBRARY_EXPLOITS(LIBRARY_ROW)};
enum { EXPLOITS = sizeof exploits / sizeof *exploits };

/* The attacker's record: the address of the host's data, over and over. */
static size_t fill_record(unsigned char record[RECORD]) {
    for (size_t i = 0; i < RECORD; i += sizeof secret)
        memcpy(record + i, &secret, sizeof secret);
    return RECORD;
}

static bool intact(void) { return strcmp(secret, secret_text) == 0; }

static int fail(const char *what) {
    fprintf(stderr, "host: %s: %s\n", what, bh_last_error()->text);
    return 1;
}

/* ---- Isolated ---- */

/* One line about what the exploit did. */
static void report(const char *name, bh_error error, const bh_value *result) {
    const bh_error_detail *detail = bh_last_error();
    printf("%-18s ", name);
    switch (error) {
    case BH_OK: printf("returned %d\n", result->as.i); break;
    case BH_ERROR_FAULT:
        printf("contained: %s (%s)", bh_fault_text(detail->fault), strsignal(detail->signal));
        if (detail->symbol[0])
            printf(" in %s", detail->symbol);
        if (detail->fault == BH_FAULT_ACCESS)
            printf(" at offset 0x%llx of its slot", (unsigned long long)(detail->address & 0xffffffff));
        for (unsigned i = 1; i < detail->backtrace_count && i < 3; i++)
            if (detail->backtrace[i].symbol[0])
                printf(", called by %s", detail->backtrace[i].symbol);
        putchar('\n');
        break;
    case BH_ERROR_EXITED: printf("contained: it called exit(%d)\n", detail->exit_status); break;
    default:
        printf("contained: %s%s%s\n", bh_error_text(error), detail->symbol[0] ? " in " : "", detail->symbol);
        break;
    }
}

static void refused(void *context, const char *call, const char *detail, int guest_errno) {
    printf("%-18s refused: %s %s\n", "", call, detail);
}

static bool survive(bh_instance *instance, const bh_function *checksum, const struct exploit *exploit) {
    unsigned char record[RECORD];
    size_t size = fill_record(record);
    bh_function function;
    bh_address guest;
    bh_value result = {0};

    if (bh_instance_function(instance, exploit->name, "i(pm)", &function) != BH_OK ||
        bh_allocate_copy(instance, record, size, &guest) != BH_OK)
        return fail(exploit->name), false;
    bh_error error = bh_invoke(instance, &function, &result, guest, (uint64_t)size);
    report(exploit->name, error, &result);
    if (error != BH_OK && bh_invoke(instance, &function, &result, guest, (uint64_t)size) != BH_ERROR_DEAD)
        return fprintf(stderr, "host: %s: an instance that failed was entered again\n", exploit->name), false;

    /* Whatever it did to the library is undone, also where it returned as if nothing had happened. The functions that
     * were found stay valid, and so do deadline and policy. What the host put into the guest is gone, so the data is
     * copied anew; a host with callbacks or shared buffers would register and share them again here, with their new
     * addresses. */
    if (bh_instance_reset(instance) != BH_OK || bh_allocate_copy(instance, "abc", 3, &guest) != BH_OK ||
        bh_invoke(instance, checksum, &result, guest, (uint64_t)3) != BH_OK || result.as.i != 'a' + 'b' + 'c')
        return fail("after the reset"), false;
    if (!intact())
        fprintf(stderr, "host: %s changed the host's data\n", exploit->name);
    return intact();
}

static int isolated(const char *path) {
    bh_engine *engine;
    bh_module *module;
    bh_policy *policy;
    bh_instance *instance;
    bh_function checksum;
    bool good = true;

    if (bh_engine_create(NULL, &engine) != BH_OK)
        return fail("engine");
    if (bh_module_load(engine, path, NULL, &module) != BH_OK)
        return fail("module");
    /* Grants nothing; limits memory; says what was refused. */
    if (bh_policy_create(&policy) != BH_OK || bh_policy_set_memory_limit(policy, 64 << 20) != BH_OK ||
        bh_policy_set_log(policy, refused, NULL) != BH_OK)
        return fail("policy");
    if (bh_instance_create(module, policy, &instance) != BH_OK ||
        bh_instance_set_deadline(instance, 1000000000) != BH_OK ||
        bh_instance_function(instance, "checksum", "i(pm)", &checksum) != BH_OK)
        return fail("instance");
    for (int i = 0; i < EXPLOITS; i++)
        good &= survive(instance, &checksum, &exploits[i]);
    printf("%d exploits, %s\n", EXPLOITS, good ? "all contained; the host's data is intact" : "NOT all contained");
    bh_instance_destroy(instance);
    bh_policy_destroy(policy);
    bh_module_destroy(module);
    bh_engine_destroy(engine);
    return good ? 0 : 1;
}

/* ---- Natively ---- */

static int natively(void) {
    for (int i = 0; i < EXPLOITS; i++) {
        unsigned char record[RECORD];
        size_t size = fill_record(record);
        int status;
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            const struct rlimit memory = {1 << 30, 1 << 30}, none = {0, 0};
            setrlimit(RLIMIT_AS, &memory);
            setrlimit(RLIMIT_CORE, &none);
            alarm(2);
            int result = exploits[i].function(record, size);
            printf("%-18s returned %d%s\n", exploits[i].name, result,
                   intact() ? "" : "; the host's data is overwritten");
            fflush(stdout);
            _exit(SURVIVED);
        }
        if (child < 0 || waitpid(child, &status, 0) != child) {
            perror("host");
            return 1;
        }
        if (WIFSIGNALED(status))
            printf("%-18s the host is dead: %s\n", exploits[i].name, strsignal(WTERMSIG(status)));
        else if (WEXITSTATUS(status) != SURVIVED)
            printf("%-18s the host exited with status %d\n", exploits[i].name, WEXITSTATUS(status));
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 2 || (argv[1][0] == '-' && strcmp(argv[1], "--natively") != 0)) {
        fprintf(stderr, "usage: host MODULE | --natively\n"
                        "Attacks the library in the module, or the same library linked into this program.\n");
        return 2;
    }
    secret =
        mmap(SECRET_ADDRESS, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (secret == MAP_FAILED) {
        perror("host: mmap");
        return 1;
    }
    strcpy(secret, secret_text);
    return strcmp(argv[1], "--natively") == 0 ? natively() : isolated(argv[1]);
}
