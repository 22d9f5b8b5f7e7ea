/* bench-many: thousands of instances of a real library alive in one process; what they cost in time, memory and
 * mappings.
 *
 * Raises vm.max_map_count when the instances need it and this process may, and puts it back at the end. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bulkhead/bulkhead.h"

#define MAP_COUNT "/proc/sys/vm/max_map_count"
#define MAPPINGS_EACH 24 /* room for what an instance takes at most while it works */
#define MAPPINGS_HOST 16384

static const char help[] =
    "Usage: bench-many [OPTION]... LIBRARY\n"
    "Creates instances of LIBRARY (made by bench/many/zlib-library), calls, resets and destroys each, and reports.\n"
    "  --instances N   how many live at once (default 10000)\n"
    "  --slots N       slots to reserve (default 30000, at least the instances)\n"
    "  --size BYTES    what each call compresses (default 1000)\n"
    "  --no-raise      leave vm.max_map_count alone: see how many fit\n"
    "  --help\n"
    "Exit status: 0; 1 when something failed; 3 when vm.max_map_count is too low and may not be raised.\n";

static unsigned long old_map_count;

static void restore_map_count(void) {
    if (!old_map_count)
        return;
    FILE *file = fopen(MAP_COUNT, "we");
    if (file) {
        fprintf(file, "%lu\n", old_map_count);
        fclose(file);
    }
    old_map_count = 0;
}

static void on_signal(int number) {
    (void)number;
    char text[32];
    int length = 0, fd = open(MAP_COUNT, O_WRONLY | O_CLOEXEC);
    for (unsigned long n = old_map_count; n; n /= 10)
        text[length++] = (char)('0' + n % 10);
    for (int n = 0; n < length / 2; n++) {
        char swap = text[n];
        text[n] = text[length - 1 - n];
        text[length - 1 - n] = swap;
    }
    ssize_t done = length ? write(fd, text, (size_t)length) : 0;
    (void)done;
    _exit(1);
}

static void raise_map_count(unsigned long need) {
    unsigned long now = 0;
    FILE *file = fopen(MAP_COUNT, "re");
    if (!file || fscanf(file, "%lu", &now) != 1)
        now = 0;
    if (file)
        fclose(file);
    if (now >= need)
        return;
    file = fopen(MAP_COUNT, "we");
    bool good = file && fprintf(file, "%lu\n", need) > 0;
    good = file && !fclose(file) && good;
    if (!good) {
        fprintf(stderr,
                "bench-many: vm.max_map_count is %lu, these instances may need %lu, and this process may not raise it; "
                "run it as root, or first: sysctl -w vm.max_map_count=%lu\n",
                now, need, need);
        exit(3);
    }
    old_map_count = now;
    atexit(restore_map_count);
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    printf("vm.max_map_count: %lu, raised to %lu meanwhile\n", now, need);
}

static void fail(const char *what) {
    fprintf(stderr, "bench-many: %s: %s\n", what, bh_last_error()->text);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* What the process used of processors: what is left of a time when others keep the machine busy. */
static double processor(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* A number of KiB behind a label in a file of /proc. */
static unsigned long kilobytes(const char *name, const char *label) {
    char line[256];
    unsigned long value = 0;
    FILE *file = fopen(name, "re");
    while (file && fgets(line, sizeof(line), file))
        if (!strncmp(line, label, strlen(label)))
            value = strtoul(line + strlen(label), NULL, 10);
    if (file)
        fclose(file);
    return value;
}

static unsigned long mappings(void) {
    static char buffer[1 << 16];
    unsigned long lines = 0;
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    for (ssize_t got; (got = read(fd, buffer, sizeof(buffer))) > 0;)
        for (ssize_t n = 0; n < got; n++)
            lines += buffer[n] == '\n';
    close(fd);
    return lines;
}

struct memory {
    unsigned long rss, pss, tables, mappings;
};

static struct memory measure(void) {
    return (struct memory){kilobytes("/proc/self/smaps_rollup", "Rss:"), kilobytes("/proc/self/smaps_rollup", "Pss:"),
                           kilobytes("/proc/self/status", "VmPTE:"), mappings()};
}

static void report(const char *what, const struct memory *before, unsigned count) {
    struct memory after = measure();
    printf("%s: RSS %lu KiB, PSS %lu KiB, page tables %lu KiB, %lu mappings; an instance: %.1f KiB RSS, %.1f KiB page "
           "tables, "
           "%.2f mappings\n",
           what, after.rss, after.pss, after.tables, after.mappings, (double)(after.rss - before->rss) / count,
           (double)(after.tables - before->tables) / count, (double)(after.mappings - before->mappings) / count);
}

struct start {
    double time, processor;
};

static struct start begin(void) { return (struct start){now(), processor()}; }

static void finished(const char *what, struct start start, unsigned count) {
    printf("%s: %.1f us each (%.1f us of a processor), %.2f s in all\n", what, (now() - start.time) * 1e6 / count,
           (processor() - start.processor) * 1e6 / count, now() - start.time);
}

static void progress(const char *what, unsigned done, unsigned count) {
    if (done % 1000 == 0 && count > 1000)
        fprintf(stderr, "%s %u of %u\n", what, done, count);
}

static void call_all(bh_instance *const *instances, unsigned count, uint64_t size) {
    bh_function function;
    bh_value result;
    for (unsigned n = 0; n < count; n++) {
        if (bh_instance_function(instances[n], "zlib_round", "u(uu)", &function) ||
            bh_invoke(instances[n], &function, &result, (uint64_t)7, size))
            fail("call");
        static uint32_t first;
        first = first ? first : result.as.u;
        if (!result.as.u || result.as.u != first) {
            fprintf(stderr, "bench-many: instance %u gives another result than the first\n", n);
            exit(1);
        }
        progress("called", n + 1, count);
    }
}

static unsigned number(const char *text) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*end || !value || value > 1000000000) {
        fprintf(stderr, "bench-many: '%s' is not a number\n", text);
        exit(2);
    }
    return (unsigned)value;
}

