/* tools/bench. Started as bench-suite TOP BUILD OPTION...: the directories of the sources and of the build. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compare.h"
#include "report.h"
#include "session.h"

/* Builds what the planned configurations need; a target that is named twice is built once. */
static void update_build(const struct session *session) {
    const struct plan *plan = &session->plan;
    char *tool = format_text("%s/tools/build", session->places.top);
    char *fixed[] = {"/bin/sh", "-c", "exec \"$@\" >&2", "sh", tool, "all", "bench"};
    struct strings words = {0};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        strings_add(&words, fixed[i]);
    for (size_t c = 0; c < plan->configuration_count; c++)
        strings_add(&words, plan->configurations[c]->target);
    int status;
    session_say(-1, "updating the build (--no-build leaves it alone)");
    free(process_output(words.items, NULL, NULL, &status));
    if (status)
        fail(STATUS_FAILED, "the build failed (tools/build: status %d)", status);
    strings_free(&words);
    free(tool);
}

/* What this plan tries again counts by how it ends then. */
static void drop_failures(const struct plan *plan, json_t *failures) {
    for (size_t i = json_array_size(failures); i-- > 0;) {
        const json_t *failure = json_array_get(failures, i);
        if (plan_includes(plan, json_string_value(json_object_get(failure, "name")),
                          json_string_value(json_object_get(failure, "configuration"))))
            json_array_remove(failures, i);
    }
}

/* The result to add to: a new one, or the one that is to be resumed if it is of the same revision. */
static void begin_result(struct session *session, char **arguments) {
    const struct options *o = &session->options;
    session->result = result_new(arguments);
    machine_revision(&session->places, session->result);
    if (!o->resume || access(o->output, F_OK)) {
        json_object_set_new(session->result, "machine", machine_describe());
        json_object_set_new(session->result, "versions", machine_versions(&session->places));
        return;
    }
    json_t *old = result_load(o->output);
    if (!json_equal(json_object_get(old, "revision"), json_object_get(session->result, "revision")))
        fail(STATUS_FAILED,
             "%s was measured at revision %s, and these are sources of another one: measure anew, without --resume, or "
             "--output elsewhere",
             o->output, json_string_value(json_object_get(old, "revision")));
    json_t *now = machine_describe();
    if (!json_equal(json_object_get(json_object_get(old, "machine"), "cpu"), json_object_get(now, "cpu")))
        fail(STATUS_FAILED,
             "%s was measured on another processor: measure anew, without --resume, or --output elsewhere", o->output);
    json_decref(now);
    if (json_is_true(json_object_get(session->result, "dirty"))) /* then a part of it is of changed sources */
        json_object_set_new(old, "dirty", json_true());
    json_decref(session->result);
    session->result = old;
    drop_failures(&session->plan, json_object_get(old, "failures"));
}

/* What the names in the result mean. */
static void describe_names(struct session *session) {
    const struct plan *plan = &session->plan;
    json_t *workloads = result_object(session->result, "workloads"),
           *configurations = result_object(session->result, "configurations");
    for (size_t t = 0; t < plan->target_count; t++)
        json_object_set_new(workloads, plan->targets[t].workload->name,
                            json_pack("{s:s}", "group", plan->targets[t].workload->group));
    for (size_t c = 0; c < plan->configuration_count; c++)
        json_object_set_new(configurations, plan->configurations[c]->name,
                            json_pack("{s:s, s:s}", "reference", plan->configurations[c]->reference, "description",
                                      plan->configurations[c]->description));
}

static json_t *measure(struct session *session, char **arguments) {
    const struct options *o = &session->options;
    process_catch_interruptions();
    process_pin(o->pin);
    if (!o->no_build)
        update_build(session);
    begin_result(session, arguments);
    describe_names(session);
    if (session->plan.parts[PART_RUN] || session->plan.parts[PART_SIZE])
        session_prepare(session);
    if (session->plan.parts[PART_RUN])
        session_check(session);
    if (session->plan.parts[PART_SIZE])
        session_sizes(session);
    if (session->plan.parts[PART_RUN])
        session_rounds(session);
    if (session->plan.parts[PART_COMPILE])
        session_compile(session);
    if (session->plan.parts[PART_MICRO])
        session_micro(session);
    if (session->plan.parts[PART_MANY])
        session_many(session);
    session_save(session);
    session_say(-1, "the result is %s", o->output);
    return session->result;
}

/* The report in the forms that were asked for; on standard output when in none. */
static void report(const struct options *o, const json_t *result) {
    if (o->html)
        report_file(o->html, report_html, result);
    if (o->svg)
        report_pictures(o->svg, result);
    if (o->markdown)
        report_file(o->markdown, report_markdown, result);
    else if (!o->html && !o->svg)
        report_markdown(stdout, result);
}

int main(int argc, char **argv) {
    if (argc < 3)
        fail(STATUS_USAGE, "this is started by tools/bench");
    struct session session = {.places = {argv[1], argv[2]}};
    char *output = format_text("%s/bench/result.json", session.places.build);
    argv[2] = "tools/bench"; /* what getopt calls us */
    session.options = options_read(argc - 2, argv + 2, output);
    const struct options *o = &session.options;
    if (o->report) {
        json_t *result = result_load(o->report);
        report(o, result);
        json_decref(result);
        return 0;
    }
    json_t *old = o->compare ? result_load(o->compare) : NULL;
    if (o->compare_with) {
        json_t *new = result_load(o->compare_with);
        int worse = compare_results(stdout, old, new);
        json_decref(old);
        json_decref(new);
        return worse ? STATUS_FAILED : 0;
    }
    session.catalogue = catalogue_read(&session.places);
    if (o->list) {
        plan_list(&session.catalogue, stdout);
        return 0;
    }
    session.plan = plan_make(&session.catalogue, o);
    char **arguments = argv + 3;
    json_t *result = measure(&session, arguments);
    int status = json_array_size(json_object_get(result, "failures")) ? STATUS_FAILED : 0;
    report(o, result);
    if (old && compare_results(stdout, old, result))
        status = STATUS_FAILED;
    return status;
}
