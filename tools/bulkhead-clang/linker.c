/* Links by lld, which tells by --trace which objects went in, and then asks these whether they go together:
 *
 * - Modules with threads have a C library of their own, in all code of which r14 is the thread pointer. Objects that
 *   need neither this nor the opposite go with both kinds. What the objects need decides; where they need both, one
 *   message says so.
 * - Objects that other compilers made would be refused by every verifier, so they are refused here, by name.
 *
 * Where the link fails, it adds what the linker cannot know: that there is no main, or that the host's libraries do not
 * count. */
#include "linker.h"

#include "image.h"
#include "objects.h"
#include "process.h"

#include <bulkhead/layout.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LLD "ld.lld-" BULKHEAD_LLVM_VERSION

struct link {
    struct args args;      /* for lld, without the name */
    const char *libraries; /* the sysroot's lib; NULL: only run the linker */
    const char *output;
    bool pthread, library, stores, foreign, relocatable, trace, help;
};

/* The first object of a kind, and how many there are. */
struct kind {
    const char *first;
    size_t count;
};

struct survey {
    bool own; /* the C library's files; the linker reads none when others are missing */
    struct kind foreign, stores, threads, no_threads, pthread, makes_threads, main, cxx, unwinder;
    unsigned refers_to, defines; /* which of run_times */
};

static void add(struct kind *kind, const char *name) {
    if (!kind->count++)
        kind->first = name;
}

/* " (and 3 more)" */
static const char *others(const struct kind *kind) {
    return kind->count > 1 ? format(" (and %zu more)", kind->count - 1) : "";
}

static void say(const char *what, const char *text) { fprintf(stderr, "%s: %s: %s\n", program_name, what, text); }

static void parse(struct link *link, const struct args *args) {
    for (size_t i = 0; i < args->count; i++) {
        const char *arg = args->items[i];
        bool last = i + 1 == args->count;
        if (starts_with(arg, LINK_LIBRARIES)) {
            link->libraries = arg + strlen(LINK_LIBRARIES);
            continue;
        }
        bool *flag = strcmp(arg, LINK_PTHREAD) == 0   ? &link->pthread
                     : strcmp(arg, LINK_LIBRARY) == 0 ? &link->library
                     : strcmp(arg, LINK_STORES) == 0  ? &link->stores
                     : strcmp(arg, LINK_FOREIGN) == 0 ? &link->foreign
                                                      : NULL;
        if (flag) {
            *flag = true;
            continue;
        }
        link->relocatable |= strcmp(arg, "-r") == 0 || strcmp(arg, "--relocatable") == 0;
        link->help |= strcmp(arg, "--help") == 0;
        link->trace |= strcmp(arg, "-t") == 0 || strcmp(arg, "--trace") == 0 || strcmp(arg, "-trace") == 0;
        if (strcmp(arg, "-o") == 0 && !last)
            link->output = args->items[i + 1];
        args_add(&link->args, arg);
    }
}

/* The file of the C library for this kind of module, where it is one of those. */
static const char *of_kind(const struct link *link, const char *arg, bool threads) {
    size_t n = strlen(link->libraries);
    if (strncmp(arg, link->libraries, n) != 0 || arg[n] != '/')
        return arg;
    const char *name = arg + n + 1;
    if (starts_with(name, "threads/"))
        name += strlen("threads/");
    char *path = format("%s/%s%s", link->libraries, threads ? "threads/" : "", name);
    return access(path, F_OK) == 0 ? path : arg;
}

/* Runs the linker; what it prints is put into *printed. */
static int run(const struct link *link, bool threads, char **printed) {
    struct args lld = {0};
    args_add_list(&lld, LLD, "--trace", NULL);
    if (threads)
        args_add(&lld, format("-L%s/threads", link->libraries));
    bool libc = false;
    for (size_t i = 0; i < link->args.count; i++) {
        const char *arg = of_kind(link, link->args.items[i], threads);
        libc |= ends_with(arg, "/libc.a");
        args_add(&lld, arg);
    }
    /* By which the runtime makes a guest thread for each host thread that calls in. */
    if (threads && link->library && libc)
        args_add(&lld, "--undefined=bulkhead_thread_attach");
    return process_capture(&lld, printed);
}

