/* What there is to measure, as bench/workload tells it, and what bench/workload does for the driver. */
#ifndef BENCH_CATALOGUE_H
#define BENCH_CATALOGUE_H

#include "base.h"
#include "process.h"

/* Where the sources and the build are; set once at the start. */
struct places {
    const char *top, *build;
};

struct configuration {
    char *name, *reference; /* a reference names itself */
    char *target;           /* what tools/build makes for it */
    char *description;
};

struct run {
    char *name;
    char *input; /* a file of the input directory, or NULL */
};

struct workload {
    char *name, *group;
    struct run *runs;
    size_t run_count;
};

struct catalogue {
    struct configuration *configurations;
    size_t configuration_count;
    struct workload *workloads;
    size_t workload_count;
};

/* Asks bench/workload for everything; ends the driver when it cannot answer. Kept until the driver ends. */
struct catalogue catalogue_read(const struct places *places);

const struct configuration *catalogue_configuration(const struct catalogue *catalogue, const char *name); /* or NULL */
int configuration_is_reference(const struct configuration *configuration);

/* Calls bench/workload with these words, a NULL at their end; see process_output. */
char *workload_script(const struct places *places, const char *input, size_t *length, int *status, ...);

/* Builds what a run in a configuration needs, and says how it is started. Returns NULL and fills the command, or the
 * text that goes with `status`: STATUS_UNSUPPORTED and the reason, or another one and a sentence. The caller frees
 * either. */
char *workload_command(const struct places *places, const struct workload *workload, const struct run *run,
                       const char *configuration, struct command *command, int *status);

/* The file that was built, or NULL. The caller frees it. */
char *workload_program(const struct places *places, const char *workload, const char *configuration);

/* A path or argument as it may stand in a result: those of this build and these sources are relative. The caller frees
 * it. */
char *portable_text(const struct places *places, const char *text);

#endif
