/* bulkhead-clang: clang with the plugin, the guest C library and the right linker options.
 *
 * A thin front. It reads a clang command line only as far as it must (command.c), refuses what cannot work in a module
 * (refuse.c), and hands the rest to clang with a few options around it. Files in assembly language go through
 * bulkhead-as, because clang's own assembler loads no plugins; when they are part of a link, clang gets their objects
 * in their place. Nothing here is trusted: whatever bypasses the instrumentation is refused by the verifier.
 */
#include "command.h"
#include "help.h"
#include "linker.h"
#include "process.h"
#include "tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLANG "clang-" BULKHEAD_LLVM_VERSION
#define TARGET "--target=x86_64-linux-musl"

/* Where our parts are: beside the executable in a build directory, or below its prefix when installed. */
static struct {
    char *plugin, *assembler, *linker, *interpreter, *sysroot;
} paths;

static void find_paths(const struct command *c) {
    const char *self = own_directory();
    const char *sysroot = c->native ? "native-sysroot" : c->only ? format("only-%s-sysroot", c->only) : "sysroot";
    paths.plugin = find_library("BulkheadPass.so");
    paths.assembler = format("%s/bulkhead-as", self);
    paths.linker = format("%s/bulkhead-ld", self);
    paths.interpreter = find_library("bulkhead-interpreter");
    paths.sysroot = find_sysroot(sysroot);
}

static void need(const char *path, const char *cure) {
    if (access(path, F_OK) != 0)
        die("%s is missing: %s", path, cure);
}

/* The part of every clang command that comes before the user's arguments, so that those may override it. */
static void add_front(struct args *out, const struct command *c, bool compiles) {
    /* What a configuration file says would pass the front unseen. */
    args_add_list(out, CLANG, "--no-default-config", TARGET, format("--sysroot=%s", paths.sysroot), NULL);
    if (c->cxx)
        args_add(out, "--driver-mode=g++");
    args_add(out, "--start-no-unused-arguments");
    if (c->pthread)
        args_add(out, "-pthread");
    if (!c->native && compiles) {
        need(paths.plugin, "build the project first");
        args_add_list(out, format("-fpass-plugin=%s", paths.plugin), "-D__bulkhead__=1", NULL);
        /* By -Xclang, because -mllvm would also reach steps that load no plugin, such as clang's own assembler. */
        for (size_t i = 0; i < c->passes.count; i++)
            args_add_list(out, "-Xclang", "-mllvm", "-Xclang", c->passes.items[i], NULL);
    }
    if (!c->pthread)
        args_add(out, "-fno-threadsafe-statics");
    args_add_list(out, "-ftls-model=local-exec", "--rtlib=compiler-rt", "--unwindlib=none", "-nostdinc++", NULL);
    /* Until the C++ library is built, headers in its place that say so. */
    if (!c->no_cxx_headers)
        args_add_list(
            out, "-cxx-isystem",
            first_existing(format("%s/include/c++/v1", paths.sysroot), format("%s/include/c++", paths.sysroot)), NULL);
    args_add(out, "--end-no-unused-arguments");
}

/* And what comes after them, because it is not theirs to override. */
static void add_back(struct args *out, const struct command *c) {
    args_add_list(out, "--start-no-unused-arguments", "-fPIE", NULL);
    if (c->avx512_off && !c->native)
        args_add(out, "-mno-avx512f");
    args_add(out, "--end-no-unused-arguments");
}

static void add_linker_option(struct args *out, const char *option) { args_add_list(out, "-Xlinker", option, NULL); }

/* Modules built for threads have a C library and start files of their own: in all of their code r14 is the thread
 * pointer. */
static char *library_directory(const struct command *c) {
    return format("%s/lib%s", paths.sysroot, c->pthread && !c->native ? "/threads" : "");
}

/* The linker compiles LLVM bitcode when it meets it, in an object or an archive, and without the plugin. Then, and only
 * then, it opens its profile, and complains about a name like this one. */
static const char no_bitcode[] =
    "--lto-sample-profile=/dev/null/LLVM bitcode cannot be linked into a module because the linker "
    "would not instrument it. Compile it by bulkhead-clang -c first. (The linker says:)";

static void add_any_link_front(struct args *out, const struct command *c) {
    args_add(out, "-nostdlib");
    if (c->native) {
        args_add(out, "-fuse-ld=lld-" BULKHEAD_LLVM_VERSION);
        return;
    }
    need(paths.linker, "build the project first");
    args_add(out, format("--ld-path=%s", paths.linker));
    add_linker_option(out, no_bitcode);
}

