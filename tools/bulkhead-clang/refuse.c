/* The options that cannot work in a module, and what to do instead. One table: a new refusal is a new line. */
#include "command.h"

#include <string.h>

struct refusal {
    const char *option; /* a trailing '*' matches any rest */
    const char *why;
};

#define NO_SHARED                                                                                                      \
    "a module is one static-PIE image; link everything into it (libraries as archives: autoconf by --disable-shared, " \
    "Meson by "                                                                                                        \
    "library() for shared_library()), or use --library for a module without main"

static const struct refusal refusals[] = {
    {"-shared", NO_SHARED},
    {"--shared", NO_SHARED},
    {"-Bdynamic", "modules have no dynamic linker; use static archives"},
    {"-dynamiclib", "a module is one static-PIE image; use --library for a module without main"},
    {"-pg", "the profiler's run-time is not available in modules; profile the host process, for example with perf"},
    {"-p", "the profiler's run-time is not available in modules; profile the host process, for example with perf"},
    {"--profile",
     "the profiler's run-time is not available in modules; profile the host process, for example with perf"},
    {"-flto*", "link-time optimisation would compile after the front has finished; drop it (-fno-lto)"},
    {"-ffat-lto-objects", "link-time optimisation is not available; drop it"},
    {"-fthinlto-index=*", "link-time optimisation would compile without the plugin; drop it"},
    {"-fembed-bitcode*",
     "clang would compile the embedded bitcode again, without the plugin; drop it, or keep -emit-llvm's output"},
    {"-fsplit-stack",
     "its prologues use a register that the instrumentation needs; drop it, stacks are contained anyway"},
    {"-fno-integrated-as", "another assembler would bypass the instrumentation; drop it"},
    {"-no-integrated-as", "another assembler would bypass the instrumentation; drop it"},
    {"-fno-use-init-array", "constructors in .ctors would never run; drop it"},
    {"-femulated-tls", "its run-time is not available in modules; drop it, thread-local variables work without"},
    {"-cc1*", "it calls the inside of clang, which gets the plugin only from the outside; use the driver's options"},
    {"--config*",
     "a configuration file would pass the front unseen; give its options here, or in a response file by @FILE"},
    {"-Xarch_*", "there is one processor to compile for; give the option itself"},
    {"-fsycl*", "modules run on the processor only; drop it"},
    {"--hipstdpar*", "modules run on the processor only; drop it"},
    {"-mspeculative-load-hardening", "it cannot protect code whose returns and calls are masked; drop it, "
                                     "docs/threat-model.md says what holds under speculation"},
    {"-mretpoline*", "it cannot protect code whose returns and calls are masked; drop it, "
                     "docs/threat-model.md says what holds under speculation"},
    {"-mlvi-*", "it cannot protect code whose returns and calls are masked; drop it, "
                "docs/threat-model.md says what holds under speculation"},
    {"-mseses", "it cannot protect code whose returns and calls are masked; drop it, "
                "docs/threat-model.md says what holds under speculation"},
    {"-mfunction-return=thunk*", "it cannot protect code whose returns and calls are masked; drop it, "
                                 "docs/threat-model.md says what holds under speculation"},
    {"-mstack-protector-guard-reg=gs", "%gs belongs to the sandbox; drop it, %fs holds the canary"},
    {"-fno-pic", "modules are position independent; drop it"},
    {"-fno-PIC", "modules are position independent; drop it"},
    {"-fno-pie", "modules are position independent; drop it"},
    {"-fno-PIE", "modules are position independent; drop it"},
    {"-no-pie", "modules are position independent; drop it"},
    {"-nopie", "modules are position independent; drop it"},
    {"-mcmodel=large", "a module fits into 4 GiB and uses the small code model; drop it"},
    {"-mcmodel=medium", "a module fits into 4 GiB and uses the small code model; drop it"},
    {"-mcmodel=kernel", "a module uses the small code model; drop it"},
    {"-m32", "modules are 64-bit code"},
    {"-m16", "modules are 64-bit code"},
    {"-mx32", "modules have 64-bit pointers"},
    {"-mbranches-within-32B-boundaries",
     "bundles already keep instructions from crossing 32 bytes, and calls end there; drop it"},
    {"-fxray-instrument", "its run-time is not available in modules; drop it"},
    {"-fprofile-instr-generate*",
     "the profiling run-time is not available in modules; collect the profile from a native build"},
    {"-fprofile-generate*",
     "the profiling run-time is not available in modules; collect the profile from a native build"},
    {"-fcs-profile-generate*",
     "the profiling run-time is not available in modules; collect the profile from a native build"},
    {"-fcreate-profile", "the profiling run-time is not available in modules; collect the profile from a native build"},
    {"-fmemory-profile", "the profiling run-time is not available in modules; collect the profile from a native build"},
    {"-fmemory-profile=*",
     "the profiling run-time is not available in modules; collect the profile from a native build"},
    {"-fprofile-arcs", "the coverage run-time is not available in modules; collect coverage from a native build"},
    {"-ftest-coverage", "the coverage run-time is not available in modules; collect coverage from a native build"},
    {"--coverage", "the coverage run-time is not available in modules; collect coverage from a native build"},
    {"-fexperimental-sanitize-metadata*", "the run-times of sanitizers are not available in modules; drop it"},
    {"-fopenmp*", "the OpenMP run-time is not available in modules; drop it, the pragmas are then ignored"},
};

