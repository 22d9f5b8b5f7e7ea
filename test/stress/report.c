/* Counting, complaining, and taking stock. */
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "stress.h"

#define OPERATIONS 128
#define COMPLAINTS 50

atomic_uint failures;

static struct {
    const char *name;
    _Atomic uint64_t count[BH_ERROR_COUNT];
} counts[OPERATIONS];
static atomic_uint operation_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static unsigned find(const char *name) {
    unsigned count = atomic_load(&operation_count), n;
    for (n = 0; n < count; n++)
        if (!strcmp(counts[n].name, name))
            return n;
    pthread_mutex_lock(&lock);
    count = atomic_load(&operation_count);
    for (n = 0; n < count && strcmp(counts[n].name, name) != 0; n++)
        ;
    if (n == count && count < OPERATIONS) {
        counts[n].name = name;
        atomic_store(&operation_count, count + 1);
    }
    pthread_mutex_unlock(&lock);
    return n < OPERATIONS ? n : OPERATIONS - 1;
}

void require(bool condition, const char *format, ...) {
    char text[512];
    va_list arguments;
    if (condition || atomic_fetch_add(&failures, 1) >= COMPLAINTS)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    printf("failed: %s\n", text);
    fflush(stdout);
}

bool expect(const char *operation, const struct entry *entry, bh_error error, uint64_t allowed) {
    static const char *const module[] = {"plain", "float", "threads", "program"};
    atomic_fetch_add(&counts[find(operation)].count[error < BH_ERROR_COUNT ? error : 0], 1);
    bool fine = error < BH_ERROR_COUNT && (allowed >> error & 1);
    if (!fine)
        require(false, "%s, %s instance of module %s, engine %d, policy %d%s%s: error %d (%s), allowed 0x%llx; last error: %s",
                operation, entry && entry->shared ? "shared" : "private", entry ? module[entry->module] : "-",
                entry ? entry->engine : -1, entry ? entry->policy : -1, entry && entry->dead ? ", dead" : "",
                entry && entry->unsettled ? ", unsettled" : "", error, bh_error_text(error), (unsigned long long)allowed,
                error ? bh_last_error()->text : "-");
    return error == BH_OK;
}

void print_counts(void) {
    for (unsigned n = 0; n < atomic_load(&operation_count); n++) {
        printf("%-24s", counts[n].name);
        for (int error = 0; error < BH_ERROR_COUNT; error++)
            if (counts[n].count[error])
                printf(" %s: %llu;", error ? bh_error_text((bh_error)error) : "ok", (unsigned long long)counts[n].count[error]);
        printf("\n");
    }
}

static unsigned entries(const char *path) {
    unsigned count = 0;
    DIR *directory = opendir(path);
    while (directory && readdir(directory))
        count++;
    if (directory)
        closedir(directory);
    return count;
}

struct census take_census(void) {
    struct census census = {.descriptors = entries("/proc/self/fd"), .threads = entries("/proc/self/task")};
    char line[1024];
    FILE *file = fopen("/proc/self/maps", "re");
    while (file && fgets(line, sizeof(line), file)) {
        census.mappings++;
        census.guests += strstr(line, "memfd:bulkhead") != NULL;
    }
    if (file)
        fclose(file);
    return census;
}
