/* Runs everything once and compares what it prints with what the reference prints: only right results are worth
 * measuring. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session.h"

struct output {
    char *text;
    size_t length;
};

static char *output_file(const struct session *session, size_t target, size_t configuration) {
    return format_text("%s/bench/%s-%s.output", session->places.build, session->plan.targets[target].run->name,
                       session->plan.configurations[configuration]->name);
}

/* Runs it, and gives its standard output as bench/workload normalises it, or a sentence why there is none. */
static char *run_once(struct session *session, size_t target, size_t configuration, struct output *output,
                      struct sample *sample) {
    const struct target *t = &session->plan.targets[target];
    char *file = output_file(session, target, configuration);
    char *why = process_measure(session_command(session, target, configuration), file, sample);
    if (!why) {
        int status;
        output->text =
            workload_script(&session->places, file, &output->length, &status, "normalise", t->workload->name, NULL);
        if (status)
            why = format_text("bench/workload normalise %s: status %d", t->workload->name, status);
    }
    free(file);
    return why;
}

static void give_up(struct session *session, size_t target, size_t configuration, char *why) {
    strings_free(&session_command(session, target, configuration)->words);
    session_failed(session, session->plan.targets[target].run->name, session->plan.configurations[configuration]->name,
                   why);
}

static void check_one(struct session *session, size_t target, size_t configuration, struct output *expected,
                      json_t *checks) {
    struct output output = {0};
    struct sample sample;
    char *why = run_once(session, target, configuration, &output, &sample);
    if (!why && expected->text &&
        (output.length != expected->length || memcmp(output.text, expected->text, output.length) != 0))
        why = format_text("prints something else than the reference does (%zu bytes, not %zu)", output.length,
                          expected->length);
    if (why) {
        free(output.text);
        give_up(session, target, configuration, why);
        return;
    }
    /* (What differs is left for whoever wants to see how.) */
    char *file = output_file(session, target, configuration);
    unlink(file);
    free(file);
    if (!expected->text)
        *expected = output;
    else
        free(output.text);
    const char *name = session->plan.configurations[configuration]->name;
    if (!json_object_get(checks, name)) /* the reference of a resumed result has one, and ran again to compare with */
        json_object_set_new(checks, name, result_sample(&sample));
}

/* The first configuration is a reference (plan.h), and all are compared with it. */
static void check_target(struct session *session, size_t target) {
    const struct plan *plan = &session->plan;
    json_t *run = json_object_get(json_object_get(session->result, "runs"), plan->targets[target].run->name);
    json_t *checks = json_object_get(run, "checks");
    struct output expected = {0};
    size_t missing = 0;
    for (size_t c = 0; c < plan->configuration_count; c++)
        missing +=
            session_command(session, target, c)->words.count && !json_object_get(checks, plan->configurations[c]->name);
    for (size_t c = 0; missing && c < plan->configuration_count; c++) {
        int first = !expected.text;
        if (session_command(session, target, c)->words.count &&
            (first || !json_object_get(checks, plan->configurations[c]->name)))
            check_one(session, target, c, &expected, checks);
        if (!c && !expected.text)
            break; /* without a right answer there is nothing to compare with, and no ratio */
    }
    if (!json_object_get(checks, plan->configurations[0]->name))
        for (size_t c = 0; c < plan->configuration_count; c++)
            strings_free(&session_command(session, target, c)->words);
    free(expected.text);
}

void session_check(struct session *session) {
    for (size_t t = 0; t < session->plan.target_count; t++) {
        session_say(-1, "comparing outputs [%zu/%zu] %s", t + 1, session->plan.target_count,
                    session->plan.targets[t].run->name);
        check_target(session, t);
        session_save(session);
    }
}
