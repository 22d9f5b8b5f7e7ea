/* One measurement: what it is about, what it has found so far, and the steps it consists of. */
#ifndef BENCH_SESSION_H
#define BENCH_SESSION_H

#include "catalogue.h"
#include "options.h"
#include "plan.h"
#include "result.h"

struct session {
    struct places places;
    struct options options;
    struct catalogue catalogue;
    struct plan plan;
    json_t *result;
    struct command
        *commands; /* of target t and configuration c: [t * plan.configuration_count + c]; no words: not to be had */
};

struct command *session_command(struct session *session, size_t target, size_t configuration);

/* Writes what there is; ends the driver when it was interrupted. Called after each step. */
void session_save(struct session *session);

/* Notes in the result that something could not be measured, says so, and goes on. Takes `what` over. */
void session_failed(struct session *session, const char *name, const char *configuration, char *what);

/* Says on standard error what is being done; `seconds` is the estimated time that is left, or negative. */
void session_say(double seconds, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The steps, in this order. What the result holds already is not measured again.
 * prepare: builds, makes inputs.  check: runs everything once and compares outputs.  sizes, rounds, compile, micro,
 * many: measure. */
void session_prepare(struct session *session);
void session_check(struct session *session);
void session_sizes(struct session *session);
void session_rounds(struct session *session);
void session_compile(struct session *session);
void session_micro(struct session *session);
void session_many(struct session *session);

/* Runs rounds of commands[0] against the others until `measured` (an object with "rounds" and "rejected") has one for
 * number `number`; a variant whose references disagree by more than a tenth takes part once more, and the first is kept
 * under "rejected". Returns NULL, or why not, and which command it was. The caller frees that. */
char *session_round(json_t *measured, const struct command *commands, const char *const *names, size_t variants,
                    unsigned long number, unsigned *failed);

/* How many rounds of `measured` a configuration took part in. */
long session_rounds_done(const json_t *measured, const char *configuration);

/* What the machine is, for the result. New references. */
json_t *machine_describe(void);
json_t *machine_versions(const struct places *places);
void machine_revision(const struct places *places, json_t *result);

#endif
