#include "command.h"

#include <stdlib.h>
#include <string.h>

/* Options whose value may be the next argument. Most also take it joined, and then this list is not asked. */
static const char *const with_value[] = {"-o",
                                         "-x",
                                         "-I",
                                         "-D",
                                         "-U",
                                         "-L",
                                         "-l",
                                         "-u",
                                         "-T",
                                         "-z",
                                         "-e",
                                         "-B",
                                         "-F",
                                         "-G",
                                         "-b",
                                         "-V",
                                         "-A",
                                         "-J",
                                         "-include",
                                         "-imacros",
                                         "-isystem",
                                         "-iquote",
                                         "-idirafter",
                                         "-iprefix",
                                         "-iwithprefix",
                                         "-iwithprefixbefore",
                                         "-isysroot",
                                         "-cxx-isystem",
                                         "-isystem-after",
                                         "-internal-isystem",
                                         "-include-pch",
                                         "-ivfsoverlay",
                                         "-iframework",
                                         "-MF",
                                         "-MT",
                                         "-MQ",
                                         "-MJ",
                                         "-Xlinker",
                                         "-Xassembler",
                                         "-Xpreprocessor",
                                         "-Xclang",
                                         "-Xanalyzer",
                                         "-mllvm",
                                         "-mmlir",
                                         "-target",
                                         "--target",
                                         "-arch",
                                         "-rpath",
                                         "--param",
                                         "-aux-info",
                                         "-dumpbase",
                                         "-dumpdir",
                                         "-dumpbase-ext",
                                         "-working-directory",
                                         "--sysroot",
                                         "-resource-dir",
                                         "--config",
                                         "-serialize-diagnostics",
                                         "--serialize-diagnostics",
                                         "-Tbss",
                                         "-Tdata",
                                         "-Ttext",
                                         "-Xopenmp-target",
                                         "-Xarch_host",
                                         "-Xarch_device",
                                         "-framework",
                                         "-gcc-toolchain",
                                         "--gcc-toolchain",
                                         "-load",
                                         "-plugin",
                                         "-fmodule-file-home",
                                         "-main-file-name",
                                         "--output",
                                         "--include-directory",
                                         "--define-macro",
                                         "--undefine-macro",
                                         "--library-directory",
                                         "--language",
                                         "--for-linker",
                                         "--assembler",
                                         "-wrapper"};

bool option_takes_value(const char *option) {
    for (size_t i = 0; i < sizeof with_value / sizeof *with_value; i++)
        if (strcmp(option, with_value[i]) == 0)
            return true;
    return false;
}

/* Options that only ask the driver something. */
static bool is_query(const char *option) {
    static const char *const queries[] = {"--version",     "-dumpmachine",   "-dumpversion",
                                          "--help-hidden", "--autocomplete", "-help"};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        if (strcmp(option, queries[i]) == 0)
            return true;
    return starts_with(option, "-print-") || starts_with(option, "--print-") || starts_with(option, "--autocomplete=");
}

