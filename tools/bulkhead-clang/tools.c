#include "tools.h"

#include "process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *own_directory(void) {
    static char self[4096];
    if (self[0])
        return self;
    ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    if (size < 0)
        die("cannot find out where this program is: %s", strerror(errno));
    self[size] = 0;
    *strrchr(self, '/') = 0;
    return self;
}

char *first_existing(const char *one, const char *two) {
    return access(one, F_OK) == 0 || access(two, F_OK) != 0 ? format("%s", one) : format("%s", two);
}

/* Installed, libraries are where CMake's LIBDIR said, relative to the prefix. */
static char *prefix(void) {
    char *path = format("%s", own_directory());
    *strrchr(path, '/') = 0;
    return path;
}

char *find_library(const char *name) {
    return first_existing(format("%s/lib/%s", prefix(), name), format("%s/" BULKHEAD_LIBDIR "/%s", prefix(), name));
}

char *find_sysroot(const char *name) {
    return first_existing(format("%s/%s", prefix(), name),
                          format("%s/" BULKHEAD_LIBDIR "/bulkhead/%s", prefix(), name));
}

/* Packages of the host are none of a module's: only the sysroot's directories are searched, and those that
 * PKG_CONFIG_PATH adds. What they need is linked in, too. */
static _Noreturn void run_pkg_config(const struct args *args) {
    const char *sysroot = find_sysroot("sysroot");
    setenv("PKG_CONFIG_LIBDIR", format("%s/lib/pkgconfig:%s/share/pkgconfig", sysroot, sysroot), 1);
    setenv("PKG_CONFIG_SYSTEM_INCLUDE_PATH", format("%s/include", sysroot), 1);
    setenv("PKG_CONFIG_SYSTEM_LIBRARY_PATH", format("%s/lib", sysroot), 1);
    struct args command = {0};
    args_add_list(&command, "pkg-config", "--static", NULL);
    args_add_all(&command, args);
    process_exec(&command);
}

static bool is_llvm_tool(const char *tool) {
    static const char *const tools[] = {"addr2line", "ar",      "nm",   "objcopy", "objdump",
                                        "ranlib",    "readelf", "size", "strings", "strip"};
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
        if (strcmp(tool, tools[i]) == 0)
            return true;
    return false;
}

const char *find_tool(const char *tool) {
    if (!is_llvm_tool(tool) && strcmp(tool, "as") != 0 && strcmp(tool, "ld") != 0)
        return NULL;
    char *path = format("%s/" TOOL_PREFIX "%s", own_directory(), tool);
    return access(path, X_OK) == 0 ? path : NULL;
}

void run_tool(const char *name, const struct args *args) {
    const char *tool = base_name(name);
    if (!starts_with(tool, TOOL_PREFIX))
        return;
    tool += strlen(TOOL_PREFIX);
    if (strcmp(tool, "pkg-config") == 0)
        run_pkg_config(args);
    if (!is_llvm_tool(tool))
        return;
    struct args command = {0};
    args_add(&command, format("llvm-%s-" BULKHEAD_LLVM_VERSION, tool));
    args_add_all(&command, args);
    process_exec(&command);
}
