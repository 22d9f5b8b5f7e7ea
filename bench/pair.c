/* bench-pair: measures one command against another, in rounds.
 *
 * A round is three runs, reference, variant, reference, so that each variant has a reference close in time and the two
 * references show the noise. The order rotates from round to round: a warm cache or a machine that gets busier favours
 * nobody. Prints one JSON object a line for each round, with the times that the kernel accounts to the process.
 * Standard output of both commands goes to files, which are left for the caller to compare: what two programs print may
 * differ in timings.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite/rounds.h"

static const char usage_text[] =
    "Usage: bench-pair [OPTION]... -- REFERENCE-COMMAND... --variant VARIANT-COMMAND...\n"
    "Runs both commands in rounds of reference, variant, reference in rotating order; prints a JSON line for each "
    "round.\n"
    "\n"
    "  --rounds N         number of rounds (default 3)\n"
    "  --first N          number of the first round, which decides its order (default 0)\n"
    "  --directory DIR    run the commands there\n"
    "  --stdin FILE       their standard input (default /dev/null)\n"
    "  --output PREFIX    standard output goes to PREFIX.reference and PREFIX.variant (default: is discarded)\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0, or 1 when a command could not be run or failed, 2 for wrong usage.\n";

struct options {
    long rounds, first;
    char *output;
    struct command commands[2]; /* reference, variant */
};

static _Noreturn void wrong_usage(const char *why) { fail(STATUS_USAGE, "%s\n%s", why, usage_text); }

static void print_sample(const struct sample *s) {
    printf("{\"user\": %.6f, \"system\": %.6f, \"wall\": %.6f, \"max_rss_kib\": %ld}", s->user, s->system, s->wall,
           s->max_rss);
}

static void run_round(const struct options *o, char *const *outputs, long number) {
    struct round round;
    unsigned failed;
    round_plan(&round, 1, (unsigned long)number);
    char *why = round_run(&round, o->commands, outputs, &failed);
    if (why)
        fail(STATUS_FAILED, "%s", why);
    const struct sample *references[2], *variant = NULL;
    char order[ROUND_SLOTS + 1] = "";
    for (size_t slot = 0, seen = 0; slot < round.slots; slot++) {
        order[slot] = round.order[slot] ? 'V' : 'R';
        if (round.order[slot])
            variant = &round.samples[slot];
        else
            references[seen++] = &round.samples[slot];
    }
    printf("{\"round\": %ld, \"order\": \"%s\", \"reference\": [", number, order);
    print_sample(references[0]);
    printf(", ");
    print_sample(references[1]);
    printf("], \"variant\": ");
    print_sample(variant);
    printf("}\n");
    fflush(stdout);
}

static long number(const char *text) {
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end || value < 0 || value > 1000000) {
        wrong_usage("not a number of rounds");
    }
    return value;
}

static struct options parse(char **argv) {
    struct options o = {.rounds = 3};
    char **arg = argv + 1;
    for (; *arg && strcmp(*arg, "--") != 0; arg++) {
        if (strcmp(*arg, "--help") == 0) {
            fputs(usage_text, stdout);
            exit(0);
        }
        if (strcmp(*arg, "--version") == 0) {
            puts("bench-pair " BULKHEAD_VERSION);
            exit(0);
        }
        const char *name = *arg;
        char *value = arg[1];
        if (!value) {
            wrong_usage("an option lacks its value");
        }
        arg++;
        if (strcmp(name, "--rounds") == 0) {
            o.rounds = number(value);
        } else if (strcmp(name, "--first") == 0) {
            o.first = number(value);
        } else if (strcmp(name, "--directory") == 0) {
            o.commands[0].directory = o.commands[1].directory = value;
        } else if (strcmp(name, "--stdin") == 0) {
            o.commands[0].input = o.commands[1].input = value;
        } else if (strcmp(name, "--output") == 0) {
            o.output = value;
        } else {
            wrong_usage("unknown option");
        }
    }
    if (!*arg) {
        wrong_usage("no command");
    }
    for (arg++; *arg && strcmp(*arg, "--variant") != 0; arg++)
        strings_add(&o.commands[0].words, *arg);
    for (arg += *arg != NULL; *arg; arg++)
        strings_add(&o.commands[1].words, *arg);
    if (!o.commands[0].words.count || !o.commands[1].words.count)
        wrong_usage("two commands are needed, with --variant between them");
    return o;
}

int main(int argc, char **argv) {
    (void)argc;
    program_name = "bench-pair";
    process_catch_interruptions();
    struct options o = parse(argv);
    char *outputs[2] = {0};
    if (o.output) {
        outputs[0] = format_text("%s.reference", o.output);
        outputs[1] = format_text("%s.variant", o.output);
    }
    for (long i = 0; i < o.rounds; i++)
        run_round(&o, outputs, o.first + i);
    for (int i = 0; i < 2; i++) {
        free(outputs[i]);
        strings_free(&o.commands[i].words);
    }
    return 0;
}
