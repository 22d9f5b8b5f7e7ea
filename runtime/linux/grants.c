/* Which grant decides about an object that was reached through a read-write one.
 *
 * Names do not tell: a directory granted read-only inside a read-write one has other names there ("x/../ro"), and may get new ones, since
 * guests rename directories above it. So directories are compared by what they are: upwards from where the object lies, the first
 * that is a granted directory decides. No guest can move anything out of a read-only directory or the directory itself
 * (bh_place_is_granted), so what is found stays true; what the host moves counts when it is looked at. */
#include "linux.h"

#include <fcntl.h>
#include <unistd.h>

static bool same(const struct bh_grant *grant, const struct stat *info) {
    return grant->directory.device == info->st_dev && grant->directory.inode == info->st_ino;
}

static bool has_read_only(const bh_policy *policy) {
    for (unsigned n = 0; n < policy->grant_count; n++)
        if (!policy->grants[n].write)
            return true;
    return false;
}

/* 0 or -EROFS when the directory is a granted one, which decides; 1 when it is not. The grant that the name led to comes first: the
 * host may have granted one directory under two names. */
static int decide(const bh_policy *policy, const struct bh_grant *named, const struct stat *directory) {
    int decision = 1;
    if (same(named, directory))
        return 0;
    for (unsigned n = 0; n < policy->grant_count; n++)
        if (same(&policy->grants[n], directory) && decision != -EROFS)
            decision = policy->grants[n].write ? 0 : -EROFS;
    return decision;
}

static int open_directory(int from, const char *name) {
    return bh_fd_apart(openat(from, name, O_PATH | O_DIRECTORY | O_CLOEXEC));
}

int bh_place_may_change(const bh_instance *instance, const struct bh_place *place, int directory) {
    struct stat info, above;
    if (!place->grant->write)
        return -EROFS;
    if (!has_read_only(instance->policy))
        return 0;
    int at = open_directory(directory, "."), decision = 1;
    if (at < 0 || fstat(at, &info))
        decision = -EACCES;
    while (decision == 1 && (decision = decide(instance->policy, place->grant, &info)) == 1) {
        int next = open_directory(at, "..");
        close(at);
        at = next;
        /* The top of the tree: somebody moved it out of the grant. */
        if (at < 0 || fstat(at, &above) || (above.st_dev == info.st_dev && above.st_ino == info.st_ino))
            decision = -EACCES;
        info = above;
    }
    if (at >= 0)
        close(at);
    return decision;
}

bool bh_place_is_granted(const bh_instance *instance, int parent, const char *name) {
    struct stat info;
    if (fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) || !S_ISDIR(info.st_mode))
        return false;
    for (unsigned n = 0; n < instance->policy->grant_count; n++)
        if (same(&instance->policy->grants[n], &info))
            return true;
    return false;
}
