#include "session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DISAGREEMENT 0.1

struct command *session_command(struct session *session, size_t target, size_t configuration) {
    return &session->commands[target * session->plan.configuration_count + configuration];
}

void session_save(struct session *session) {
    result_save(session->options.output, session->result);
    if (process_interrupted())
        fail(STATUS_INTERRUPTED, "interrupted; %s holds what was measured, and --resume goes on from there",
             session->options.output);
}

void session_failed(struct session *session, const char *name, const char *configuration, char *what) {
    if (!process_interrupted()) {
        fprintf(stderr, "%s: %s (%s): %s\n", program_name, name, configuration, what);
        char *portable = portable_text(&session->places, what);
        json_array_append_new(
            result_array(session->result, "failures"),
            json_pack("{s:s, s:s, s:s}", "name", name, "configuration", configuration, "what", portable));
        free(portable);
    }
    free(what);
    session_save(session);
}

void session_say(double seconds, const char *format, ...) {
    va_list arguments;
    fprintf(stderr, "%s: ", program_name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    if (seconds > 90)
        fprintf(stderr, ", about %.0f min left", seconds / 60);
    else if (seconds >= 0)
        fprintf(stderr, ", about %.0f s left", seconds);
    fputc('\n', stderr);
    fflush(stderr);
}

static const char *unsupported(const struct session *session, const char *workload, const char *configuration) {
    json_t *reasons = json_object_get(json_object_get(session->result, "unsupported"), workload);
    return json_string_value(json_object_get(reasons, configuration));
}

static void prepare_one(struct session *session, size_t target, size_t configuration) {
    const struct target *t = &session->plan.targets[target];
    const char *name = session->plan.configurations[configuration]->name;
    if (unsupported(session, t->workload->name, name))
        return;
    int status;
    char *why = workload_command(&session->places, t->workload, t->run, name,
                                 session_command(session, target, configuration), &status);
    if (!why) {
        json_t *runs = result_object(session->result, "runs"), *run = result_object(runs, t->run->name);
        json_object_set_new(run, "workload", json_string(t->workload->name));
        json_object_set_new(result_object(run, "commands"), name,
                            result_command(&session->places, session_command(session, target, configuration)));
        result_object(run, "checks");
        result_array(run, "rounds");
        result_array(run, "rejected");
    } else if (status == STATUS_UNSUPPORTED) {
        json_t *reasons = result_object(result_object(session->result, "unsupported"), t->workload->name);
        json_object_set_new(reasons, name, json_string(why));
        free(why);
    } else {
        session_failed(session, t->run->name, name, why);
    }
}

void session_prepare(struct session *session) {
    const struct plan *plan = &session->plan;
    size_t count = plan->target_count * plan->configuration_count, at = 0;
    session->commands = allocate(count, sizeof *session->commands);
    for (size_t t = 0; t < plan->target_count; t++) {
        for (size_t c = 0; c < plan->configuration_count; c++) {
            const struct configuration *configuration = plan->configurations[c];
            session_say(-1, "building [%zu/%zu] %s, %s", ++at, count, plan->targets[t].run->name, configuration->name);
            prepare_one(session, t, c);
            session_save(session);
        }
    }
}

long session_rounds_done(const json_t *measured, const char *configuration) {
    size_t i, j;
    json_t *round, *name;
    long done = 0;
    json_array_foreach(json_object_get(measured, "rounds"), i, round) {
        json_array_foreach(json_object_get(round, "order"), j, name) {
            if (!strcmp(json_string_value(name), configuration)) {
                done++;
                break;
            }
        }
    }
    return done;
}

char *session_round(json_t *measured, const struct command *commands, const char *const *names, size_t variants,
                    unsigned long number, unsigned *failed) {
    struct round round, part;
    round_plan(&round, variants, number);
    char *why = round_run(&round, commands, NULL, failed);
    if (why)
        return why;
    /* Judged by the references alone, so that no result of a variant decides whether it counts. */
    if (round_part(&round, DISAGREEMENT, false, &part))
        json_array_append_new(result_array(measured, "rounds"), result_round(&part, names));
    size_t count = round_part(&round, DISAGREEMENT, true, &part);
    if (!count)
        return NULL;
    json_array_append_new(result_array(measured, "rejected"), result_round(&part, names));
    unsigned which[ROUND_VARIANTS + 1] = {0};
    for (size_t slot = 0, i = 0; slot < part.slots; slot++)
        if (part.order[slot])
            which[++i] = part.order[slot];
    round_plan(&round, count, number);
    for (size_t slot = 0; slot < round.slots; slot++)
        round.order[slot] = which[round.order[slot]];
    why = round_run(&round, commands, NULL, failed);
    if (!why)
        json_array_append_new(result_array(measured, "rounds"), result_round(&round, names));
    return why;
}