/* What bulkhead-ld cannot see. */
static void add_linker_facts(struct args *out, const struct command *c) {
    add_linker_option(out, format(LINK_LIBRARIES "%s/lib", paths.sysroot));
    if (c->pthread)
        add_linker_option(out, LINK_PTHREAD);
    if (c->library)
        add_linker_option(out, LINK_LIBRARY);
    if (c->stores_only)
        add_linker_option(out, LINK_STORES);
    if (c->foreign)
        add_linker_option(out, LINK_FOREIGN);
}

static void add_link_front(struct args *out, const struct command *c) {
    const char *lib = library_directory(c);
    need(lib, c->native ? "build it by tools/build-sysroot --native"
              : c->only ? "build the target bench-ingredients"
                        : "build the project first");
    args_add(out, "-static-pie");
    add_any_link_front(out, c);
    /* One executable segment with nothing else on its pages, and no linker relaxation, which would rewrite instructions
     * after their bundles were laid out. The native twin is laid out the same way. */
    static const char *const options[] = {"-z", "separate-code",      "-z",        "noexecstack", "-z", "relro",
                                          "-z", "max-page-size=4096", "--no-relax"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        add_linker_option(out, options[i]);
    /* What says that a module is one where it is started as a program. */
    bool module = !c->native && !c->only;
    if (module)
        need(paths.interpreter, "build the project first");
    add_linker_option(out, module ? format("--dynamic-linker=%s", paths.interpreter) : "--no-dynamic-linker");
    if (!c->native)
        args_add(out, "-fno-sanitize-link-runtime");
    if (!c->native)
        add_linker_facts(out, c);
    if (c->library)
        add_linker_option(out, "--export-dynamic");
    if (!c->no_start_files) {
        add_linker_option(out, format("%s/%s", lib, c->library ? "crt1-library.o" : c->native ? "rcrt1.o" : "crt1.o"));
        add_linker_option(out, format("%s/crtbegin.o", lib));
    }
}

/* Ours comes first, because it has an exit in place of libc.a's. */
static void add_cxx_libraries(struct args *out, const struct command *c, const char *lib) {
    static const char *const libraries[] = {"libbulkhead-c++.a", "libc++.a", "libc++experimental.a", "libc++abi.a"};
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        const char *library = format("%s/%s", lib, libraries[i]);
        need(library, c->only ? "one ingredient of isolation is measured in C"
                              : format("the C++ library has not been built; build it by tools/build %scxx",
                                       c->native ? "native-" : ""));
        add_linker_option(out, library);
    }
}

static void add_link_back(struct args *out, const struct command *c) {
    const char *lib = library_directory(c);
    if (c->cxx_library || (c->cxx && !c->no_libraries && !c->no_cxx_library))
        add_cxx_libraries(out, c, lib);
    if (!c->no_libraries) {
        /* C that was compiled with -fexceptions may need it, too. */
        if (access(format("%s/libunwind.a", lib), F_OK) == 0)
            add_linker_option(out, format("%s/libunwind.a", lib));
        if (!c->no_libc)
            add_linker_option(out, format("%s/libc.a", lib));
        add_linker_option(out, format("%s/libclang_rt.builtins.a", lib));
    }
    if (!c->native)
        add_linker_option(
            out, format("%s/note-%s%s.o", lib, c->stores_only ? "stores" : "full", c->library ? "-library" : ""));
    /* Exported functions have to start bundles, which addressing alone does not have. A program needs no exports. */
    if (c->only && !c->native && !c->library)
        add_linker_option(out, "--no-export-dynamic");
    if (c->uses_dl && !c->native)
        fprintf(stderr,
                "%s: note: -ldl: dlopen links, but a module cannot load code: it always fails at run time; link what "
                "you need into the module\n",
                program_name);
}

/* What bulkhead-as should know of the user's options. Preprocessing is clang's part and done before. */
static void add_assembler_options(struct args *out, const struct command *c) {
    for (size_t i = 0; i < c->passes.count; i++)
        args_add_list(out, "-mllvm", c->passes.items[i], NULL);
    for (size_t i = 0; i < c->args.count; i++) {
        const char *arg = c->args.items[i];
        if (strcmp(arg, "-I") == 0 || strcmp(arg, "-Xassembler") == 0)
            args_add_list(out, arg, c->args.items[i + 1], NULL);
        else if (starts_with(arg, "-I") || starts_with(arg, "-march=") || starts_with(arg, "-masm=") ||
                 starts_with(arg, "-Wa,") || starts_with(arg, "-gz") || starts_with(arg, "-gdwarf-") ||
                 starts_with(arg, "-fdebug-prefix-map=") || starts_with(arg, "-ffile-prefix-map="))
            args_add(out, arg);
        else if (starts_with(arg, "-g") && strcmp(arg, "-g0") != 0 && !starts_with(arg, "-gcc"))
            args_add(out, "-g");
        if (option_takes_value(arg))
            i++;
    }
}

