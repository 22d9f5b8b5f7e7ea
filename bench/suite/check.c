#include "check.h"

#include <math.h>
#include <string.h>

#include "base.h"
#include "result.h"

/* Where in the file we are, for messages. */
struct place {
    const char *file;
    const struct place *above;
    const char *name; /* NULL: a number */
    size_t number;
};

static char *describe(const struct place *place) {
    if (!place || !place->above)
        return format_text("%s", "");
    char *above = describe(place->above);
    return place->name ? format_text("%s/%s", above, place->name) : format_text("%s/%zu", above, place->number);
}

static _Noreturn void wrong(const struct place *place, const char *demand) {
    const char *where = describe(place);
    fail(STATUS_FAILED, "%s: %s: %s; the file was changed or damaged: take another, or measure anew", place->file,
         *where ? where + 1 : "the whole", demand);
}

static struct place below(const struct place *above, const char *name, size_t number) {
    return (struct place){above->file, above, name, number};
}

/* The member of an object, which must be there. */
static const json_t *member(const struct place *place, const json_t *object, const char *name, struct place *found) {
    *found = below(place, name, 0);
    if (!json_is_object(object))
        wrong(place, "an object is expected");
    const json_t *value = json_object_get(object, name);
    if (!value)
        wrong(found, "it is missing");
    return value;
}

static void text(const struct place *place, const json_t *object, const char *name, int may_be_null) {
    struct place at;
    const json_t *value = member(place, object, name, &at);
    if (!json_is_string(value) && !(may_be_null && json_is_null(value)))
        wrong(&at, "a string is expected");
}

static void number(const struct place *place, const json_t *object, const char *name, double least, int may_be_null) {
    struct place at;
    const json_t *value = member(place, object, name, &at);
    if (may_be_null && json_is_null(value))
        return;
    double given = json_is_number(value) ? json_number_value(value) : NAN;
    if (!isfinite(given) || given < least)
        wrong(&at, least > 0 ? "a positive number is expected" : "a number that is not negative is expected");
}

typedef void check_part(const struct place *place, const json_t *value);

static void every(const struct place *place, const json_t *object, const char *name, check_part *check) {
    struct place at;
    const json_t *values = member(place, object, name, &at);
    if (json_is_array(values)) {
        for (size_t i = 0; i < json_array_size(values); i++) {
            struct place here = below(&at, NULL, i);
            check(&here, json_array_get(values, i));
        }
        return;
    }
    if (!json_is_object(values))
        wrong(&at, "an object or an array is expected");
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)values, key, value) {
        struct place here = below(&at, key, 0);
        check(&here, value);
    }
}

static void kind(const struct place *place, const json_t *object, const char *name, json_type type,
                 const char *demand) {
    struct place at;
    if (json_typeof(member(place, object, name, &at)) != type)
        wrong(&at, demand);
}

static void string(const struct place *place, const json_t *value) {
    if (!json_is_string(value))
        wrong(place, "a string is expected");
}

static void sample(const struct place *place, const json_t *value) {
    number(place, value, "user", 0, 0);
    number(place, value, "system", 0, 0);
    number(place, value, "wall", 0, 0);
    number(place, value, "max_rss_kib", 0, 0);
    number(place, value, "instructions", 0, 1);
    number(place, value, "cycles", 0, 1);
}

static void round_of(const struct place *place, const json_t *value) {
    text(place, value, "reference", 0);
    kind(place, value, "order", JSON_ARRAY, "an array is expected");
    kind(place, value, "samples", JSON_ARRAY, "an array is expected");
    every(place, value, "order", string);
    every(place, value, "samples", sample);
    const json_t *order = json_object_get(value, "order");
    if (json_array_size(order) != json_array_size(json_object_get(value, "samples")) ||
        json_array_size(order) > ROUND_SLOTS)
        wrong(place, "as many samples as names in the order are expected");
    size_t references = 0;
    for (size_t i = 0; i < json_array_size(order); i++)
        references += !strcmp(json_string_value(json_array_get(order, i)),
                              json_string_value(json_object_get(value, "reference")));
    if (references < 2)
        wrong(place, "two runs of the reference are expected");
}

static void command(const struct place *place, const json_t *value) {
    if (!json_is_array(value))
        wrong(place, "an array of words is expected");
    for (size_t i = 0; i < json_array_size(value); i++) {
        struct place here = below(place, NULL, i);
        string(&here, json_array_get(value, i));
    }
}

