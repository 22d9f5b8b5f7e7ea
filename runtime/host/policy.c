/* Policies: what an instance may ask of the outside world. */
#include "host/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/fail.h"
#include "base/limit.h"
#include "guest/policy.h"

#define MAX_STACK ((uint64_t)1 << 30)

bh_error bh_policy_create(bh_policy **result) {
    if (!result)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_policy_create: no place for the result");
    bh_policy *policy = calloc(1, sizeof(*policy));
    if (!policy)
        return bh_fail(BH_ERROR_MEMORY, "no memory for a policy");
    atomic_init(&policy->references, 1);
    policy->stream[0] = policy->stream[1] = policy->stream[2] = -1;
    *result = policy;
    return BH_OK;
}

void bh_policy_destroy(bh_policy *policy) {
    if (!policy || atomic_fetch_sub(&policy->references, 1) != 1)
        return;
    for (unsigned n = 0; n < policy->grant_count; n++) {
        bh_kept_close(&policy->grants[n].directory);
        free(policy->grants[n].guest_path);
    }
    for (unsigned n = 0; n < policy->environment_count; n++)
        free(policy->environment[n]);
    free(policy->grants);
    free(policy->environment);
    free(policy->directory);
    free(policy);
}

bh_policy *bh_policy_share(const bh_policy *policy) {
    bh_policy *shared = (bh_policy *)policy;
    atomic_fetch_add(&shared->references, 1);
    return shared;
}

/* Absolute, single slashes, no "." components, no trailing slash. */
static bh_error clean_path(const char *path, char **result) {
    const char *given = path;
    char *clean = malloc(strlen(path) + 2), *to = clean;
    if (!clean)
        return bh_fail(BH_ERROR_MEMORY, "no memory for a grant");
    while (*path) {
        size_t length = strcspn(path, "/");
        if (length == 2 && !memcmp(path, "..", 2)) {
            free(clean);
            return bh_fail(BH_ERROR_ARGUMENT, "the guest's path '%s' must not contain '..'; name the place for it",
                           given);
        }
        if (length > NAME_MAX) {
            free(clean);
            return bh_fail(BH_ERROR_ARGUMENT,
                           "a name in the guest's path '%.40s...' has more than %d bytes: no guest could say it", path,
                           NAME_MAX);
        }
        if (length && !(length == 1 && *path == '.')) {
            *to++ = '/';
            memcpy(to, path, length);
            to += length;
        }
        path += length + (path[length] == '/');
    }
    *to = 0;
    if (to - clean >= PATH_MAX) {
        free(clean);
        return bh_fail(BH_ERROR_ARGUMENT, "the guest's path has more than %d bytes: no guest could say it",
                       PATH_MAX - 1);
    }
    *result = clean;
    return BH_OK;
}

static const char *special_filesystem(int fd) {
    static const struct {
        unsigned long magic;
        const char *name;
    } special[] = {{0x9fa0, "procfs"},      {0x62656572, "sysfs"},      {0x1cd1, "devpts"},
                   {0x64626720, "debugfs"}, {0x74726163, "tracefs"},    {0x27e0eb, "cgroup"},
                   {0x63677270, "cgroup"},  {0x73636673, "securityfs"}, {0xf97cff8c, "selinuxfs"},
                   {0xcafe4a11, "bpffs"},   {0x19800202, "mqueue"},     {0x42494e4d, "binfmt_misc"},
                   {0x6165676c, "pstore"},  {0xde5e81e4, "efivarfs"},   {0x62656570, "configfs"}};
    struct statfs info;
    if (fstatfs(fd, &info))
        return "a file system of unknown kind";
    for (size_t n = 0; n < sizeof(special) / sizeof(*special); n++)
        if ((unsigned long)info.f_type == special[n].magic)
            return special[n].name;
    return NULL;
}

/* What guests' paths are walked with. A filter of the host's process may refuse it, which a guest would take for a
 * directory without files. */
static bh_error need_openat2(const struct bh_kept *directory) {
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH};
    int fd = bh_fd_apart((int)syscall(SYS_openat2, directory->fd, ".", &how, sizeof(how)));
    if (fd >= 0)
        close(fd);
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
        return BH_OK;
    return bh_fail_errno(BH_ERROR_SYSTEM,
                         "no directory can be granted: openat2 is refused by a seccomp filter of this "
                         "process, which has to allow it, or missing in the kernel (before Linux 5.6)");
}

