/* The command line of bulkhead-verify. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

static const char help[] =
    "Usage: bulkhead-verify [OPTION]... FILE...\n"
    "Says whether each FILE is a Bulkhead module that keeps the contract, and prints every broken rule if it is not. "
    "Of an\n"
    "object file or an archive it says whether it would verify once linked, and which functions are at fault. FILE can "
    "be -,\n"
    "standard input.\n"
    "\n"
    "  --limit N            print at most N refusals of a file (default 20, 0: all)\n"
    "  --facts              print what the code can do, its size and how it is padded\n"
    "  --json               print one JSON object for each file, on one line\n"
    "  --color WHEN         auto (default: on a terminal, unless NO_COLOR is set), always or never\n"
    "  --allow-stores-only  judge objects as stores-only code, and accept modules whose loads are not isolated (their\n"
    "                       note says so); such a module can read all memory of the process that runs it\n"
    "  --progress           show on standard error how far it is, also where that is no terminal\n"
    "  --raw                FILE is flat machine code, not ELF; with --allow-stores-only it is judged as stores-only "
    "code\n"
    "  --address A          with --raw: the image-relative address of the first byte, a multiple of 32 (default 0)\n"
    "  --help, --version\n"
    "\n"
    "Instead of verifying:\n"
    "  --explain RULE       what a rule demands, why, what to do about it; `all`: every rule\n"
    "  --list-instructions  the instructions that are accepted, and those refused by name; with --json one object "
    "each, with\n"
    "                       --markdown the page docs/instructions.md\n"
    "\n"
    "Exit status: 0 all files are accepted, 1 a file is refused (a malformed module included), 2 a file is not ELF or\n"
    "cannot be read. docs/contract.md explains every rule by its name.\n";

enum {
    OPT_LIMIT = 256,
    OPT_FACTS,
    OPT_JSON,
    OPT_COLOR,
    OPT_STORES,
    OPT_RAW,
    OPT_ADDRESS,
    OPT_EXPLAIN,
    OPT_LIST,
    OPT_MARKDOWN,
    OPT_PROGRESS,
    OPT_HELP,
    OPT_VERSION
};

static const struct option long_options[] = {
    {"limit", required_argument, NULL, OPT_LIMIT},
    {"facts", no_argument, NULL, OPT_FACTS},
    {"json", no_argument, NULL, OPT_JSON},
    {"color", required_argument, NULL, OPT_COLOR},
    {"allow-stores-only", no_argument, NULL, OPT_STORES},
    {"raw", no_argument, NULL, OPT_RAW},
    {"address", required_argument, NULL, OPT_ADDRESS},
    {"explain", required_argument, NULL, OPT_EXPLAIN},
    {"list-instructions", no_argument, NULL, OPT_LIST},
    {"markdown", no_argument, NULL, OPT_MARKDOWN},
    {"progress", no_argument, NULL, OPT_PROGRESS},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

static _Noreturn void usage(const char *what, const char *value) {
    fprintf(stderr, "bulkhead-verify: %s%s%s; try --help\n", what, value ? ": " : "", value ? value : "");
    exit(EXIT_UNREADABLE);
}

static uint64_t parse_number(const char *text, const char *option) {
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 0);
    if (errno || *end || end == text || *text == '-')
        usage(option, text);
    return value;
}

static bool parse_color(const char *when) {
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    if (!strcmp(when, "always"))
        return true;
    if (!strcmp(when, "never"))
        return false;
    if (strcmp(when, "auto"))
        usage("--color wants auto, always or never", when);
    return isatty(STDOUT_FILENO) && !(no_color && *no_color) && !(term && !strcmp(term, "dumb"));
}

void parse_options(int argc, char **argv, struct options *options) {
    *options = (struct options){.limit = 20, .color = parse_color("auto")};
    bool have_address = false;
    for (int option; (option = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        switch (option) {
        case OPT_LIMIT: options->limit = (size_t)parse_number(optarg, "--limit wants a number"); break;
        case OPT_FACTS: options->facts = true; break;
        case OPT_JSON: options->json = true; break;
        case OPT_COLOR: options->color = parse_color(optarg); break;
        case OPT_STORES: options->allow_stores_only = true; break;
        case OPT_RAW: options->raw = true; break;
        case OPT_ADDRESS:
            options->address = parse_number(optarg, "--address wants a number");
            have_address = true;
            if (options->address % BH_BUNDLE_SIZE != 0 || options->address >= BH_SLOT_SIZE)
                usage("--address wants a multiple of 32 below 4 GiB", optarg);
            break;
        case OPT_EXPLAIN: options->explain = optarg; break;
        case OPT_LIST: options->list_instructions = true; break;
        case OPT_MARKDOWN: options->markdown = true; break;
        case OPT_PROGRESS: options->progress = true; break;
        case OPT_HELP: fputs(help, stdout); exit(EXIT_ACCEPTED);
        case OPT_VERSION:
            printf("bulkhead-verify %s (contract version %d, scheme bundle)\n", BULKHEAD_VERSION, BH_CONTRACT_VERSION);
            exit(EXIT_ACCEPTED);
        default: exit(EXIT_UNREADABLE);
        }
    }
    if (have_address && !options->raw)
        usage("--address is for --raw: an ELF file says where its code is", NULL);
    if (options->markdown && (!options->list_instructions || options->json))
        usage("--markdown is for --list-instructions, without --json", NULL);
    if (options->explain && options->list_instructions)
        usage("--explain and --list-instructions do not go together", NULL);
    if ((options->explain || options->list_instructions) && optind != argc)
        usage("--explain and --list-instructions take no file", argv[optind]);
    if (optind == argc && !options->explain && !options->list_instructions)
        usage("no file named", NULL);
    options->files = argv + optind;
    options->file_count = argc - optind;
}
