/* Which of the kernel's limits stopped a system call. Asked only after a failure, so it may take its time; it allocates
 * nothing, because memory may be what is missing. */
#include "base/limit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/fail.h"

#define LINUX_MAPPINGS 65530 /* its value unless somebody changed it */
#define NEAR 16              /* a call may need some mappings more than the limit leaves */

static unsigned long long read_number(const char *file, unsigned long long otherwise) {
    char text[64];
    int fd = bh_fd_open(file, O_RDONLY);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0)
        close(fd);
    if (got <= 0)
        return otherwise;
    text[got] = 0;
    return strtoull(text, NULL, 10);
}

unsigned long long bh_mappings_allowed(void) { return read_number("/proc/sys/vm/max_map_count", LINUX_MAPPINGS); }

static unsigned long long mappings_now(void) {
    char buffer[4096];
    unsigned long long lines = 0;
    int fd = bh_fd_open("/proc/self/maps", O_RDONLY);
    for (ssize_t got; fd >= 0 && (got = read(fd, buffer, sizeof(buffer))) > 0;)
        for (ssize_t n = 0; n < got; n++)
            lines += buffer[n] == '\n';
    if (fd >= 0)
        close(fd);
    return lines;
}

unsigned bh_default_mapping_limit(void) {
    unsigned long long limit = bh_mappings_allowed();
    limit = limit > 2 * BH_HOST_MAPPINGS ? limit - BH_HOST_MAPPINGS : limit / 2;
    return limit < INT32_MAX ? (unsigned)limit : INT32_MAX;
}

static unsigned long long resource_limit(int resource) {
    struct rlimit limit;
    return getrlimit((__rlimit_resource_t)resource, &limit) || limit.rlim_cur == RLIM_INFINITY ? 0 : limit.rlim_cur;
}

/* One sentence on the limit that fits the errno; false when none does. */
static bool explain(int number, char *text, size_t size) {
    unsigned long long limit, used;
    switch (number) {
    case EMFILE:
        snprintf(text, size, "the process may open %llu files (RLIMIT_NOFILE); raise it: ulimit -n",
                 resource_limit(RLIMIT_NOFILE));
        return true;
    case ENFILE:
        snprintf(text, size, "the system has its %llu files open (fs.file-max); raise it: sysctl fs.file-max",
                 read_number("/proc/sys/fs/file-max", 0));
        return true;
    case EAGAIN:
        snprintf(text, size,
                 "the process locks its memory (mlockall) and may lock %llu bytes (RLIMIT_MEMLOCK); raise it: "
                 "ulimit -l, or call mlockall without MCL_FUTURE",
                 resource_limit(RLIMIT_MEMLOCK));
        return true;
    case EFBIG:
        snprintf(text, size, "files may have %llu bytes (RLIMIT_FSIZE); raise it: ulimit -f",
                 resource_limit(RLIMIT_FSIZE));
        return true;
    case EACCES:
        if (read_number("/proc/sys/vm/memfd_noexec", 0) < 2)
            return false;
        snprintf(text, size, "vm.memfd_noexec is 2, and code of guests lies in executable memfds; set it to 0 or 1");
        return true;
    case ENOMEM: break;
    default: return false;
    }
    if ((limit = resource_limit(RLIMIT_AS))) {
        snprintf(text, size,
                 "the process may have %llu bytes of address space (RLIMIT_AS); lift it: ulimit -v unlimited", limit);
        return true;
    }
    used = mappings_now();
    limit = bh_mappings_allowed();
    if (used + NEAR >= limit) {
        snprintf(text, size,
                 "the process has %llu memory mappings of the %llu that vm.max_map_count allows; raise it: "
                 "sysctl -w vm.max_map_count=%llu",
                 used, limit, 4 * limit);
        return true;
    }
    if ((limit = resource_limit(RLIMIT_DATA))) {
        snprintf(text, size,
                 "the process may have %llu bytes of private writable memory (RLIMIT_DATA); raise it: ulimit -d",
                 limit);
        return true;
    }
    if (read_number("/proc/sys/vm/overcommit_memory", 0) == 2) {
        snprintf(text, size,
                 "vm.overcommit_memory is 2: all memory that could be written counts against CommitLimit of "
                 "/proc/meminfo; set it to 0 or 1, or raise vm.overcommit_ratio");
        return true;
    }
    return false;
}

bh_error bh_fail_limit(const char *format, ...) {
    char what[160], why[240];
    int number = errno;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    bool limit = explain(number, why, sizeof(why));
    errno = number;
    if (!limit)
        return bh_fail_errno(BH_ERROR_SYSTEM, "%s", what);
    return bh_fail_number(BH_ERROR_LIMIT, number, "%s: %s", what, why);
}

bh_error bh_fail_open(bh_error error, const char *format, const char *path) {
    char what[400];
    int number = errno;
    snprintf(what, sizeof(what), format, path);
    errno = number;
    return number == EMFILE || number == ENFILE ? bh_fail_limit("%s", what) : bh_fail_errno(error, "%s", what);
}

bh_error bh_fail_timer(void) {
    if (errno != EAGAIN)
        return bh_fail_errno(BH_ERROR_SYSTEM, "cannot create the deadline's timer");
    return bh_fail_number(BH_ERROR_LIMIT, errno,
                          "cannot create the deadline's timer: the user may have %llu timers and queued signals "
                          "(RLIMIT_SIGPENDING), all processes counted; raise it: ulimit -i",
                          resource_limit(RLIMIT_SIGPENDING));
}