static void measured(const struct place *place, const json_t *value) {
    text(place, value, "workload", 0);
    kind(place, value, "commands", JSON_OBJECT, "an object is expected");
    kind(place, value, "checks", JSON_OBJECT, "an object is expected");
    kind(place, value, "rounds", JSON_ARRAY, "an array is expected");
    kind(place, value, "rejected", JSON_ARRAY, "an array is expected");
    every(place, value, "commands", command);
    every(place, value, "checks", sample);
    every(place, value, "rounds", round_of);
    every(place, value, "rejected", round_of);
}

static void configuration(const struct place *place, const json_t *value) {
    text(place, value, "reference", 0);
    text(place, value, "description", 0);
}

static void workload(const struct place *place, const json_t *value) { text(place, value, "group", 0); }

static void size(const struct place *place, const json_t *value) {
    number(place, value, "file", 1, 0);
    number(place, value, "text", 1, 1);
    number(place, value, "instructions", 0, 1);
    struct place at;
    const json_t *facts = member(place, value, "facts", &at);
    if (!json_is_null(facts)) {
        number(&at, facts, "text_bytes", 1, 0);
        number(&at, facts, "nop_bytes", 0, 0);
        number(&at, facts, "prefix_bytes", 0, 0);
    }
}

static void sizes(const struct place *place, const json_t *value) {
    struct place parent = *place;
    json_t *holder = json_pack("{s:O}", "configurations", (json_t *)value);
    every(&parent, holder, "configurations", size);
    json_decref(holder);
}

static void reasons(const struct place *place, const json_t *value) {
    json_t *holder = json_pack("{s:O}", "configurations", (json_t *)value);
    every(place, holder, "configurations", string);
    json_decref(holder);
}

static void failure(const struct place *place, const json_t *value) {
    text(place, value, "name", 0);
    text(place, value, "configuration", 0);
    text(place, value, "what", 0);
}

static void benchmark(const struct place *place, const json_t *value) {
    text(place, value, "name", 0);
    text(place, value, "run_name", 0);
    text(place, value, "run_type", 0);
    number(place, value, "cpu_time", 0, 0);
    number(place, value, "real_time", 0, 0);
    text(place, value, "time_unit", 0);
}

void check_result(const char *path, const json_t *result) {
    struct place root = {.file = path};
    const json_t *format = json_object_get(result, "format"), *version = json_object_get(result, "version");
    if (!json_is_string(format) || strcmp(json_string_value(format), RESULT_FORMAT) != 0)
        fail(STATUS_FAILED, "%s: not a result of this tools/bench (\"format\" is not \"" RESULT_FORMAT "\")", path);
    if (!json_is_integer(version) || json_integer_value(version) != RESULT_VERSION)
        fail(STATUS_FAILED,
             "%s: version %lld of the format; this tools/bench reads version %d: measure anew, or use the tools/bench "
             "that "
             "wrote it",
             path, (long long)json_integer_value(version), RESULT_VERSION);
    kind(&root, result, "command", JSON_ARRAY, "an array is expected");
    every(&root, result, "command", string);
    struct place at;
    const json_t *machine = member(&root, result, "machine", &at);
    text(&at, machine, "cpu", 0);
    text(&at, machine, "kernel", 0);
    text(&at, machine, "time", 0);
    number(&at, machine, "cpus", 1, 0);
    number(&at, machine, "load_at_start", 0, 0);
    text(&root, result, "revision", 1);
    const char *objects[] = {"configurations", "workloads", "runs", "sizes", "unsupported", "plan", "versions"};
    check_part *checks[] = {configuration, workload, measured, sizes, reasons, NULL, NULL};
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        kind(&root, result, objects[i], JSON_OBJECT, "an object is expected");
        if (checks[i])
            every(&root, result, objects[i], checks[i]);
    }
    kind(&root, result, "failures", JSON_ARRAY, "an array is expected");
    every(&root, result, "failures", failure);
    if (json_object_get(result, "compile"))
        measured(&(struct place){path, &root, "compile", 0}, json_object_get(result, "compile"));
    const json_t *micro = json_object_get(result, "micro");
    if (micro)
        every(&(struct place){path, &root, "micro", 0}, micro, "benchmarks", benchmark);
    const json_t *many = json_object_get(result, "many");
    if (many) {
        struct place here = below(&root, "many", 0);
        number(&here, many, "instances", 1, 0);
        number(&here, many, "alive_kib", 1, 0);
        number(&here, many, "used_kib", 1, 0);
    }
}
