/* The command line of bulkhead-run. */
#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Usage: " PROGRAM_NAME " [OPTION]... PROGRAM [ARGUMENT]...\n"
    "       " PROGRAM_NAME " --binfmt [OPTION]... COMMAND [ARGUMENT]...\n"
    "Verifies PROGRAM, a guest built with bulkhead-clang, and runs it isolated in this process.\n"
    "It gets the standard streams, the time, random numbers, and what these options grant:\n"
    "\n"
    "  --dir HOST[:GUEST][:ro]  let it see the directory HOST as GUEST (default: the same name),\n"
    "                           read-only with :ro. Relative names of the guest begin at /, so that\n"
    "                           '--dir .' lets it open files of this directory by their names.\n"
    "  --policy FILE            what it gets is what this file says (docs/policy.md), and what other\n"
    "                           options grant after it: no streams, time or random numbers otherwise\n"
    "  --env NAME=VALUE         put this into its environment, which is empty otherwise\n"
    "  --cwd GUEST              the directory of the guest's that it begins in (default: /)\n"
    "  --inherit-env            put this process's environment into it, but what --env sets\n"
    "  --argv0 NAME             what it finds as the name of the program: argv[0] (default: PROGRAM)\n"
    "  --deadline SECONDS       stop it after this time (fractions allowed)\n"
    "  --memory MIB             memory that it may map (default: as much as its 4 GiB slot holds)\n"
    "  --stack MIB              size of its stack (default 8)\n"
    "  --threads N              threads that it may make, if it was built with -pthread (default: none)\n"
    "  --allow-stores-only      run it although its loads are not isolated: it can read all memory\n"
    "                           of this process\n"
    "  --stats                  report on verification, time, memory and system calls to stderr\n"
    "  --log-refused            name each refused system call on stderr\n"
    "  --help, --version\n"
    "\n"
    "With --binfmt, which comes first, COMMAND is one of the host's, not isolated, and modules that it\n"
    "starts run this way, with these options: relative names of the host's begin where --binfmt was\n"
    "given, and so does the name of '--dir .'. Each has its environment, its name and, where granted,\n"
    "its working directory, and dies by the signal of its fault. Needs Linux 6.7 and user namespaces.\n"
    "\n"
    "Exit status: the program's; 128 + signal when it faulted (139: invalid memory access, ...);\n"
    "124 at the deadline, 125 for wrong usage or a host that cannot run guests, 126 when the\n"
    "program is refused (the verifier's report is on stderr), 127 when it cannot be read.\n";

static int wrong(const char *format, const char *value) {
    fputs(PROGRAM_NAME ": ", stderr);
    fprintf(stderr, format, value);
    fputs("; see " PROGRAM_NAME " --help\n", stderr);
    return STATUS_USAGE;
}

static int failed(void) {
    fprintf(stderr, PROGRAM_NAME ": %s\n", bh_last_error()->text);
    return STATUS_USAGE;
}

/* HOST[:GUEST][:ro] */
static int grant_directory(const struct options *options, const char *text) {
    char *host = strdup(text), *real = NULL, *colon;
    int mode = BH_READ_WRITE;
    if (!host)
        return wrong("out of memory at '%s'", text);
    size_t length = strlen(host);
    if (length > 3 && !strcmp(host + length - 3, ":ro")) {
        mode = BH_READ_ONLY;
        host[length - 3] = 0;
    }
    const char *guest = host;
    colon = strchr(host, ':');
    if (colon) {
        *colon = 0;
        guest = colon + 1;
    } else if (options->binfmt && (real = realpath(host, NULL))) {
        guest = real;
    }
    int status = -1;
    if (!*host || !*guest)
        status = wrong("--dir '%s' is not HOST[:GUEST][:ro]", text);
    else if (bh_policy_grant_directory(options->policy, host, guest, mode))
        status = failed();
    free(real);
    free(host);
    return status;
}

/* The file's policy takes the place of the empty one. */
static int load_policy(struct options *options, const char *path, bool granted) {
    bh_policy *policy;
    if (granted)
        return wrong("--policy %s comes first, and once: other options add to it", path);
    if (bh_policy_load(path, &policy))
        return failed();
    bh_policy_destroy(options->policy);
    options->policy = policy;
    options->policy_file = true;
    return -1;
}

static int parse_number(const char *option, const char *text, double scale, double most, uint64_t *out) {
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    if (errno || end == text || *end || !(value > 0) || !(value * scale <= most)) {
        fprintf(stderr, PROGRAM_NAME ": %s wants a positive number, not '%s'; see " PROGRAM_NAME " --help\n", option,
                text);
        return STATUS_USAGE;
    }
    *out = (uint64_t)(value * scale);
    if (!*out)
        *out = 1;
    return -1;
}

/* After --env: the first of two settings of a name counts. */
static int inherit_environment(bh_policy *policy) {
    for (char **entry = environ; *entry; entry++)
        if (strchr(*entry, '=') && **entry != '=' && bh_policy_add_environment(policy, *entry))
            return failed();
    return -1;
}