int main(int argc, char **argv) {
    static const struct option known[] = {{"instances", required_argument, NULL, 'i'},
                                          {"slots", required_argument, NULL, 's'},
                                          {"size", required_argument, NULL, 'z'},
                                          {"no-raise", no_argument, NULL, 'n'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    unsigned count = 10000, slots = 30000, size = 1000;
    bool raise = true;
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (option == 'h') {
            fputs(help, stdout);
            return 0;
        }
        if (option == '?')
            return 2;
        raise &= option != 'n';
        if (optarg)
            *(option == 'i' ? &count : option == 's' ? &slots : &size) = number(optarg);
    }
    if (argc != optind + 1) {
        fputs(help, stderr);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    slots = slots < count ? count : slots;
    if (raise)
        raise_map_count((unsigned long)count * MAPPINGS_EACH + MAPPINGS_HOST);

    bh_engine *engine;
    bh_module *module;
    bh_instance **instances = calloc(count, sizeof(*instances)); /* calloc: counted before the first measurement */
    if (!instances)
        return 1;
    memset(instances, 0, count * sizeof(*instances));
    struct start start = begin();
    if (bh_engine_create(&(bh_engine_options){.struct_size = sizeof(bh_engine_options), .slots = slots}, &engine))
        fail("engine");
    printf("engine of %u slots: %.2f ms\n", slots, (now() - start.time) * 1e3);
    if (bh_module_load(engine, argv[optind], NULL, &module))
        fail("module");
    struct memory before = measure();
    printf("module loaded: RSS %lu KiB, PSS %lu KiB, page tables %lu KiB, %lu mappings\n", before.rss, before.pss,
           before.tables, before.mappings);

    start = begin();
    unsigned made = 0;
    for (; made < count && !bh_instance_create(module, NULL, &instances[made]); made++)
        progress("created", made + 1, count);
    if (made < count && (raise || bh_last_error()->error != BH_ERROR_LIMIT))
        fail("create");
    if (made < count)
        printf("%u instances fit: %s\n", made, bh_last_error()->text);
    finished("create", start, made);
    report("alive", &before, made);
    if (made == count) {
        start = begin();
        call_all(instances, made, size);
        finished("call", start, made);
        report("after a call", &before, made);
        for (int round = 1; round <= 2; round++) {
            start = begin();
            for (unsigned n = 0; n < made; n++)
                if (bh_instance_reset(instances[n]))
                    fail("reset");
            finished(round == 1 ? "reset" : "reset again", start, made);
        }
        report("after resets", &before, made);
    }
    /* When not all fitted, guests find no mappings for their heaps either. */
    if (made == count)
        call_all(instances, made < 100 ? made : 100, size);
    start = begin();
    for (unsigned n = 0; n < made; n++)
        if (bh_instance_destroy(instances[n]))
            fail("destroy");
    finished("destroy", start, made);
    if (bh_engine_mappings(engine)) {
        fprintf(stderr, "bench-many: mappings are left\n");
        return 1;
    }
    if (bh_module_destroy(module) || bh_engine_destroy(engine))
        fail("end");
    free(instances);
    printf("ok: %u instances\n", made);
    return 0;
}
