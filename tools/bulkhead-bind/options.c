#include "options.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_help(void) {
    puts("Usage: bulkhead-bind [OPTION]... HEADER [-- CLANG-OPTION...]\n"
         "Writes a wrapper, a .h and a .c, with the function names of a C library: a host that compiles against the "
         "wrapper runs the\n"
         "library isolated, in a module of bulkhead-clang --library. What pointers mean is said by contracts: macros "
         "in the header\n"
         "(bulkhead/contracts.h) or lines in a file. Without one, a pointer is opaque to the host. docs/binding.md is "
         "the guide.\n"
         "\n"
         "  -o BASE              write BASE.h and BASE.c; NAME_bind by default, in the current directory\n"
         "  --name NAME          the library's name, which begins the wrapper's own: NAME_bind_open. Default: from the "
         "header's\n"
         "  --contracts FILE     contracts, one a line; may be given several times\n"
         "  --include SPELLING   how the wrapper includes HEADER, with its \"\" or <>; default: \"its base name\"\n"
         "  --also HEADER        bind the functions of this header too, which HEADER includes; may be given several "
         "times\n"
         "  --suffix SUFFIX      of the functions that take an instance as their first argument; default: _in\n"
         "  --partial            write a wrapper although some declarations are not supported; it lacks those\n"
         "  --quiet              do not note what is opaque and what stays in the host\n"
         "  -I, -D, -U, -isystem, -include, -std=   for the header, as in clang; after -- anything of clang's\n"
         "  --help, --version\n"
         "\n"
         "Declarations that cannot be wrapped are listed with what would help. Exit status: 0, files were written; 1, "
         "an error in the\n"
         "header, the contracts or the command line; 3, unsupported declarations and no --partial. Nothing is written "
         "unless it is 0.");
    exit(0);
}

static bool is_identifier(const char *text) {
    if (!isalpha((unsigned char)*text) && *text != '_')
        return false;
    for (; *text; text++) {
        if (!isalnum((unsigned char)*text) && *text != '_')
            return false;
    }
    return true;
}

static const char *value_of(int argc, char **argv, int *n) {
    if (*n + 1 >= argc)
        die("argument to '%s' is missing (--help tells more)", argv[*n]);
    return argv[++*n];
}

/* An option of clang's that is understood before "--". */
static bool clang_option(struct options *options, int argc, char **argv, int *n) {
    static const char *const separate[] = {"-I", "-D", "-U", "-isystem", "-include"};
    const char *option = argv[*n];
    for (size_t k = 0; k < sizeof separate / sizeof *separate; k++) {
        if (!strcmp(option, separate[k])) {
            args_add_list(&options->clang, option, value_of(argc, argv, n), NULL);
            return true;
        }
    }
    if (!starts_with(option, "-I") && !starts_with(option, "-D") && !starts_with(option, "-U") &&
        !starts_with(option, "-std="))
        return false;
    args_add(&options->clang, option);
    return true;
}

static char *identifier_from(const char *path) {
    char *name = format("%s", base_name(path));
    char *end = strrchr(name, '.');
    if (end && end != name)
        *end = 0;
    for (char *p = name; *p; p++) {
        if (!isalnum((unsigned char)*p))
            *p = '_';
    }
    return isdigit((unsigned char)*name) ? format("_%s", name) : name;
}

void options_read(struct options *options, int argc, char **argv) {
    options->suffix = "_in";
    for (int n = 1; n < argc; n++) {
        const char *option = argv[n];
        if (!strcmp(option, "--")) {
            for (n++; n < argc; n++)
                args_add(&options->clang, argv[n]);
        } else if (!strcmp(option, "--help")) {
            print_help();
        } else if (!strcmp(option, "--version")) {
            puts("bulkhead-bind " BULKHEAD_VERSION " (libclang " BULKHEAD_LLVM_VERSION ")");
            exit(0);
        } else if (!strcmp(option, "-o")) {
            options->output = value_of(argc, argv, &n);
        } else if (!strcmp(option, "--name")) {
            options->name = value_of(argc, argv, &n);
        } else if (!strcmp(option, "--contracts")) {
            args_add(&options->contracts, value_of(argc, argv, &n));
        } else if (!strcmp(option, "--include")) {
            options->include = value_of(argc, argv, &n);
        } else if (!strcmp(option, "--also")) {
            args_add(&options->also, value_of(argc, argv, &n));
        } else if (!strcmp(option, "--suffix")) {
            options->suffix = value_of(argc, argv, &n);
        } else if (!strcmp(option, "--partial")) {
            options->partial = true;
        } else if (!strcmp(option, "--quiet")) {
            options->quiet = true;
        } else if (!clang_option(options, argc, argv, &n)) {
            if (*option == '-')
                die("unknown option '%s' (--help tells more)", option);
            if (options->header)
                die("two headers, '%s' and '%s': include one in the other, and use --also", options->header, option);
            options->header = option;
        }
    }
    if (!options->header)
        die("no header (--help tells more)");
    if (!options->name)
        options->name = identifier_from(options->header);
    if (!is_identifier(options->name))
        die("--name '%s' is no identifier", options->name);
    if (!*options->suffix || !is_identifier(format("_%s", options->suffix)))
        die("--suffix '%s' cannot end an identifier", options->suffix);
    if (!options->output)
        options->output = format("%s_bind", options->name);
    if (!options->include)
        options->include = format("\"%s\"", base_name(options->header));
    size_t size = strlen(options->include);
    if (size < 3 || !((options->include[0] == '"' && options->include[size - 1] == '"') ||
                      (options->include[0] == '<' && options->include[size - 1] == '>')))
        die("--include needs \"header.h\" or <header.h>, with its quotes");
}
