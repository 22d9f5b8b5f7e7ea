/* What was measured on and with: without it the numbers mean little. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "session.h"

/* The first line that a program prints, or NULL; the caller frees it. */
static char *first_line(char *const *words, int *status) {
    char *text = process_output(words, NULL, NULL, status);
    text[strcspn(text, "\n")] = 0;
    if (*status || !*text) {
        free(text);
        return NULL;
    }
    return text;
}

/* The program is looked for first, so that one that is not installed makes no noise. */
static json_t *version(const char *program, const char *option) {
    char *find[] = {"/bin/sh", "-c", "command -v -- \"$1\"", "sh", (char *)program, NULL},
         *words[] = {(char *)program, (char *)option, NULL};
    int status;
    char *found = first_line(find, &status), *line = found ? first_line(words, &status) : NULL;
    json_t *value = line ? json_string(line) : json_null();
    free(found);
    free(line);
    return value ? value : json_null();
}

json_t *machine_describe(void) {
    struct utsname kernel = {0};
    uname(&kernel);
    char cpu[256] = "", line[4096], when[32];
    int virtual = 0;
    unsigned long memory = 0;
    FILE *file = fopen("/proc/cpuinfo", "re");
    while (file && fgets(line, sizeof line, file)) {
        if (!*cpu && !strncmp(line, "model name", 10) && strchr(line, ':'))
            snprintf(cpu, sizeof cpu, "%.*s", (int)strcspn(strchr(line, ':') + 2, "\n"), strchr(line, ':') + 2);
        virtual |= !strncmp(line, "flags", 5) && strstr(line, " hypervisor") != NULL;
    }
    if (file)
        fclose(file);
    file = fopen("/proc/meminfo", "re");
    if (file && fscanf(file, "MemTotal: %lu", &memory) != 1)
        memory = 0;
    if (file)
        fclose(file);
    double load = 0;
    time_t now = time(NULL);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
    if (getloadavg(&load, 1) != 1)
        load = 0;
    return json_pack("{s:s, s:i, s:b, s:I, s:s, s:f, s:s}", "cpu", *cpu ? cpu : kernel.machine, "cpus",
                     (int)sysconf(_SC_NPROCESSORS_ONLN), "virtual", virtual, "memory_mib", (json_int_t)(memory / 1024),
                     "kernel", kernel.release, "load_at_start", load, "time", when);
}

json_t *machine_versions(const struct places *places) {
    int status;
    char *clang = workload_script(places, NULL, NULL, &status, "compiler", NULL);
    clang[strcspn(clang, "\n")] = 0;
    json_t *versions =
        json_pack("{s:s, s:o, s:o, s:o}", "bulkhead", BULKHEAD_VERSION, "clang", version(clang, "--version"), "wasm2c",
                  version("wasm2c", "--version"), "node", version("node", "--version"));
    free(clang);
    return versions;
}

void machine_revision(const struct places *places, json_t *result) {
    char *inside[] = {"/bin/sh", "-c", "git -C \"$1\" rev-parse HEAD 2>/dev/null", "sh", (char *)places->top, NULL};
    char *changes[] = {"/bin/sh",           "-c", "git -C \"$1\" status --porcelain 2>/dev/null", "sh",
                       (char *)places->top, NULL};
    int status;
    char *revision = first_line(inside, &status), *changed = revision ? first_line(changes, &status) : NULL;
    json_object_set_new(result, "revision", revision ? json_string(revision) : json_null());
    json_object_set_new(result, "dirty", revision ? json_boolean(changed != NULL) : json_null());
    free(revision);
    free(changed);
}
