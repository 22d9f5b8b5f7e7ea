/* bench-pair: measures one command against another, in rounds.
 *
 * A round is three runs, reference, variant, reference, so that each variant has a reference close in time and the two
 * references show the noise. The order rotates from round to round: a warm cache or a machine that gets busier favours nobody.
 * Prints one JSON object a line for each round, with the times that the kernel accounts to the process. Standard output of
 * both commands goes to files, which are left for the caller to compare: what two programs print may differ in timings.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char usage_text[] =
    "Usage: bench-pair [OPTION]... -- REFERENCE-COMMAND... --variant VARIANT-COMMAND...\n"
    "Runs both commands in rounds of reference, variant, reference in rotating order; prints a JSON line for each round.\n"
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
    const char *directory, *input, *output;
    char **reference, **variant;
};

struct sample {
    double user, system, wall;
    long max_rss; /* KiB */
};

static void die(const char *what, const char *name) {
    fprintf(stderr, "bench-pair: %s %s: %s\n", what, name, strerror(errno));
    exit(1);
}

static _Noreturn void wrong_usage(const char *why) {
    fprintf(stderr, "bench-pair: %s\n%s", why, usage_text);
    exit(2);
}

static double seconds(struct timeval t) {
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* In the child: standard streams and directory as asked for, then the command. */
static _Noreturn void start(const struct options *o, char **command, const char *output) {
    int in = open(o->input, O_RDONLY);
    if (in < 0) {
        die("cannot read", o->input);
    }
    int out = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (out < 0) {
        die("cannot write", output);
    }
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0) {
        die("cannot redirect to", output);
    }
    close(in);
    close(out);
    if (o->directory && chdir(o->directory) != 0) {
        die("cannot enter", o->directory);
    }
    execvp(command[0], command);
    die("cannot run", command[0]);
    _exit(1);
}

static struct sample measure(const struct options *o, char **command, const char *suffix) {
    char output[4096] = "/dev/null";
    if (o->output && snprintf(output, sizeof output, "%s.%s", o->output, suffix) >= (int)sizeof output) {
        errno = ENAMETOOLONG;
        die("cannot write", o->output);
    }
    fflush(stdout);
    double begin = now();
    /* vfork's child would share this process's accounting until exec; fork of so small a process costs next to nothing. */
    pid_t child = fork();
    if (child < 0) {
        die("cannot start", command[0]);
    }
    if (child == 0) {
        start(o, command, output);
    }
    int status;
    struct rusage usage;
    while (wait4(child, &status, 0, &usage) < 0) {
        if (errno != EINTR) {
            die("cannot wait for", command[0]);
        }
    }
    double end = now();
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "bench-pair: %s: %s %d\n", command[0], WIFEXITED(status) ? "exit status" : "signal",
                WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
        exit(1);
    }
    return (struct sample){seconds(usage.ru_utime), seconds(usage.ru_stime), end - begin, usage.ru_maxrss};
}

static void print_sample(const struct sample *s) {
    printf("{\"user\": %.6f, \"system\": %.6f, \"wall\": %.6f, \"max_rss_kib\": %ld}", s->user, s->system, s->wall, s->max_rss);
}

static void run_round(const struct options *o, long round) {
    struct sample reference[2], variant = {0};
    int references = 0;
    long turn = round % 3; /* when the variant runs: 1 in the first round, then 2, then 0 */
    long variant_at = (turn + 1) % 3;
    for (long i = 0; i < 3; i++) {
        if (i == variant_at) {
            variant = measure(o, o->variant, "variant");
        } else {
            reference[references++] = measure(o, o->reference, "reference");
        }
    }
    printf("{\"round\": %ld, \"order\": \"%s\", \"reference\": [", round,
           variant_at == 0 ? "VRR" : variant_at == 1 ? "RVR" : "RRV");
    print_sample(&reference[0]);
    printf(", ");
    print_sample(&reference[1]);
    printf("], \"variant\": ");
    print_sample(&variant);
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
    struct options o = {.rounds = 3, .input = "/dev/null"};
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
        const char *name = *arg, *value = arg[1];
        if (!value) {
            wrong_usage("an option lacks its value");
        }
        arg++;
        if (strcmp(name, "--rounds") == 0) {
            o.rounds = number(value);
        } else if (strcmp(name, "--first") == 0) {
            o.first = number(value);
        } else if (strcmp(name, "--directory") == 0) {
            o.directory = value;
        } else if (strcmp(name, "--stdin") == 0) {
            o.input = value;
        } else if (strcmp(name, "--output") == 0) {
            o.output = value;
        } else {
            wrong_usage("unknown option");
        }
    }
    if (!*arg) {
        wrong_usage("no command");
    }
    o.reference = ++arg;
    while (*arg && strcmp(*arg, "--variant") != 0) {
        arg++;
    }
    if (!*arg || arg == o.reference || !arg[1]) {
        wrong_usage("two commands are needed, with --variant between them");
    }
    *arg = NULL;
    o.variant = arg + 1;
    return o;
}

int main(int argc, char **argv) {
    (void)argc;
    struct options o = parse(argv);
    for (long i = 0; i < o.rounds; i++) {
        run_round(&o, o.first + i);
    }
    return 0;
}