bh_error bh_policy_grant_directory(bh_policy *policy, const char *host_path, const char *guest_path, int mode) {
    if (!policy || !host_path || !guest_path || (mode != BH_READ_ONLY && mode != BH_READ_WRITE))
        return bh_fail(BH_ERROR_ARGUMENT, "bh_policy_grant_directory: a policy, two paths and a mode are needed");
    char *guest;
    bh_error error = clean_path(guest_path, &guest);
    if (error)
        return error;
    struct bh_grant *grants = realloc(policy->grants, (policy->grant_count + 1) * sizeof(*grants));
    if (!grants) {
        free(guest);
        return bh_fail(BH_ERROR_MEMORY, "no memory for a grant");
    }
    policy->grants = grants;
    struct bh_kept directory;
    if (!bh_kept_set(&directory, bh_fd_open(host_path, O_PATH | O_DIRECTORY))) {
        error = bh_fail_open(BH_ERROR_SYSTEM, "cannot open the directory '%s' to grant it", host_path);
        free(guest);
        return error;
    }
    const char *special = special_filesystem(directory.fd);
    error = special ? bh_fail(BH_ERROR_ARGUMENT, "'%s' is on %s, which guests may not see", host_path, special)
                    : need_openat2(&directory);
    if (error) {
        free(guest);
        bh_kept_close(&directory);
        return error;
    }
    grants[policy->grant_count++] =
        (struct bh_grant){.guest_path = guest, .directory = directory, .write = mode == BH_READ_WRITE};
    return BH_OK;
}

bh_error bh_policy_set_working_directory(bh_policy *policy, const char *guest_path) {
    if (!policy || !guest_path)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_policy_set_working_directory: a policy and a path are needed");
    char *clean;
    bh_error error = clean_path(guest_path, &clean);
    if (error)
        return error;
    free(policy->directory);
    policy->directory = clean;
    return BH_OK;
}

bh_error bh_policy_grant_stream(bh_policy *policy, int guest_fd, int host_fd) {
    if (!policy || guest_fd < 0 || guest_fd > 2 || host_fd < 0)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_policy_grant_stream: guest descriptors are 0, 1 and 2");
    policy->stream[guest_fd] = host_fd;
    return BH_OK;
}

bh_error bh_policy_grant(bh_policy *policy, unsigned grants) {
    if (!policy || grants & ~(unsigned)(BH_GRANT_CLOCK | BH_GRANT_RANDOM))
        return bh_fail(BH_ERROR_ARGUMENT, "bh_policy_grant: unknown grant");
    policy->allowed |= grants;
    return BH_OK;
}

bh_error bh_policy_add_environment(bh_policy *policy, const char *assignment) {
    if (!policy || !assignment || !strchr(assignment, '=') || assignment[0] == '=')
        return bh_fail(BH_ERROR_ARGUMENT, "bh_policy_add_environment: '%s' is not NAME=VALUE",
                       assignment ? assignment : "");
    char **environment = realloc(policy->environment, (policy->environment_count + 1) * sizeof(*environment));
    char *copy = strdup(assignment);
    if (environment)
        policy->environment = environment;
    if (!environment || !copy) {
        free(copy);
        return bh_fail(BH_ERROR_MEMORY, "no memory for the environment");
    }
    environment[policy->environment_count++] = copy;
    return BH_OK;
}

bh_error bh_policy_set_memory_limit(bh_policy *policy, uint64_t bytes) {
    if (!policy)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_policy_set_memory_limit: no policy");
    policy->memory_limit = bytes;
    return BH_OK;
}

bh_error bh_policy_set_thread_limit(bh_policy *policy, unsigned threads) {
    if (!policy || threads > BH_MAX_THREADS)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_policy_set_thread_limit: at most %d", BH_MAX_THREADS);
    policy->thread_limit = threads;
    return BH_OK;
}

bh_error bh_policy_set_descriptor_limit(bh_policy *policy, unsigned descriptors) {
    if (!policy || (descriptors && descriptors < BH_LEAST_FILES) || descriptors > BH_MAX_FILES)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_policy_set_descriptor_limit: a policy and a number from %d to %d, or 0",
                       BH_LEAST_FILES, BH_MAX_FILES);
    policy->descriptor_limit = descriptors;
    return BH_OK;
}

bh_error bh_policy_set_stack_size(bh_policy *policy, uint64_t bytes) {
    if (!policy || bytes > MAX_STACK)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_policy_set_stack_size: at most 1 GiB");
    policy->stack_size = bytes;
    return BH_OK;
}

bh_error bh_policy_set_deadline(bh_policy *policy, uint64_t nanoseconds) {
    if (!policy)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_policy_set_deadline: no policy");
    policy->deadline = nanoseconds;
    return BH_OK;
}

bh_error bh_policy_set_mapping_limit(bh_policy *policy, unsigned mappings) {
    if (!policy || mappings > 1000000)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_policy_set_mapping_limit: at most 1000000");
    policy->mapping_limit = mappings;
    return BH_OK;
}

bh_error bh_policy_set_log(bh_policy *policy, bh_refused_call *log, void *context) {
    if (!policy)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_policy_set_log: no policy");
    policy->log = log;
    policy->log_context = context;
    return BH_OK;
}
