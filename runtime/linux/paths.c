/* Paths: from what a guest says to a descriptor beneath a directory that the host granted.
 *
 * The kernel walks the path (openat2 with RESOLVE_BENEATH), so that symbolic links, ".." and renames by somebody else while
 * it is walked lead nowhere. Everything is opened with O_PATH first and looked at before it is opened for real: opening a
 * device or a pipe has effects of its own. */
#include "linux.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ATTEMPTS 16
#define MAX_LINKS 40 /* as the kernel */

/* Appends the components of path to full: no empty ones, no "."; ".." stays for the kernel to judge, except at the root,
 * where it means the root. */
static int append(char *full, const char *path) {
    size_t used = strlen(full);
    while (*path) {
        size_t length = strcspn(path, "/");
        bool skip = !length || (length == 1 && path[0] == '.') || (length == 2 && !memcmp(path, "..", 2) && !used);
        if (!skip) {
            if (used + length + 2 > PATH_MAX)
                return -ENAMETOOLONG;
            full[used++] = '/';
            memcpy(full + used, path, length);
            used += length;
            full[used] = 0;
        }
        path += length + (path[length] == '/');
    }
    return 0;
}

static const struct bh_grant *match(const bh_policy *policy, const char *full, size_t *length) {
    const struct bh_grant *best = NULL;
    for (unsigned n = 0; n < policy->grant_count; n++) {
        size_t size = strlen(policy->grants[n].guest_path);
        if (strncmp(full, policy->grants[n].guest_path, size) || (full[size] && full[size] != '/'))
            continue;
        if (!best || size > *length) {
            best = &policy->grants[n];
            *length = size;
        }
    }
    return best;
}

int bh_place_find(bh_instance *instance, int64_t directory, uint64_t path, struct bh_place *place, const char *call) {
    char text[PATH_MAX];
    uint64_t left = bh_in_slot(instance, path, 1) ? BH_SLOT_SIZE - (path - instance->base) : 0;
    uint64_t most = left < sizeof(text) ? left : sizeof(text);
    int64_t length = most ? bh_guarded_string(text, bh_confined(instance, path), most) : -1;
    if (length < 0)
        return -EFAULT;
    if ((uint64_t)length > most)
        return -ENAMETOOLONG;
    if (!text[0])
        return -ENOENT;
    place->full[0] = 0;
    int error = 0;
    if (text[0] != '/') {
        const char *base = instance->personality->cwd ? instance->personality->cwd : "";
        if ((int32_t)directory != AT_FDCWD) {
            struct bh_file *file = bh_file_get(instance, (uint64_t)directory);
            if (!file)
                return -EBADF;
            if (file->kind != BH_FILE_DIRECTORY)
                return -ENOTDIR;
            base = file->path;
        }
        error = append(place->full, base);
    }
    if (!error)
        error = append(place->full, text);
    if (error)
        return error;
    size_t prefix = 0;
    place->grant = match(instance->policy, place->full, &prefix);
    if (!place->grant)
        return (int)bh_refuse(instance, ENOENT, call, place->full[0] ? place->full : "/");
    place->relative = place->full + prefix + (place->full[prefix] == '/');
    return 0;
}

static int open_in(int directory, const char *path, uint64_t flags, uint64_t mode) {
    struct open_how how = {.flags = flags | O_CLOEXEC, .mode = mode,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV};
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        int fd = bh_fd_apart((int)syscall(SYS_openat2, directory, *path ? path : ".", &how, sizeof(how)));
        if (fd >= 0)
            return fd;
        /* A rename elsewhere made the kernel unsure whether ".." stayed beneath. */
        if (errno != EAGAIN && errno != EINTR)
            return errno == EXDEV ? -EACCES : -errno;
    }
    return -EACCES;
}

static int open_beneath(const struct bh_grant *grant, const char *path, uint64_t flags) {
    if (!bh_kept_same(&grant->directory)) /* closed by the host, and perhaps another directory by now */
        return -EIO;
    return open_in(grant->directory.fd, path, flags, 0);
}

static int reject_odd(int fd, bool link, struct stat *info) {
    if (fd < 0 || (!fstat(fd, info) && (S_ISREG(info->st_mode) || S_ISDIR(info->st_mode) || (link && S_ISLNK(info->st_mode)))))
        return fd;
    close(fd);
    return -EACCES;
}

int bh_place_open_in(int parent, const char *name, uint64_t flags, uint64_t mode) {
    return open_in(parent, name, flags | O_NOFOLLOW, mode);
}

int bh_place_look(const struct bh_place *place, bool nofollow, struct stat *info) {
    struct stat own;
    int fd = open_beneath(place->grant, place->relative, O_PATH | (nofollow ? O_NOFOLLOW : 0));
    return reject_odd(fd, nofollow, info ? info : &own);
}

/* Cuts the last component off a path. last is "" and path stays when that is no name of its own, but a directory for certain: at "..",
 * "." and a slash at the end, and of the empty path. */
static void cut_last(char *path, char *last) {
    char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    *last = 0;
    if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
        return;
    strcpy(last, name);
    *(slash ? slash : path) = 0;
}

/* Puts a symbolic link's target behind the directory that it lies in. */
static int follow(int link, char directory[PATH_MAX]) {
    char target[PATH_MAX];
    size_t used = strlen(directory);
    ssize_t length = readlinkat(link, "", target, sizeof(target) - 1);
    if (length < 0)
        return -errno;
    target[length] = 0;
    if (*target == '/')
        return -EACCES; /* out of every grant */
    int written = snprintf(directory + used, PATH_MAX - used, "%s%s", used ? "/" : "", target);
    return written < 0 || (size_t)written >= PATH_MAX - used ? -ENAMETOOLONG : 0;
}

/* Step by step, where one call of the kernel would do, to know the directory in which a file was found: the same file may have a name
 * elsewhere, too. */
int bh_place_look_closely(const bh_instance *instance, const struct bh_place *place, bool nofollow, struct stat *info, int *change) {
    char path[PATH_MAX], last[PATH_MAX];
    snprintf(path, sizeof(path), "%s", place->relative);
    for (int links = 0; links < MAX_LINKS; links++) {
        cut_last(path, last);
        int parent = open_beneath(place->grant, path, O_PATH | O_DIRECTORY);
        if (parent < 0)
            return parent;
        int fd = *last ? open_in(parent, last, O_PATH | O_NOFOLLOW, 0) : parent;
        fd = reject_odd(fd, true, info);
        bool link = fd >= 0 && S_ISLNK(info->st_mode) && !nofollow;
        if (fd >= 0 && !link)
            *change = bh_place_may_change(instance, place, S_ISDIR(info->st_mode) ? fd : parent);
        if (*last)
            close(parent);
        if (!link)
            return fd;
        int error = follow(fd, path);
        close(fd);
        if (error)
            return error;
    }
    return -ELOOP;
}

int bh_place_parent(const bh_instance *instance, const struct bh_place *place, const char **last) {
    char parent[PATH_MAX], name[PATH_MAX];
    const char *slash = strrchr(place->relative, '/');
    *last = slash ? slash + 1 : place->relative;
    if (!**last)
        return -EBUSY; /* the granted directory itself */
    if (!strcmp(*last, ".."))
        return -EINVAL;
    snprintf(parent, sizeof(parent), "%s", place->relative);
    cut_last(parent, name);
    int fd = open_beneath(place->grant, parent, O_PATH | O_DIRECTORY);
    int error = fd < 0 ? 0 : bh_place_may_change(instance, place, fd);
    if (!error)
        return fd;
    close(fd);
    return error;
}