/* The next line of *text, which is cut up; NULL at its end. */
static char *next_line(char **text) {
    char *line = *text, *end = strchr(line, '\n');
    if (!*line)
        return NULL;
    *text = end ? end + 1 : line + strlen(line);
    if (end)
        *end = 0;
    return line;
}

static void add_facts(struct survey *s, const char *name, const struct object_facts *facts) {
    s->refers_to |= facts->refers_to;
    s->defines |= facts->defines;
    if (facts->defines_main)
        add(&s->main, name);
    if (facts->makes_threads)
        add(&s->makes_threads, name);
    if (facts->needs_cxx)
        add(&s->cxx, name);
    else if (facts->needs_unwinder)
        add(&s->unwinder, name);
    if (facts->code && !(facts->traits & BH_OBJECT_BUILT))
        add(&s->foreign, name);
    if (facts->code && (facts->traits & BH_OBJECT_STORES))
        add(&s->stores, name);
    if (facts->traits & BH_OBJECT_PTHREAD)
        add(&s->pthread, name);
    if (facts->traits & BH_OBJECT_NEEDS_THREADS)
        add(&s->threads, name);
    if (facts->traits & BH_OBJECT_NEEDS_NO_THREADS)
        add(&s->no_threads, name);
}

/* Looks at all objects that the linker names, and prints what else it said. The C library's own count as none. */
static struct survey survey(const struct link *link, char *printed) {
    struct survey s = {0};
    const char *own = format("%s/", link->libraries);
    for (char *line; (line = next_line(&printed));) {
        bool names = is_link_input(line);
        struct object_facts facts;
        if (!names || link->trace)
            puts(line);
        if (names && starts_with(line, own))
            s.own = true;
        else if (names && object_facts(line, &facts))
            add_facts(&s, line, &facts);
    }
    return s;
}

static bool refuse_foreign(const struct link *link, const struct survey *s) {
    if (link->foreign || !s->foreign.count)
        return false;
    say("error",
        format(
            "%s%s: not built by bulkhead-clang, so that the verifier would refuse the module. Compile its sources by "
            "bulkhead-clang, libraries of this machine included; or link with --foreign-objects, and bulkhead-verify "
            "tells what is wrong with it",
            s->foreign.first, others(&s->foreign)));
    return true;
}

static bool refuse_stores(const struct link *link, const struct survey *s) {
    if (link->stores || !s->stores.count)
        return false;
    say("error",
        format("%s%s: built with -mllvm -bulkhead-isolate=stores, so that its loads are not confined. Give that option "
               "when "
               "linking, too, if hosts are to allow it (bulkhead-run --allow-stores-only); or compile without it",
               s->stores.first, others(&s->stores)));
    return true;
}

/* Whether the module gets threads. */
static bool wants_threads(const struct link *link, const struct survey *s) {
    if (s->threads.count)
        return true;
    if (s->no_threads.count) /* a program that makes no threads does as well without */
        return link->pthread && (link->library || s->makes_threads.count);
    return link->pthread || s->pthread.count;
}

static bool refuse_mixture(const struct link *link, const struct survey *s, bool threads) {
    if (!threads || !s->no_threads.count)
        return false;
    const char *why = link->pthread || !s->threads.count
                          ? "the link was asked for one by -pthread"
                          : format("%s needs one: it was built with -pthread", s->threads.first);
    say("error", format("%s%s: built without -pthread and with another use of r14, so that it cannot go into a module "
                        "with threads; %s. "
                        "Compile everything with -pthread (autoconf and make: CFLAGS=-pthread; CMake: "
                        "-DBULKHEAD_THREADS=ON; Meson: "
                        "-Dc_args=-pthread), or nothing",
                        s->no_threads.first, others(&s->no_threads), why));
    return true;
}

/* Whether what -l names is in one of the -L directories. */
static bool has_archive(const struct link *link, const char *name) {
    const char *file = name[0] == ':' ? name + 1 : format("lib%s.a", name);
    for (size_t i = 0; i < link->args.count; i++) {
        const char *dir = link->args.items[i];
        if (starts_with(dir, "-L") && access(format("%s/%s", dir + 2, file), F_OK) == 0)
            return true;
    }
    return false;
}

