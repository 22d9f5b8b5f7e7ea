/* The file of a measurement: JSON, described in bench/README.md. Read strictly, written whole or not at all. */
#ifndef BENCH_RESULT_H
#define BENCH_RESULT_H

#include <jansson.h>

#include "catalogue.h"
#include "rounds.h"

#define RESULT_FORMAT "bulkhead-bench"
#define RESULT_VERSION 2

/* Reads and checks a result: afterwards every part that is there has the types that bench/README.md says. Ends the
 * driver with a message that names file, place and cure otherwise. The caller owns the reference. */
json_t *result_load(const char *path);

/* A result without measurements: format, version, command line and empty parts. */
json_t *result_new(char *const *arguments);

/* Writes beside the file, then renames: who reads the path finds the old or the new result. Ends the driver when it
 * cannot. */
void result_save(const char *path, const json_t *result);

/* The object of that name in `parent`, made when it is not there. Borrowed. */
json_t *result_object(json_t *parent, const char *name);
json_t *result_array(json_t *parent, const char *name);

/* Samples and rounds as they stand in the file; names[0] is the reference's name, names[k] the k-th variant's. New
 * references. */
json_t *result_sample(const struct sample *sample);
json_t *result_round(const struct round *round, const char *const *names);

/* The words of a command, as they may be shown elsewhere. A new reference. */
json_t *result_command(const struct places *places, const struct command *command);

#endif
