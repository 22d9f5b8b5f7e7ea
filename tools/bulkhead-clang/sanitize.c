/* Sanitizers work in a module as far as each of their checks ends in a trap: no run-time is there to report to. Which
 * ones do is told by a dozen options, the last of which wins, and by clang's groups; so clang itself is asked. */
#include "command.h"
#include "process.h"

#include <stdlib.h>
#include <string.h>

/* The list after `option` in a command that -### printed, up to the closing quotation mark; "" if it is not there. */
static char *list_of(const char *printed, const char *option) {
    const char *at = strstr(printed, option);
    if (!at)
        return format("%s", "");
    at += strlen(option);
    return format("%.*s", (int)strcspn(at, "\""), at);
}

static bool holds(const char *list, const char *name) {
    size_t n = strlen(name);
    for (const char *at = list; (at = strstr(at, name)); at += n)
        if ((at == list || at[-1] == ',') && (at[n] == ',' || at[n] == 0))
            return true;
    return false;
}

void check_sanitizers(const struct command *c, const char *clang, const char *target) {
    struct args ask = {0};
    args_add_list(&ask, clang, "--no-default-config", target, "-###", NULL);
    bool sanitizes = false;
    for (size_t i = 0; i < c->args.count; i++) {
        const char *arg = c->args.items[i];
        sanitizes |= starts_with(arg, "-fsanitize=");
        if (starts_with(arg, "-fsanitize") || starts_with(arg, "-fno-sanitize"))
            args_add(&ask, arg);
        else if (option_takes_value(arg))
            i++;
    }
    if (!sanitizes)
        return;
    args_add_list(&ask, "-c", "-x", "c", "/dev/null", NULL);
    /* What clang itself refuses it will refuse again when it compiles. */
    const char *printed = process_output(&ask);
    if (!printed)
        return;
    char *checks = list_of(printed, "\"-fsanitize="), *traps = list_of(printed, "\"-fsanitize-trap=");
    for (char *name = strtok(checks, ","); name; name = strtok(NULL, ","))
        if (!holds(traps, name))
            die("-fsanitize=%s cannot work in a module: sanitizer run-times are not available in modules; test a "
                "native build "
                "with it, or add -fsanitize-trap=all if it is a check that can trap, which needs none",
                name);
}
