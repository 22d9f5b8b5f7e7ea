/* What a clang command line asks for, as far as the front must know: how far it goes, its inputs, and the options of
 * ours.
 */
#ifndef BULKHEAD_CLANG_COMMAND_H
#define BULKHEAD_CLANG_COMMAND_H

#include "args.h"

/* How far the command goes. */
enum phase {
    PHASE_QUERY,      /* only prints something: --version, -print-..., -dumpmachine */
    PHASE_PREPROCESS, /* -E, -M, -MM, -fsyntax-only, --analyze, --precompile, -S: no object file appears */
    PHASE_OBJECT,     /* -c */
    PHASE_LINK,
};

/* An input that bulkhead-as must assemble. */
struct assembly {
    size_t index; /* in command.args */
    bool preprocess;
};

struct command {
    struct args
        args; /* the user's, with response files expanded and the front's own options and what it decides taken out */
    enum phase phase;
    bool cxx;         /* called as bulkhead-clang++, so that it links like it */
    bool library;     /* --library */
    bool native;      /* --native */
    bool foreign;     /* --foreign-objects */
    bool stores_only; /* -mllvm -bulkhead-isolate=stores */
    const char *only; /* -mllvm -bulkhead-only=: the ingredient; NULL: all of them. For bench/, which measures them */
    bool relocatable; /* -r */
    bool archive;     /* --emit-static-lib */
    bool no_start_files; /* -nostartfiles or -nostdlib */
    bool no_libraries;   /* -nodefaultlibs or -nostdlib */
    bool no_libc;        /* -nolibc */
    bool cxx_library;    /* -lc++ and the like */
    bool no_cxx_library; /* -nostdlib++ */
    bool no_cxx_headers; /* -nostdinc++ and what includes it */
    bool show_only;      /* -###, -ccc-print-phases, ... */
    bool verbose;        /* -v */
    bool uses_dl;        /* -ldl */
    bool pthread;        /* -pthread */
    bool avx512_off;     /* -march=native: the best of this machine that modules may use */
    size_t inputs;       /* files */
    size_t link_inputs;  /* what makes clang link: files but headers, -l, -Wl, and -Xlinker */
    const char *output;  /* -o */
    struct args passes;  /* -mllvm -bulkhead-...: options of the plugin, without the -mllvm */
    struct assembly *assembly;
    size_t assembly_count;
};

/* Reads the user's arguments. Refuses, with what to do instead, whatever cannot work in a module: see refuse.c. */
void command_parse(struct command *command, const struct args *argv);

/* True if clang takes the next argument as the value of this one. */
bool option_takes_value(const char *option);

/* Ends the process with an explanation if the option can never work in a module. */
void refuse_option(const char *option);
/* The same for what goes to the linker: one option, or what -Wl, has: some between commas. */
void refuse_linker_options(const char *options, bool commas);
/* The same for what goes to the assembler, by -Wa, or -Xassembler. */
void refuse_assembler_options(const char *options, bool commas);

/* The same for sanitizers that would call their run-time. `clang` and `target` are the compiler and its option. */
void check_sanitizers(const struct command *command, const char *clang, const char *target);

#endif