/* The options that clang's Driver::getFinalPhase knows, but -c. */
static bool stops_before_objects(const char *option) {
    static const char *const options[] = {"-E",
                                          "-M",
                                          "-MM",
                                          "-S",
                                          "-fsyntax-only",
                                          "--analyze",
                                          "-emit-ast",
                                          "-emit-cir",
                                          "--preprocess",
                                          "--dependencies",
                                          "--user-dependencies",
                                          "--assemble",
                                          "--precompile",
                                          "-fmodule-header",
                                          "-extract-api",
                                          "-module-file-info",
                                          "-verify-pch",
                                          "-rewrite-objc",
                                          "-rewrite-legacy-objc"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (strcmp(option, options[i]) == 0)
            return true;
    return starts_with(option, "-fmodule-header=");
}

static bool is_one_of(const char *option, const char *const *options) {
    for (; *options; options++)
        if (strcmp(option, *options) == 0)
            return true;
    return false;
}

static bool ends_with_one_of(const char *path, const char *const *suffixes) {
    for (; *suffixes; suffixes++)
        if (ends_with(path, *suffixes))
            return true;
    return false;
}

static const char *const cxx_headers[] = {".hpp", ".hh", ".hp", ".hxx", ".h++", ".H", NULL};

/* What clang makes a precompiled header of, unless it is told to make something else. */
static bool is_header(const char *path, const char *language) {
    return language ? ends_with(language, "-header") : ends_with(path, ".h") || ends_with_one_of(path, cxx_headers);
}

/* What clang hands to another compiler than its own, or compiles for another processor, too. */
static void check_language(const char *path, const char *language) {
    static const char *const fortran[] = {".f",   ".for", ".fpp", ".F",   ".FOR", ".FPP", ".f90", ".f95",
                                          ".f03", ".f08", ".F90", ".F95", ".F03", ".F08", NULL};
    static const char *const offload[] = {".cu", ".cui", ".cuh", ".hip", ".hipi", NULL};
    if (language ? strcmp(language, "f77") == 0 || starts_with(language, "f95") : ends_with_one_of(path, fortran))
        die("%s: Fortran cannot be compiled: clang has another compiler do it, which loads no plugins", path);
    if (language ? starts_with(language, "cuda") || starts_with(language, "hip") : ends_with_one_of(path, offload))
        die("%s: modules have no GPU: write it in C or C++", path);
}

/* The target is always ours. Naming it is harmless, as autoconf and CMake do; another one cannot work. */
static void check_target(const char *target) {
    if (!starts_with(target, "x86_64-") || !strstr(target, "linux"))
        die("target '%s' cannot work: modules are x86_64-linux-musl code; drop the option", target);
}

struct parser {
    struct command *command;
    const char *language; /* by -x; NULL while the file name decides */
    bool seen_dashdash;
};

static void add_input(struct parser *p, const char *path) {
    struct command *c = p->command;
    const char *language = p->language;
    bool assembler = false, preprocess = false;
    if (!c->native)
        check_language(path, language);
    if (language) {
        assembler = starts_with(language, "assembler");
        preprocess = strcmp(language, "assembler-with-cpp") == 0;
    } else {
        preprocess = ends_with(path, ".S") || ends_with(path, ".sx");
        assembler = preprocess || ends_with(path, ".s") || ends_with(path, ".asm");
    }
    if (assembler && !c->native) {
        c->assembly = realloc(c->assembly, (c->assembly_count + 1) * sizeof *c->assembly);
        if (!c->assembly)
            die("out of memory");
        c->assembly[c->assembly_count++] = (struct assembly){c->args.count, preprocess};
    }
    c->inputs++;
    c->link_inputs += !is_header(path, language);
    /* After "--", which stays behind, a name may look like an option. */
    args_add(&c->args, path[0] == '-' && path[1] ? format("./%s", path) : path);
}

/* The value of option `name` at items[*i], joined ("-ofile", "--output=file") or separate, or NULL if it is another. */
static const char *value_of(const struct args *argv, size_t *i, const char *name) {
    const char *arg = argv->items[*i];
    size_t n = strlen(name);
    if (strncmp(arg, name, n) != 0)
        return NULL;
    if (arg[n])
        return starts_with(name, "--") ? (arg[n] == '=' ? arg + n + 1 : NULL) : arg + n;
    if (*i + 1 >= argv->count)
        die("argument to '%s' is missing", name);
    return argv->items[++*i];
}

/* Options that the front decides itself and clang must not see, or sees in another form. */
static bool parse_own(struct parser *p, const struct args *argv, size_t *i) {
    struct command *c = p->command;
    const char *arg = argv->items[*i], *value;
    if (strcmp(arg, "--library") == 0) {
        c->library = true;
        return true;
    }
    if (strcmp(arg, "--foreign-objects") == 0) {
        c->foreign = true;
        return true;
    }
    if (strcmp(arg, "--native") == 0)
        return true; /* seen before parsing began */
    if (strcmp(arg, "-pthread") == 0) {
        if (!c->pthread && !c->native)
            args_add(&c->passes, "-bulkhead-threads");
        c->pthread = true;
        return true;
    }
    /* Every module is a static PIE already, whose symbols nothing else can look for. */
    if (strcmp(arg, "-static") == 0 || strcmp(arg, "-static-pie") == 0 || strcmp(arg, "-pie") == 0 ||
        strcmp(arg, "--static") == 0 || strcmp(arg, "-static-libgcc") == 0 || strcmp(arg, "-static-libstdc++") == 0 ||
        strcmp(arg, "-rdynamic") == 0)
        return true;
    if (strcmp(arg, "-target") == 0 || strcmp(arg, "--target") == 0 || starts_with(arg, "--target=")) {
        check_target(value_of(argv, i, starts_with(arg, "--") ? "--target" : "-target"));
        return true;
    }
    if ((arg[1] == 'x' && (value = value_of(argv, i, "-x"))) ||
        ((strcmp(arg, "--language") == 0 || starts_with(arg, "--language=")) &&
         (value = value_of(argv, i, "--language")))) {
        p->language = strcmp(value, "none") == 0 ? NULL : value;
        args_add_list(&c->args, "-x", value, NULL);
        return true;
    }
    if (starts_with(arg, "--driver-mode=")) {
        value = arg + strlen("--driver-mode=");
        if (strcmp(value, "gcc") != 0 && strcmp(value, "g++") != 0)
            die("%s cannot work: call bulkhead-clang or bulkhead-clang++ with the options of clang", arg);
        c->cxx = strcmp(value, "g++") == 0;
        return true;
    }
    if ((strcmp(arg, "-mllvm") == 0 || starts_with(arg, "-mllvm=")) && (value = value_of(argv, i, "-mllvm"))) {
        value += *value == '=';
        if (starts_with(value, "-bulkhead-")) {
            if (strcmp(value, "-bulkhead-isolate=stores") == 0)
                c->stores_only = true;
            else if (strcmp(value, "-bulkhead-isolate=full") == 0)
                c->stores_only = false;
            else if (starts_with(value, "-bulkhead-only="))
                c->only = value + strlen("-bulkhead-only=");
            c->pthread |= strcmp(value, "-bulkhead-threads") == 0;
            args_add(&c->passes, value);
        } else {
            args_add_list(&c->args, "-mllvm", value, NULL);
        }
        return true;
    }
    /* clang must know of it, or it would ask the linker for an image as well. */
    bool to_linker = strcmp(arg, "-Xlinker") == 0 && *i + 1 < argv->count;
    value = to_linker ? argv->items[*i + 1] : starts_with(arg, "-Wl,") ? arg + 4 : "";
    if (strcmp(value, "-r") == 0 || strcmp(value, "--relocatable") == 0) {
        *i += to_linker;
        c->relocatable = true;
        args_add(&c->args, "-r");
        return true;
    }
    /* The builtins of compiler-rt and the unwinder are what these are for elsewhere, and always there. */
    if (is_one_of(arg, (const char *const[]){"-lgcc", "-lgcc_s", "-lgcc_eh", "-lunwind", NULL}))
        return true;
    if (is_one_of(arg, (const char *const[]){"-lc++", "-lc++abi", "-lc++experimental", "-lstdc++", "-lsupc++", NULL})) {
        c->cxx_library = true;
        c->link_inputs++;
        return true;
    }
    if (starts_with(arg, "-stdlib=")) {
        if (strcmp(arg, "-stdlib=libc++") != 0 && strcmp(arg, "-stdlib=platform") != 0)
            die("%s cannot work: the C++ library of modules is LLVM's; use -stdlib=libc++ or drop the option", arg);
        return true;
    }
    if (strcmp(arg, "-nostdlib++") == 0) {
        c->no_cxx_library = true;
        return true;
    }
    if (starts_with(arg, "-fuse-ld=")) {
        if (!strstr(arg, "lld"))
            die("%s cannot work: modules are linked by lld, which keeps the layout of bundles; drop the option", arg);
        return true;
    }
    if (starts_with(arg, "--ld-path="))
        die("%s cannot work: modules are linked by lld, which keeps the layout of bundles; drop the option", arg);
    return false;
}

/* Options that go on to clang but tell the front something. */
static void note_option(struct parser *p, const char *arg) {
    struct command *c = p->command;
    if (is_query(arg))
        c->phase = PHASE_QUERY;
    else if (stops_before_objects(arg) && c->phase > PHASE_PREPROCESS)
        c->phase = PHASE_PREPROCESS;
    else if ((strcmp(arg, "-c") == 0 || strcmp(arg, "--compile") == 0) && c->phase > PHASE_OBJECT)
        c->phase = PHASE_OBJECT;
    else if (strcmp(arg, "-r") == 0)
        c->relocatable = true;
    else if (strcmp(arg, "-nostdlib") == 0 || strcmp(arg, "--no-standard-libraries") == 0)
        c->no_start_files = c->no_libraries = true;
    else if (strcmp(arg, "-nostartfiles") == 0)
        c->no_start_files = true;
    else if (strcmp(arg, "-nodefaultlibs") == 0)
        c->no_libraries = true;
    else if (strcmp(arg, "-nolibc") == 0)
        c->no_libc = true;
    else if (is_one_of(arg, (const char *const[]){"-nostdinc++", "-nostdlibinc", "-nostdinc", "--no-standard-includes",
                                                  NULL}))
        c->no_cxx_headers = true;
    else if (strcmp(arg, "--emit-static-lib") == 0)
        c->archive = true;
    else if (strcmp(arg, "-###") == 0 || starts_with(arg, "-ccc-print-"))
        c->show_only = true;
    else if (strcmp(arg, "-v") == 0)
        c->verbose = true;
    else if (strcmp(arg, "-march=native") == 0)
        c->avx512_off = true;
}

static void parse_one(struct parser *p, const struct args *argv, size_t *i) {
    struct command *c = p->command;
    const char *arg = argv->items[*i];
    if (p->seen_dashdash || arg[0] != '-' || arg[1] == 0) {
        add_input(p, arg);
        return;
    }
    if (strcmp(arg, "--") == 0) {
        p->seen_dashdash = true;
        return;
    }
    if (parse_own(p, argv, i))
        return;
    if (!c->native)
        refuse_option(arg);
    note_option(p, arg);

    args_add(&c->args, arg);
    const char *value = NULL;
    if (option_takes_value(arg)) {
        if (*i + 1 >= argv->count)
            die("argument to '%s' is missing", arg);
        value = argv->items[++*i];
        args_add(&c->args, value);
    }
    if (arg[1] == 'o' && (value || (arg[2] && !starts_with(arg, "-objc"))))
        c->output = value ? value : arg + 2;
    else if (starts_with(arg, "--output="))
        c->output = arg + strlen("--output=");
    else if (strcmp(arg, "--output") == 0)
        c->output = value;
    else if (arg[1] == 'l') {
        c->link_inputs++;
        c->uses_dl |= strcmp(value ? value : arg + 2, "dl") == 0;
    } else if (strcmp(arg, "-Xlinker") == 0 || starts_with(arg, "-Wl,")) {
        /* To clang each of these is an input of the link: -Wl,--version alone asks the linker. */
        c->link_inputs++;
        if (!c->native)
            refuse_linker_options(value ? value : arg + strlen("-Wl,"), arg[1] == 'W');
    } else if (!c->native && (strcmp(arg, "-Xassembler") == 0 || starts_with(arg, "-Wa,"))) {
        refuse_assembler_options(value ? value : arg + strlen("-Wa,"), arg[1] == 'W');
    }
}

void command_parse(struct command *command, const struct args *argv) {
    struct parser p = {.command = command};
    command->phase = PHASE_LINK;
    for (size_t i = 0; i < argv->count; i++)
        command->native |= strcmp(argv->items[i], "--native") == 0;
    for (size_t i = 0; i < argv->count; i++)
        parse_one(&p, argv, &i);
}
