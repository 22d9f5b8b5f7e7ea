/* Where this program and its parts are, and the tools that it stands for by other names. */
#ifndef BULKHEAD_CLANG_TOOLS_H
#define BULKHEAD_CLANG_TOOLS_H

#include "args.h"

#define TOOL_PREFIX BULKHEAD_TOOL_PREFIX /* x86_64-bulkhead-linux-musl- */

/* The directory of this program, links followed. */
const char *own_directory(void);

/* ONE if it exists or neither does, otherwise TWO. */
char *first_existing(const char *one, const char *two);

/* The file of this name in the library directory of the build or the installation. */
char *find_library(const char *name);

/* The sysroot of this name: beside the build directory's bin/, or below an installation's library directory. */
char *find_sysroot(const char *name);

/* The path by which a build system gets the target's tool of this name (ar, ld, ...), or NULL if it is none. */
const char *find_tool(const char *tool);

/* Runs the tool that `name` (argv[0]) stands for, if it is one that is no compiler; does not return then. */
void run_tool(const char *name, const struct args *args);

#endif
