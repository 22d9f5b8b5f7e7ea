#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

const char *const part_names[PART_COUNT] = {"run", "size", "compile", "micro", "many"};

static const char help[] =
    "Usage: tools/bench [OPTION]...                       measure, write the result, print the report\n"
    "       tools/bench --report FILE [--html F] [--markdown F] [--svg DIR]\n"
    "       tools/bench --compare OLD [NEW] [OPTION]...   what changed beyond noise; without NEW, it is measured "
    "first\n"
    "Measures programs under Bulkhead, and under the alternatives, against the same programs built natively, in paired "
    "runs; and what\n"
    "else isolation costs: text, memory, compile time, calls, instances, verification. bench/README.md explains the "
    "method.\n"
    "\n"
    "  --quick              about five minutes: one run of every program, full isolation, few rounds\n"
    "  --only NAME          only this program, run, configuration or part (run, size, compile, micro, many); "
    "repeatable\n"
    "  --configuration NAME only this configuration; repeatable\n"
    "  --minutes N          as many rounds as fit N minutes instead of an hour, but no fewer than a comparison needs\n"
    "  --rounds N           as many rounds of everything, however long that takes\n"
    "  --pin CPU            run what is timed on this processor only\n"
    "  --output FILE        the result (default: build/bench/result.json), written after each step\n"
    "  --resume             go on with an interrupted result\n"
    "  --no-build           take the project as built, do not update it\n"
    "  --report FILE        report on a result, measure nothing\n"
    "  --html FILE          write the report as a page of its own\n"
    "  --markdown FILE      write the report there instead of to standard output\n"
    "  --svg DIR            write the pictures there\n"
    "  --compare OLD [NEW]  compare two results\n"
    "  --list               what there is to measure\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0; 1 when something could not be measured, or is worse than in OLD; 2 for wrong usage; 130 when "
    "interrupted:\n"
    "--resume goes on from there.\n";

static long number(const char *option, const char *text, long least, long most) {
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (end == text || *end || errno || value < least || value > most)
        fail(STATUS_USAGE, "--%s %s: a number from %ld to %ld is expected", option, text, least, most);
    return value;
}

struct options options_read(int argc, char **argv, const char *output) {
    enum {
        QUICK = 1,
        ONLY,
        CONFIGURATION,
        MINUTES,
        ROUNDS,
        PIN,
        OUTPUT,
        RESUME,
        NO_BUILD,
        REPORT,
        HTML,
        MARKDOWN,
        SVG,
        COMPARE,
        LIST,
        HELP,
        VERSION
    };
    static const struct option known[] = {{"quick", no_argument, NULL, QUICK},
                                          {"only", required_argument, NULL, ONLY},
                                          {"configuration", required_argument, NULL, CONFIGURATION},
                                          {"minutes", required_argument, NULL, MINUTES},
                                          {"rounds", required_argument, NULL, ROUNDS},
                                          {"pin", required_argument, NULL, PIN},
                                          {"output", required_argument, NULL, OUTPUT},
                                          {"resume", no_argument, NULL, RESUME},
                                          {"no-build", no_argument, NULL, NO_BUILD},
                                          {"report", required_argument, NULL, REPORT},
                                          {"html", required_argument, NULL, HTML},
                                          {"markdown", required_argument, NULL, MARKDOWN},
                                          {"svg", required_argument, NULL, SVG},
                                          {"compare", required_argument, NULL, COMPARE},
                                          {"list", no_argument, NULL, LIST},
                                          {"help", no_argument, NULL, HELP},
                                          {"version", no_argument, NULL, VERSION},
                                          {0}};
    struct options o = {.output = output, .pin = -1};
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (option) {
        case QUICK: o.quick = true; break;
        case ONLY: strings_add(&o.only, optarg); break;
        case CONFIGURATION: strings_add(&o.configurations, optarg); break;
        case MINUTES: o.minutes = number("minutes", optarg, 1, 10000); break;
        case ROUNDS: o.rounds = number("rounds", optarg, 1, 1000); break;
        case PIN: o.pin = (int)number("pin", optarg, 0, 1023); break;
        case OUTPUT: o.output = optarg; break;
        case RESUME: o.resume = true; break;
        case NO_BUILD: o.no_build = true; break;
        case REPORT: o.report = optarg; break;
        case HTML: o.html = optarg; break;
        case MARKDOWN: o.markdown = optarg; break;
        case SVG: o.svg = optarg; break;
        case COMPARE: o.compare = optarg; break;
        case LIST: o.list = true; break;
        case HELP: fputs(help, stdout); exit(0);
        case VERSION: puts("bench " BULKHEAD_VERSION); exit(0);
        default: fprintf(stderr, "%s", "tools/bench --help lists the options\n"); exit(STATUS_USAGE);
        }
    }
    if (o.compare && optind < argc)
        o.compare_with = argv[optind++];
    if (optind < argc)
        fail(STATUS_USAGE, "'%s' is no option; to choose what is measured: --only %s", argv[optind], argv[optind]);
    if (o.report && o.compare)
        fail(STATUS_USAGE, "--report and --compare are two different things");
    return o;
}
