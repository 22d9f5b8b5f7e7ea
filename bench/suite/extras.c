/* What is measured besides programs: compiling, the micro-benchmarks, many instances. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session.h"

#define COMPILE_ROUNDS 3

/* sqlite3.c by the same clang, without and with the plugin. */
void session_compile(struct session *session) {
    const struct plan *plan = &session->plan;
    const char *names[ROUND_VARIANTS + 1] = {"native"};
    struct command commands[ROUND_VARIANTS + 1] = {{{0}, NULL, NULL}};
    size_t variants = 0;
    const struct options *o = &session->options;
    int status;
    char *directory = workload_script(&session->places, NULL, NULL, &status, "input", "sqlite3", NULL);
    directory[strcspn(directory, "\n")] = 0;
    if (status) {
        free(directory);
        session_failed(session, "compile", "native", format_text("bench/workload input sqlite3: status %d", status));
        return;
    }
    json_t *measured = result_object(session->result, "compile");
    json_object_set_new(measured, "workload", json_string("sqlite3"));
    result_object(measured, "checks");
    result_array(measured, "rounds");
    result_array(measured, "rejected");
    for (size_t c = 0; c <= plan->configuration_count; c++) {
        const char *name = c ? plan->configurations[c - 1]->name : "native";
        /* Compiling takes long, and the plugin does the same work in the others: they are timed when somebody asks. */
        int asked = strings_contain(&o->only, name) || strings_contain(&o->configurations, name);
        if (c && (!strcmp(name, "native") || (!asked && strcmp(name, "full") != 0)))
            continue;
        char *object = format_text("%s/bench/compile-%s.o", session->places.build, name);
        char *words = workload_script(&session->places, NULL, NULL, &status, "compile", name, object, NULL);
        if (!status) {
            size_t at = c ? ++variants : 0;
            names[at] = name;
            commands[at] = (struct command){strings_split(words, '\n'), directory, NULL};
            json_object_set_new(result_object(measured, "commands"), name,
                                result_command(&session->places, &commands[at]));
        }
        free(words);
        free(object);
    }
    long rounds = session->options.rounds ? session->options.rounds : COMPILE_ROUNDS;
    for (long number = variants ? session_rounds_done(measured, names[1]) : rounds; number < rounds; number++) {
        session_say(-1, "compiling sqlite3.c, round %ld of %ld", number + 1, rounds);
        unsigned failed;
        char *why = session_round(measured, commands, names, variants, (unsigned long)number, &failed);
        if (why) {
            session_failed(session, "compile", names[failed], why);
            break;
        }
        session_save(session);
    }
    for (size_t i = 0; i <= variants; i++) {
        char *object = format_text("%s/bench/compile-%s.o", session->places.build, names[i]);
        unlink(object);
        free(object);
        strings_free(&commands[i].words);
    }
    free(directory);
}

void session_micro(struct session *session) {
    if (json_object_get(session->result, "micro"))
        return;
    char *program = format_text("%s/bin/bench-micro", session->places.build);
    if (access(program, X_OK)) {
        session_failed(session, "micro", "full",
                       format_text("no %s: Google Benchmark (libbenchmark-dev) is missing, or the target 'bench' "
                                   "was not built",
                                   program));
        free(program);
        return;
    }
    session_say(session->options.quick ? 40 : 300, "micro-benchmarks");
    char *module = workload_program(&session->places, "sqlite3", "full");
    char *words[] = {program, "--module", module, "--benchmark_format=json",
                     "--benchmark_enable_random_interleaving=true",
                     session->options.quick ? "--benchmark_min_time=0.05" : "--benchmark_min_time=0.3",
                     session->options.quick ? "--benchmark_repetitions=3" : "--benchmark_repetitions=9",
                     /* What takes long, or shows the same under other circumstances, can wait for the long form. */
                     session->options.quick ? "--benchmark_filter=-paired|threads:2|trusted|statistics|Zydis|30000"
                                            : "--benchmark_filter=.",
                     NULL};
    int status = 1;
    char *text = module ? process_output(words, NULL, NULL, &status) : NULL;
    json_error_t error = {.text = "not run"};
    json_t *micro = text && !status ? json_loads(text, 0, &error) : NULL;
    if (micro) {
        json_t *context = json_object_get(micro, "context");
        json_object_del(context, "host_name"); /* nobody's business */
        json_object_del(context, "executable");
        json_object_set_new(session->result, "micro", micro);
        session_save(session);
    } else {
        session_failed(session, "micro", "full",
                       format_text("bench-micro: status %d, line %d of its JSON: %s", status, error.line, error.text));
    }
    free(text);
    free(module);
    free(program);
}

/* Finds what an instance costs in what bench-many prints: its share of the memory that is there, and of page tables. */
static int memory_line(const char *text, const char *title, const char *before, double instances, double *kib) {
    double pss[2], tables[2];
    const char *lines[2] = {strstr(text, before), strstr(text, title)};
    for (int i = 0; i < 2; i++) {
        const char *at = lines[i] ? strstr(lines[i], "PSS ") : NULL;
        if (!at || sscanf(at, "PSS %lf KiB, page tables %lf KiB", &pss[i], &tables[i]) != 2)
            return -1;
    }
    *kib = (pss[1] + tables[1] - pss[0] - tables[0]) / instances;
    return *kib > 0 ? 0 : -1;
}

void session_many(struct session *session) {
    if (json_object_get(session->result, "many"))
        return;
    const char *instances = session->options.quick ? "1000" : "10000";
    session_say(session->options.quick ? 10 : 60, "%s instances at a time", instances);
    char *library = format_text("%s/bench/zlib-library.module", session->places.build);
    char *script = format_text("%s/bench/many/zlib-library", session->places.top);
    char *program = format_text("%s/bin/bench-many", session->places.build);
    char *build[] = {script, library, NULL}, *words[] = {program, "--instances", (char *)instances, library, NULL};
    int status;
    free(process_output(build, NULL, NULL, &status));
    char *text = status ? NULL : process_output(words, NULL, NULL, &status);
    double count = atof(instances), alive, used;
    if (text && !status && !memory_line(text, "alive: ", "module loaded: ", count, &alive) &&
        !memory_line(text, "after a call: ", "module loaded: ", count, &used)) {
        json_t *many = json_pack("{s:i, s:f, s:f}", "instances", atoi(instances), "alive_kib", alive, "used_kib", used);
        struct strings lines = strings_split(text, '\n');
        for (size_t i = 0; i < lines.count; i++)
            json_array_append_new(result_array(many, "output"), json_string(lines.items[i]));
        strings_free(&lines);
        json_object_set_new(session->result, "many", many);
        session_save(session);
    } else {
        session_failed(session, "many", "full", format_text("bench-many: status %d", status));
    }
    free(text);
    free(program);
    free(script);
    free(library);
}