static int parse(int argc, char **argv, struct options *options) {
    enum {
        DIR = 1000,
        CWD,
        INHERIT,
        ARGV0,
        ENV,
        DEADLINE,
        MEMORY,
        STACK,
        THREADS,
        STORES_ONLY,
        STATS,
        LOG,
        HELP,
        VERSION,
        POLICY,
        BINFMT
    };
    static const struct option known[] = {{"dir", required_argument, NULL, DIR},
                                          {"env", required_argument, NULL, ENV},
                                          {"deadline", required_argument, NULL, DEADLINE},
                                          {"memory", required_argument, NULL, MEMORY},
                                          {"stack", required_argument, NULL, STACK},
                                          {"allow-stores-only", no_argument, NULL, STORES_ONLY},
                                          {"stats", no_argument, NULL, STATS},
                                          {"log-refused", no_argument, NULL, LOG},
                                          {"policy", required_argument, NULL, POLICY},
                                          {"threads", required_argument, NULL, THREADS},
                                          {"help", no_argument, NULL, HELP},
                                          {"version", no_argument, NULL, VERSION},
                                          {"cwd", required_argument, NULL, CWD},
                                          {"binfmt", no_argument, NULL, BINFMT},
                                          {"inherit-env", no_argument, NULL, INHERIT},
                                          {"argv0", required_argument, NULL, ARGV0},
                                          {NULL, 0, NULL, 0}};
    uint64_t number;
    int status = -1;
    bool inherit = false;
    bool granted = false; /* something was put into the policy already */
    bool cwd = false;
    opterr = 0;
    for (int option; status < 0 && (option = getopt_long(argc, argv, "+:", known, NULL)) != -1;) {
        switch (option) {
        case POLICY: status = load_policy(options, optarg, granted); break;
        case DIR: status = grant_directory(options, optarg); break;
        case ENV: status = bh_policy_add_environment(options->policy, optarg) ? failed() : -1; break;
        case BINFMT:
            if (optind != 2)
                status = wrong("--binfmt comes %s", "first");
            options->binfmt = true;
            break;
        case CWD:
            cwd = true;
            status = bh_policy_set_working_directory(options->policy, optarg) ? failed() : -1;
            break;
        case INHERIT: inherit = true; break;
        case ARGV0:
            if (options->binfmt)
                status = wrong("--argv0 %s is for one program; with --binfmt each has the name that it is started by",
                               optarg);
            options->argv0 = optarg;
            break;
        case DEADLINE: status = parse_number("--deadline", optarg, 1e9, 9e18, &options->deadline); break;
        case MEMORY:
            status = parse_number("--memory", optarg, 1 << 20, 9e18, &number);
            if (status < 0)
                bh_policy_set_memory_limit(options->policy, number);
            break;
        case STACK:
            status = parse_number("--stack", optarg, 1 << 20, 9e18, &number);
            if (status < 0 && bh_policy_set_stack_size(options->policy, number))
                status = failed();
            break;
        case THREADS:
            status = parse_number("--threads", optarg, 1, UINT32_MAX, &number);
            if (status < 0 && bh_policy_set_thread_limit(options->policy, (unsigned)number))
                status = failed();
            options->threads = true;
            break;
        case STORES_ONLY: options->allow_stores_only = true; break;
        case STATS: options->stats = true; break;
        case LOG: options->log_refused = true; break;
        case HELP: fputs(help, stdout); return 0;
        case VERSION:
            printf(PROGRAM_NAME " %s (contract version %d)\n", BULKHEAD_VERSION, BH_CONTRACT_VERSION);
            return 0;
        case ':': return wrong("%s wants a value", argv[optind - 1]);
        default: return wrong("unknown option '%s'", argv[optind - 1]);
        }
        granted |=
            option == DIR || option == CWD || option == ENV || option == MEMORY || option == STACK || option == POLICY;
    }
    if (status < 0 && optind == argc)
        return wrong("%s", "no program given");
    options->program = optind;
    if (status < 0 && (inherit || options->started_in))
        status = inherit_environment(options->policy);
    options->seek_directory = options->started_in && !cwd;
    return status;
}

int parse_options(int argc, char **argv, struct options *options) {
    if (!options->started_in)
        return parse(argc, argv, options);
    int here = open(".", O_PATH | O_CLOEXEC), status = STATUS_USAGE;
    if (here < 0 || chdir(options->started_in))
        return wrong("cannot go to '%s', where --binfmt was given", options->started_in);
    status = parse(argc, argv, options);
    char *name;
    if (fchdir(here))
        status = wrong("cannot go back from '%s'", options->started_in);
    else if (status < 0 && options->seek_directory && (name = getcwd(NULL, 0))) {
        if (bh_policy_set_working_directory(options->policy, name))
            status = failed();
        free(name);
    }
    close(here);
    return status;
}