static bool is_dependency_option(const char *arg) { return starts_with(arg, "-M"); }

static char *object_name(const char *source) {
    const char *base = base_name(source), *dot = strrchr(base, '.');
    return format("%.*s.o", (int)(dot && dot != base ? dot - base : (long)strlen(base)), base);
}

/* Preprocesses an assembly file by clang, with the user's options and the dependency file they ask for. */
static int preprocess(const struct command *c, const char *source, const char *object, const char *result) {
    struct args clang = {0};
    add_front(&clang, c, false);
    if (!c->native)
        args_add(&clang, "-D__bulkhead__=1");
    bool dependencies = false, named = false, targeted = false;
    size_t next = 0;
    for (size_t i = 0; i < c->args.count; i++) {
        const char *arg = c->args.items[i];
        if (next < c->assembly_count && c->assembly[next].index == i) {
            next++;
            continue;
        }
        /* Other inputs, libraries and what steers the later steps stay out. */
        bool value = option_takes_value(arg);
        bool keep = arg[0] == '-' && arg[1] && arg[1] != 'o' && arg[1] != 'l' && arg[1] != 'L' &&
                    strcmp(arg, "-c") != 0 && !starts_with(arg, "-x") && !starts_with(arg, "-Wl,") &&
                    strcmp(arg, "-Xlinker") != 0 && !starts_with(arg, "-Wa,") && strcmp(arg, "-Xassembler") != 0 &&
                    !starts_with(arg, "-save-temps") && !starts_with(arg, "--save-temps");
        if (keep) {
            dependencies |= strcmp(arg, "-MD") == 0 || strcmp(arg, "-MMD") == 0;
            named |= starts_with(arg, "-MF");
            targeted |= is_dependency_option(arg) && (arg[2] == 'T' || arg[2] == 'Q');
            args_add(&clang, arg);
        }
        if (value) {
            i++;
            if (keep)
                args_add(&clang, c->args.items[i]);
        }
    }
    /* In a link the object is a temporary file; dependencies are named as if it were not. */
    if (c->phase == PHASE_LINK)
        object = object_name(source);
    if (dependencies && !named) {
        const char *dot = strrchr(base_name(object), '.');
        args_add_list(&clang, "-MF", format("%.*s.d", (int)(dot ? dot - object : (long)strlen(object)), object), NULL);
    }
    if (dependencies && !targeted)
        args_add_list(&clang, "-MQ", object, NULL);
    args_add_list(&clang, "-Wno-unused-command-line-argument", "-E", "-x", "assembler-with-cpp", source, "-o", result,
                  NULL);
    if (c->show_only) {
        process_print(&clang);
        return 0;
    }
    return process_run(&clang);
}

/* Assembles one file into `object`. */
static int assemble(const struct command *c, const struct assembly *assembly, const char *object) {
    const char *source = c->args.items[assembly->index], *text = source;
    need(paths.assembler, "build the project first");
    if (assembly->preprocess) {
        text = temporary_file(format("%s.s", base_name(source)));
        int status = preprocess(c, source, object, text);
        if (status)
            return status;
    }
    struct args as = {0};
    args_add(&as, paths.assembler);
    add_assembler_options(&as, c);
    args_add_list(&as, "-o", object, "-x", "assembler", text, NULL);
    if (c->verbose || c->show_only)
        process_print(&as);
    return c->show_only ? 0 : process_run(&as);
}

/* Assembles what must be, and puts the objects into the command in place of the sources; or takes the sources out of it
 * when the objects are all that is wanted. A -x is put where it is needed: before the next file that is left, if it
 * still holds. */
