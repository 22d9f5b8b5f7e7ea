/* What the objects of a link say of themselves (BH_OBJECT_SECTION), and what else the linker's messages do not tell. */
#ifndef BULKHEAD_CLANG_OBJECTS_H
#define BULKHEAD_CLANG_OBJECTS_H

#include <stdbool.h>

/* Functions that an option makes the compiler call, or that can do nothing here: the C library has none of them. */
struct run_time {
    const char *symbol; /* how their names begin */
    const char *why;
};
#define RUN_TIMES 4
extern const struct run_time run_times[RUN_TIMES];

struct object_facts {
    bool code;       /* it has any */
    unsigned traits; /* BH_OBJECT_...; 0: another compiler or assembler made it */
    bool defines_main;
    bool makes_threads;          /* it refers to pthread_create or thrd_create */
    bool needs_cxx;              /* it refers to the C++ library */
    bool needs_unwinder;         /* it refers to what C with -fexceptions needs */
    unsigned refers_to, defines; /* which of run_times: a bit for each */
};

/* Reads an object by the name that the linker gives it: FILE, or ARCHIVE(MEMBER), of a thin archive, too. False if that
 * is no object for x86-64 that can be read. Where an archive has several members of a name, it is the next one each
 * time. */
bool object_facts(const char *name, struct object_facts *facts);

/* Is it the name of such a file, or of a member of one that is there? */
bool is_link_input(const char *name);

/* Whether the file is an ELF shared library, or a program. */
bool is_shared_library(const char *path);

#endif
