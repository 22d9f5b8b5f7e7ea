/* Which grant a directory lies in, and whether the guest may change what is there.
 *
 * Names do not tell: a directory granted read-only inside a read-write one has other names there ("x/../ro"), and may
 * get new ones, since guests rename directories above it. So directories are compared by what they are: upwards from
 * where the object lies, the first that is a granted directory decides. No guest can move anything out of a read-only
 * directory or the directory itself (bh_directory_is_granted), so what is found stays true; what the host moves counts
 * when it is looked at. */
#include "linux.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MOST_LEVELS ((PATH_MAX - 1) / 3) /* that one call looks up */

static bool same(const struct bh_grant *grant, const struct stat *info) {
    return grant->directory.device == info->st_dev && grant->directory.inode == info->st_ino;
}

/* The first grant that is this directory; NULL: none is. */
static const struct bh_grant *grant_of(const bh_policy *policy, const struct stat *directory) {
    for (unsigned n = 0; n < policy->grant_count; n++)
        if (same(&policy->grants[n], directory))
            return &policy->grants[n];
    return NULL;
}

static int open_directory(int from, const char *name) {
    return bh_fd_apart(openat(from, name, O_PATH | O_DIRECTORY | O_CLOEXEC));
}

/* What a judge of directories says: go on, or the end with this result. */
#define HIGHER 1
typedef int judge_directory(void *context, const struct stat *directory);

/* Asks the judge about the directory and those above it; -EACCES when that leads to the top of the tree. */
static int climb(const bh_instance *instance, int directory, judge_directory *judge, void *context) {
    struct stat info, above;
    int at = open_directory(directory, "."), result = HIGHER;
    if (at < 0 || fstat(at, &info))
        result = -EACCES;
    while (result == HIGHER && (result = judge(context, &info)) == HIGHER) {
        int next = open_directory(at, "..");
        close(at);
        at = next;
        if (bh_stopping(instance))
            result = -EINTR;
        else if (at < 0 || fstat(at, &above) || (above.st_dev == info.st_dev && above.st_ino == info.st_ino))
            result = -EACCES;
        info = above;
    }
    if (at >= 0)
        close(at);
    return result;
}

/* ---- The grant ---- */

enum bh_root bh_directory_is_root(const bh_instance *instance, const struct bh_directory *directory) {
    const struct bh_grant *grant = &instance->policy->grants[directory->grant];
    struct stat info;
    if (directory->fd == grant->directory.fd)
        return BH_ROOT;
    if (fstat(directory->fd, &info))
        return BH_NO_ROOT;
    if (same(grant, &info))
        return BH_ROOT;
    return grant_of(instance->policy, &info) ? BH_ROOT_OF_ANOTHER : BH_NO_ROOT;
}

struct search {
    const bh_policy *policy;
    unsigned wanted, level, nearest_level;
    const struct bh_grant *nearest; /* NULL: none as yet */
};

static int search_grant(void *context, const struct stat *directory) {
    struct search *search = context;
    if (same(&search->policy->grants[search->wanted], directory))
        return 0;
    if (!search->nearest) {
        search->nearest = grant_of(search->policy, directory);
        search->nearest_level = search->level;
    }
    search->level++;
    return HIGHER;
}

/* Whether it is as deep in its grant as it was: one call, however deep. */
static bool is_where_it_was(const bh_instance *instance, const struct bh_directory *directory) {
    char up[PATH_MAX] = ".";
    struct stat info;
    if (directory->depth > MOST_LEVELS)
        return false;
    for (unsigned n = 0; n < directory->depth; n++)
        strcpy(up + 3 * n, "../");
    return !fstatat(directory->fd, up, &info, 0) && same(&instance->policy->grants[directory->grant], &info);
}

int bh_directory_check(const bh_instance *instance, struct bh_directory *directory) {
    const struct bh_kept *root = &instance->policy->grants[directory->grant].directory;
    if (directory->fd == root->fd)
        return bh_kept_same(root) ? 0 : -EIO; /* closed by the host, and perhaps another directory by now */
    if (is_where_it_was(instance, directory))
        return 0;
    struct search search = {.policy = instance->policy, .wanted = directory->grant};
    int error = climb(instance, directory->fd, search_grant, &search);
    if (error && (error != -EACCES || !search.nearest))
        return error;
    directory->depth = error ? search.nearest_level : search.level;
    directory->grant = error ? (unsigned)(search.nearest - instance->policy->grants) : directory->grant;
    return 0;
}

/* ---- Rights ---- */

static bool has_read_only(const bh_policy *policy) {
    for (unsigned n = 0; n < policy->grant_count; n++)
        if (!policy->grants[n].write)
            return true;
    return false;
}

struct decision {
    const bh_policy *policy;
    const struct bh_grant *named;
};

/* 0 or -EROFS when the directory is a granted one, which decides. The grant that the name led to comes first: the host
 * may have granted one directory under two names. */
static int decide(void *context, const struct stat *directory) {
    const struct decision *decision = context;
    const bh_policy *policy = decision->policy;
    int result = HIGHER;
    if (same(decision->named, directory))
        return 0;
    for (unsigned n = 0; n < policy->grant_count; n++)
        if (same(&policy->grants[n], directory) && result != -EROFS)
            result = policy->grants[n].write ? 0 : -EROFS;
    return result;
}

int bh_place_may_change(const bh_instance *instance, const struct bh_place *place, int directory) {
    struct decision decision = {instance->policy, &instance->policy->grants[place->at.grant]};
    if (!decision.named->write)
        return -EROFS;
    return has_read_only(instance->policy) ? climb(instance, directory, decide, &decision) : 0;
}

bool bh_directory_is_granted(const bh_instance *instance, int parent, const char *name) {
    struct stat info;
    return !fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) && S_ISDIR(info.st_mode) &&
           grant_of(instance->policy, &info);
}