static int assemble_all(struct command *c) {
    if (c->phase == PHASE_OBJECT && c->output && c->inputs > 1)
        die("cannot specify -o when generating multiple output files");
    struct args rest = {0};
    size_t next = 0;
    const char *language = "none", *said = language;
    for (size_t i = 0; i < c->args.count; i++) {
        const char *arg = c->args.items[i];
        if (strcmp(arg, "-x") == 0) {
            language = c->args.items[++i];
            continue;
        }
        bool file = arg[0] != '-' || !arg[1];
        bool assembles = next < c->assembly_count && c->assembly[next].index == i;
        if (assembles && c->phase == PHASE_OBJECT) {
            int status = assemble(c, &c->assembly[next++], c->output ? c->output : object_name(arg));
            if (status)
                return status;
            continue;
        }
        const char *wanted = assembles ? "none" : language;
        if (file && strcmp(wanted, said) != 0)
            args_add_list(&rest, "-x", said = wanted, NULL);
        if (assembles) {
            char *object = temporary_file(object_name(arg));
            /* With -###, clang still wants to see its inputs. */
            if (c->show_only)
                fclose(fopen(object, "we"));
            int status = assemble(c, &c->assembly[next++], object);
            if (status)
                return status;
            args_add(&rest, object);
            continue;
        }
        /* They have served; clang need not miss a file to use them for. */
        bool served = starts_with(arg, "-Wa,") || strcmp(arg, "-Xassembler") == 0 || starts_with(arg, "-masm=");
        if (served)
            args_add(&rest, "--start-no-unused-arguments");
        args_add(&rest, arg);
        if (option_takes_value(arg))
            args_add(&rest, c->args.items[++i]);
        if (served)
            args_add(&rest, "--end-no-unused-arguments");
    }
    c->args = rest;
    if (c->phase == PHASE_OBJECT)
        c->inputs -= c->assembly_count;
    return 0;
}

static int query(const struct command *c) {
    for (size_t i = 0; i < c->args.count; i++) {
        const char *arg = c->args.items[i];
        if (strcmp(arg, "-print-libgcc-file-name") == 0 || strcmp(arg, "--print-libgcc-file-name") == 0) {
            printf("%s/libclang_rt.builtins.a\n", library_directory(c));
            return 0;
        }
        const char *prog = strstr(arg, "print-prog-name=");
        const char *tool = prog && starts_with(arg, "-") ? find_tool(prog + strlen("print-prog-name=")) : NULL;
        if (tool) {
            puts(tool);
            return 0;
        }
        const char *file = strstr(arg, "print-file-name=");
        if (file && starts_with(arg, "-")) {
            const char *name = file + strlen("print-file-name=");
            char *path =
                first_existing(format("%s/%s", library_directory(c), name), format("%s/lib/%s", paths.sysroot, name));
            if (access(path, F_OK) == 0) {
                puts(path);
                return 0;
            }
        }
    }
    struct args clang = {0};
    add_front(&clang, c, false);
    args_add_all(&clang, &c->args);
    int status = process_run(&clang);
    for (size_t i = 0; i < c->args.count; i++)
        if (strcmp(c->args.items[i], "--version") == 0)
            puts("Bulkhead " BULKHEAD_VERSION);
    return status;
}

int main(int argc, char **argv) {
    struct command command = {0};
    struct args args = {0};
    if (argc > 0 && ends_with(argv[0], "++")) {
        command.cxx = true;
        program_name = "bulkhead-clang++";
    }
    args_expand(&args, argv + 1, argc > 0 ? (size_t)argc - 1 : 0);
    if (argc > 0 && ends_with(argv[0], "-ld"))
        return linker_main(&args);
    if (argc > 0)
        run_tool(argv[0], &args);
    for (size_t i = 0; i < args.count; i++) {
        if (strcmp(args.items[i], "--help") == 0) {
            print_help();
            return 0;
        }
        if (option_takes_value(args.items[i]))
            i++;
    }
    if (getenv("CCC_OVERRIDE_OPTIONS"))
        die("CCC_OVERRIDE_OPTIONS is set, with which clang would change its options unseen by this program; unset it");
    command_parse(&command, &args);
    if (!command.native)
        check_sanitizers(&command, CLANG, TARGET);
    find_paths(&command);

    if (command.phase == PHASE_QUERY)
        return query(&command);
    if (!command.inputs && !(command.phase == PHASE_LINK && command.link_inputs) && !command.verbose &&
        !command.show_only)
        die("no input files");

    bool had_assembly = command.assembly_count > 0 && command.phase > PHASE_PREPROCESS;
    if (had_assembly) {
        int status = assemble_all(&command);
        if (status || (command.phase == PHASE_OBJECT && !command.inputs))
            return status;
    }
    struct args clang = {0};
    bool links = command.phase == PHASE_LINK && !command.relocatable && !command.archive && command.link_inputs;
    add_front(&clang, &command, true);
    if (links)
        add_link_front(&clang, &command);
    else if (command.relocatable && command.phase == PHASE_LINK)
        add_any_link_front(&clang, &command);
    args_add_all(&clang, &command.args);
    add_back(&clang, &command);
    if (links)
        add_link_back(&clang, &command);
    process_exec(&clang);
}