static bool has_argument(const struct link *link, const char *suffix) {
    for (size_t i = 0; i < link->args.count; i++)
        if (ends_with(link->args.items[i], suffix))
            return true;
    return false;
}

/* What can be added to the linker's own messages. */
static void explain_failure(const struct link *link, const struct survey *s) {
    refuse_foreign(link, s);
    if (has_argument(link, "/crt1.o") && s->own && !s->main.count)
        say("note", "no object defines main; a module whose functions the host calls is linked by --library");
    if (s->cxx.count && !has_argument(link, "/libc++.a"))
        say("note",
            format("%s%s: needs the C++ library, because it was made from C++; link by bulkhead-clang++, or add -lc++",
                   s->cxx.first, others(&s->cxx)));
    if (s->unwinder.count && !has_argument(link, "/libunwind.a"))
        say("note", format("%s%s: built with -fexceptions, and needs the unwinder, which comes with the C++ library: "
                           "build that by "
                           "tools/build cxx",
                           s->unwinder.first, others(&s->unwinder)));
    for (size_t i = 0; i < RUN_TIMES; i++)
        if ((s->refers_to & ~s->defines) >> i & 1)
            say("note", format("%s%s: %s", run_times[i].symbol, ends_with(run_times[i].symbol, "_") ? "*" : "",
                               run_times[i].why));
    for (size_t i = 0; i < link->args.count; i++) {
        const char *arg = link->args.items[i];
        if (!starts_with(arg, "-l") || !arg[2])
            continue;
        if (!has_archive(link, arg + 2))
            say("note", format("%s: libraries of this machine are not looked for, nor shared ones; build it by "
                               "bulkhead-clang as an "
                               "archive, and name its directory by -L",
                               arg));
    }
}

static void remove_output(const struct link *link) {
    struct stat status;
    if (lstat(link->output, &status) == 0 && S_ISREG(status.st_mode))
        unlink(link->output);
}

int linker_main(const struct args *args) {
    struct link link = {.output = "a.out"};
    parse(&link, args);
    /* libtool looks in the linker's own help for the formats of which it makes shared libraries. */
    if (link.help) {
        puts("Usage: bulkhead-ld OPTION... FILE...\n"
             "Links as " LLD " does, whose --help lists the options. There are no shared libraries.\n"
             "Modules are linked by bulkhead-clang, which calls this program with what they need.");
        return 0;
    }
    if (!link.libraries || link.relocatable) {
        struct args lld = {0};
        args_add(&lld, LLD);
        args_add_all(&lld, &link.args);
        process_exec(&lld);
    }
    for (size_t i = 0; i < link.args.count; i++)
        if (link.args.items[i][0] != '-' && (i == 0 || strcmp(link.args.items[i - 1], "-o") != 0) &&
            is_shared_library(link.args.items[i]))
            die("%s is a shared library, and modules load none: build it by bulkhead-clang as an archive (autoconf: "
                "--disable-shared; CMake: the toolchain file does it; Meson: -Ddefault_library=static)",
                link.args.items[i]);

    struct stat before = {0}, after = {0};
    stat(link.output, &before);
    char *printed;
    int status = run(&link, link.pthread, &printed);
    struct survey found = survey(&link, printed);
    if (status) {
        explain_failure(&link, &found);
        return status;
    }
    bool threads = wants_threads(&link, &found);
    bool foreign = refuse_foreign(&link, &found), stores = refuse_stores(&link, &found);
    if (refuse_mixture(&link, &found, threads) || foreign || stores) {
        remove_output(&link);
        return 1;
    }
    if (threads != link.pthread && (status = run(&link, threads, &printed)))
        return status;
    if (!threads && found.makes_threads.count)
        say("note", format("%s calls pthread_create, which always fails in a module that is not built for threads; "
                           "give -pthread for "
                           "everything, when compiling and when linking",
                           found.makes_threads.first));
    /* Not every link writes something: --version does not. */
    if (stat(link.output, &after) == 0 &&
        (before.st_ino != after.st_ino || before.st_mtim.tv_sec != after.st_mtim.tv_sec ||
         before.st_mtim.tv_nsec != after.st_mtim.tv_nsec))
        finish_image(link.output);
    return 0;
}
