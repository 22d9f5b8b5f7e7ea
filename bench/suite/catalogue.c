#include "catalogue.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNSUPPORTED "unsupported: "

char *workload_script(const struct places *places, const char *input, size_t *length, int *status, ...) {
    struct strings words = {0};
    char *script = format_text("%s/bench/workload", places->top);
    strings_add(&words, script);
    va_list arguments;
    va_start(arguments, status);
    for (const char *word; (word = va_arg(arguments, const char *));)
        strings_add(&words, word);
    va_end(arguments);
    char *output = process_output(words.items, input, length, status);
    strings_free(&words);
    free(script);
    return output;
}

/* The lines that bench/workload prints for two words, the second may be NULL. */
static struct strings ask(const struct places *places, const char *what, const char *name) {
    int status;
    char *output = workload_script(places, NULL, NULL, &status, what, name, NULL);
    if (status)
        fail(STATUS_FAILED, "'bench/workload %s%s%s' failed with status %d", what, name ? " " : "", name ? name : "",
             status);
    struct strings lines = strings_split(output, '\n');
    free(output);
    return lines;
}

static void read_configurations(const struct places *places, struct catalogue *catalogue) {
    struct strings lines = ask(places, "configurations", NULL);
    catalogue->configurations = allocate(lines.count, sizeof *catalogue->configurations);
    for (size_t i = 0; i < lines.count; i++) {
        struct strings fields = strings_split(lines.items[i], '\t');
        if (fields.count != 4)
            fail(STATUS_FAILED, "bench/workload configurations: '%s' is not NAME, REFERENCE, TARGET and DESCRIPTION",
                 lines.items[i]);
        catalogue->configurations[catalogue->configuration_count++] =
            (struct configuration){fields.items[0], fields.items[1], fields.items[2], fields.items[3]};
        free(fields.items); /* the strings live on */
    }
    strings_free(&lines);
    for (size_t i = 0; i < catalogue->configuration_count; i++) {
        const struct configuration *reference =
            catalogue_configuration(catalogue, catalogue->configurations[i].reference);
        if (!reference || !configuration_is_reference(reference))
            fail(STATUS_FAILED, "bench/workload configurations: '%s' has no reference '%s'",
                 catalogue->configurations[i].name, catalogue->configurations[i].reference);
    }
}

static void read_runs(const struct places *places, struct workload *workload) {
    struct strings lines = ask(places, "runs", workload->name);
    workload->runs = allocate(lines.count, sizeof *workload->runs);
    for (size_t i = 0; i < lines.count; i++) {
        struct strings fields = strings_split(lines.items[i], '\t');
        if (fields.count < 2)
            fail(STATUS_FAILED, "bench/workload runs %s: '%s' is not NAME and STDIN", workload->name, lines.items[i]);
        struct run *run = &workload->runs[workload->run_count++];
        run->name = format_text("%s", fields.items[0]);
        run->input = strcmp(fields.items[1], "-") ? format_text("%s", fields.items[1]) : NULL;
        strings_free(&fields);
    }
    strings_free(&lines);
}

struct catalogue catalogue_read(const struct places *places) {
    struct catalogue catalogue = {0};
    read_configurations(places, &catalogue);
    struct strings names = ask(places, "list", NULL);
    catalogue.workloads = allocate(names.count, sizeof *catalogue.workloads);
    for (size_t i = 0; i < names.count; i++) {
        struct workload *workload = &catalogue.workloads[catalogue.workload_count++];
        struct strings group = ask(places, "group", names.items[i]);
        if (group.count != 1)
            fail(STATUS_FAILED, "bench/workload group %s: not one word", names.items[i]);
        workload->name = format_text("%s", names.items[i]);
        workload->group = format_text("%s", group.items[0]);
        strings_free(&group);
        read_runs(places, workload);
    }
    strings_free(&names);
    return catalogue;
}

const struct configuration *catalogue_configuration(const struct catalogue *catalogue, const char *name) {
    for (size_t i = 0; i < catalogue->configuration_count; i++)
        if (!strcmp(catalogue->configurations[i].name, name))
            return &catalogue->configurations[i];
    return NULL;
}

int configuration_is_reference(const struct configuration *configuration) {
    return !strcmp(configuration->name, configuration->reference);
}

char *workload_command(const struct places *places, const struct workload *workload, const struct run *run,
                       const char *configuration, struct command *command, int *status) {
    char *output =
        workload_script(places, NULL, NULL, status, "command", workload->name, configuration, run->name, NULL);
    if (*status == STATUS_UNSUPPORTED) {
        char *reason = strstr(output, UNSUPPORTED);
        char *end = reason ? strchr(reason, '\n') : NULL;
        if (end)
            *end = 0;
        reason = format_text("%s", reason ? reason + strlen(UNSUPPORTED) : "bench/workload gives no reason");
        free(output);
        return reason;
    }
    *command = (struct command){.words = strings_split(output, '\n')};
    free(output);
    if (*status || !command->words.count) {
        strings_free(&command->words);
        *status = *status ? *status : STATUS_FAILED;
        return format_text("it could not be built (bench/workload command %s %s %s: status %d)", workload->name,
                           configuration, run->name, *status);
    }
    char *directory = workload_script(places, NULL, NULL, status, "input", workload->name, NULL);
    directory[strcspn(directory, "\n")] = 0;
    if (*status) {
        free(directory);
        return format_text("its input could not be made (bench/workload input %s: status %d)", workload->name, *status);
    }
    command->directory = directory;
    command->input = run->input ? format_text("%s/%s", directory, run->input) : NULL;
    return NULL;
}

char *workload_program(const struct places *places, const char *workload, const char *configuration) {
    int status;
    char *output = workload_script(places, NULL, NULL, &status, "build", workload, configuration, NULL);
    output[strcspn(output, "\n")] = 0;
    if (status || !*output) {
        free(output);
        return NULL;
    }
    return output;
}

char *portable_text(const struct places *places, const char *text) {
    const char *prefixes[] = {places->build, places->top}, *names[] = {"build", "."};
    for (size_t i = 0; i < 2; i++) {
        const char *found = strstr(text, prefixes[i]);
        if (found && prefixes[i][0] == '/') {
            char *rest = portable_text(places, found + strlen(prefixes[i]));
            char *result = format_text("%.*s%s%s", (int)(found - text), text, names[i], rest);
            free(rest);
            return result;
        }
    }
    return format_text("%s", text);
}