/* The linker's own options, which it takes with one hyphen or two. */
static const struct refusal linker_refusals[] = {
    {"-shared", NO_SHARED},
    {"-Bshareable", NO_SHARED},
    {"-lto*", "link-time optimisation would compile without the plugin; drop it"},
    {"-thinlto*", "link-time optimisation would compile without the plugin; drop it"},
    {"-plugin-opt*", "link-time optimisation would compile without the plugin; drop it"},
};

/* Options of the assembler that clang accepts for C and then ignores. For assembly language bulkhead-as knows them all.
 */
static const struct refusal assembler_refusals[] = {
    {"-mrelax-relocations=yes", "the linker would rewrite what is laid out in bundles; drop it"},
    {"-mcpu=*", "it is no option of x86; drop it"},
    {"-mfpu=*", "it is no option of x86; drop it"},
    {"-mhwdiv=*", "it is no option of x86; drop it"},
};

/* Options that end in the same letters as a refused pattern but are harmless. */
static const char *const harmless[] = {"-fopenmp-simd", "-fembed-bitcode=off", "-fembed-bitcode=marker",
                                       "-fembed-bitcode-marker"};

static bool matches(const char *pattern, const char *option) {
    size_t n = strlen(pattern);
    return pattern[n - 1] == '*' ? strncmp(option, pattern, n - 1) == 0 : strcmp(option, pattern) == 0;
}

void refuse_option(const char *option) {
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (strcmp(option, harmless[i]) == 0)
            return;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (matches(refusals[i].option, option))
            die("%s cannot work in a module: %s", option, refusals[i].why);
}

/* Options of one table among OPTIONS: one, or some between commas. DASHES: two hyphens are as good as one. */
static void refuse_among(const struct refusal *table, size_t count, const char *options, bool commas, bool dashes) {
    do {
        size_t n = commas ? strcspn(options, ",") : strlen(options);
        char *option = format("%.*s", (int)n, options);
        for (size_t i = 0; i < count; i++)
            if (matches(table[i].option, dashes && starts_with(option, "--") ? option + 1 : option))
                die("%s cannot work in a module: %s", option, table[i].why);
        options += n;
    } while (*options++ == ',');
}

void refuse_linker_options(const char *options, bool commas) {
    refuse_among(linker_refusals, sizeof linker_refusals / sizeof *linker_refusals, options, commas, true);
}

void refuse_assembler_options(const char *options, bool commas) {
    refuse_among(assembler_refusals, sizeof assembler_refusals / sizeof *assembler_refusals, options, commas, false);
}
