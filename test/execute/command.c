/* See command.h. */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool number(const char *text, uint64_t *value)
{
    char *end;
    if (!text)
        return false;
    *value = strtoull(text, &end, 0);
    return end != text && !*end;
}

/* The option at argv[*i], which usage mentions; false when it is not understood. */
static bool take(struct command *c, char **argv, int *i)
{
    const struct { const char *name; uint64_t *value; } numbers[] = {
        {"--depth", &c->depth}, {"--variants", &c->variants}, {"--seconds", &c->seconds}, {"--mutants", &c->mutants},
        {"--seed", &c->seed},
    };
    const struct { const char *name; bool *value; } flags[] = {
        {"--self-test", &c->self_test}, {"--stores-only", &c->stores_only}, {"--progress", &c->progress},
    };
    for (unsigned n = 0; n < sizeof flags / sizeof *flags; n++)
        if (!strcmp(argv[*i], flags[n].name))
            return *flags[n].value = true;
    for (unsigned n = 0; n < sizeof numbers / sizeof *numbers; n++)
        if (!strcmp(argv[*i], numbers[n].name))
            return number(argv[++*i], numbers[n].value);
    return false;
}

void command_parse(struct command *command, int argc, char **argv, const char *usage)
{
    int i = 1;
    bool good = true;
    command->mutants = UINT64_MAX;
    for (; good && i < argc && argv[i][0] == '-'; i++)
        good = strstr(usage, argv[i]) && take(command, argv, &i);
    if (command->mutants != UINT64_MAX)
        command->seconds = UINT32_MAX;
    command->first = i;
    if (good && (strstr(usage, "MODULE") ? i < argc : i == argc))
        return;
    fprintf(stderr, "usage: %s\n", usage);
    exit(2);
}
