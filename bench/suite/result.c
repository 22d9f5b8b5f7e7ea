#include "result.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

json_t *result_load(const char *path) {
    json_error_t error;
    json_t *result = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!result) {
        if (error.line < 0)
            fail(STATUS_FAILED, "%s: %s", path, error.text);
        fail(STATUS_FAILED, "%s:%d:%d: no valid JSON: %s; a result is written by tools/bench", path, error.line,
             error.column, error.text);
    }
    check_result(path, result);
    return result;
}

json_t *result_new(char *const *arguments) {
    json_t *result = json_pack("{s:s, s:i}", "format", RESULT_FORMAT, "version", RESULT_VERSION);
    json_t *command = result_array(result, "command");
    for (size_t i = 0; arguments[i]; i++)
        json_array_append_new(command, json_string(arguments[i]));
    const char *parts[] = {"configurations", "workloads", "plan", "runs", "sizes", "unsupported"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        result_object(result, parts[i]);
    result_array(result, "failures");
    return result;
}

/* The directory of a path, with those above it. What cannot be made shows when the file is opened. */
static void make_directories(const char *path) {
    char *copy = format_text("%s", path);
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(copy, 0777);
        *slash = '/';
    }
    free(copy);
}

void result_save(const char *path, const json_t *result) {
    char *part = format_text("%s.part", path);
    make_directories(path);
    FILE *file = fopen(part, "we");
    int bad = !file || json_dumpf(result, file, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) || fputc('\n', file) == EOF;
    bad = bad || fflush(file) || fsync(fileno(file));
    if (file && fclose(file))
        bad = 1;
    if (bad || rename(part, path)) {
        int reason = errno;
        unlink(part);
        fail(STATUS_FAILED, "cannot write %s: %s", path, strerror(reason));
    }
    free(part);
}

json_t *result_object(json_t *parent, const char *name) {
    json_t *child = json_object_get(parent, name);
    if (!child)
        json_object_set_new(parent, name, child = json_object());
    return child;
}

json_t *result_array(json_t *parent, const char *name) {
    json_t *child = json_object_get(parent, name);
    if (!child)
        json_object_set_new(parent, name, child = json_array());
    return child;
}

static json_t *counted(double value) { return value < 0 ? json_null() : json_integer((json_int_t)value); }

json_t *result_sample(const struct sample *sample) {
    json_t *object = json_pack("{s:f, s:f, s:f, s:I}", "user", sample->user, "system", sample->system, "wall",
                               sample->wall, "max_rss_kib", (json_int_t)sample->max_rss);
    json_object_set_new(object, "instructions", counted(sample->instructions));
    json_object_set_new(object, "cycles", counted(sample->cycles));
    return object;
}

json_t *result_round(const struct round *round, const char *const *names) {
    json_t *object = json_pack("{s:s}", "reference", names[0]);
    json_t *order = result_array(object, "order"), *samples = result_array(object, "samples");
    for (size_t slot = 0; slot < round->slots; slot++) {
        json_array_append_new(order, json_string(names[round->order[slot]]));
        json_array_append_new(samples, result_sample(&round->samples[slot]));
    }
    return object;
}

json_t *result_command(const struct places *places, const struct command *command) {
    json_t *words = json_array();
    for (size_t i = 0; i < command->words.count; i++) {
        char *text = portable_text(places, command->words.items[i]);
        json_array_append_new(words, json_string(text));
        free(text);
    }
    return words;
}
