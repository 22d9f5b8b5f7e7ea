/* The file tree: access to objects, making, renaming and removing them. */
#include "linux.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

bh_syscall bh_sys_access, bh_sys_faccessat, bh_sys_faccessat2, bh_sys_readlink, bh_sys_readlinkat, bh_sys_mkdir,
    bh_sys_mkdirat, bh_sys_rmdir, bh_sys_unlink, bh_sys_unlinkat, bh_sys_rename, bh_sys_renameat, bh_sys_renameat2,
    bh_sys_symlink, bh_sys_symlinkat, bh_sys_link, bh_sys_linkat;

#define HERE ((int64_t)AT_FDCWD)

/* change: 0 when the grants let the guest change it. */
static int access_host(int fd, uint64_t mode, int change) {
    return (mode & W_OK) && change ? change : bh_file_access(fd, (int)mode);
}

/* The grants make ancestors, and nobody may write there. */
static int access_ancestor(uint64_t mode) { return mode & W_OK ? -EROFS : 0; }

static int64_t access_descriptor(bh_instance *instance, uint64_t fd, uint64_t mode) {
    struct bh_file *file = bh_file_get(instance, fd);
    if (!file)
        return -EBADF;
    return file->kind == BH_FILE_ANCESTOR ? access_ancestor(mode)
                                          : access_host(file->host, mode, file->write ? 0 : -EROFS);
}

static int64_t access_place(bh_instance *instance, int64_t directory, uint64_t path, uint64_t mode, uint64_t flags) {
    struct bh_place place;
    struct stat info;
    int change = 0;
    struct bh_device device;
    if (((uint32_t)mode & ~(uint32_t)(R_OK | W_OK | X_OK)) ||
        ((uint32_t)flags & ~(uint32_t)(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
        return -EINVAL;
    bool empty = bh_path_is_empty(instance, path, flags);
    if (empty && (int32_t)directory != AT_FDCWD)
        return access_descriptor(instance, (uint64_t)directory, mode);
    if (bh_device_find(instance, directory, path, &device))
        return bh_device_access(instance, &device, mode);
    int fd = bh_place_find(instance, directory, path, &place, "access");
    if (empty && fd == -ENOENT)
        fd = bh_place_here(instance, &place);
    if (!fd)
        fd = bh_place_look(instance, &place, flags & AT_SYMLINK_NOFOLLOW, &info, mode & W_OK ? &change : NULL);
    bh_place_end(&place);
    if (fd < 0)
        return fd == BH_ANCESTOR ? access_ancestor(mode) : fd;
    /* A link's own mode says nothing. */
    int64_t result = S_ISLNK(info.st_mode) ? ((mode & W_OK) ? change : 0) : access_host(fd, mode, change);
    close(fd);
    return result;
}

int64_t bh_sys_access(bh_instance *instance, const uint64_t a[6]) {
    return access_place(instance, HERE, a[0], a[1], 0);
}

int64_t bh_sys_faccessat(bh_instance *instance, const uint64_t a[6]) {
    return access_place(instance, (int64_t)a[0], a[1], a[2], 0);
}

int64_t bh_sys_faccessat2(bh_instance *instance, const uint64_t a[6]) {
    return access_place(instance, (int64_t)a[0], a[1], a[2], a[3]);
}

/* The target of an O_PATH descriptor's link. */
static int64_t read_target(bh_instance *instance, int fd, uint64_t buffer, uint64_t size) {
    char target[PATH_MAX];
    ssize_t length = readlinkat(fd, "", target, sizeof(target));
    int64_t result = length < 0 ? (errno == ENOENT ? -EINVAL : -errno) : length;
    if (result > (int64_t)size)
        result = (int64_t)size;
    return result <= 0 || bh_put(instance, buffer, target, (uint64_t)result) ? result : -EFAULT;
}

static int64_t read_link(bh_instance *instance, int64_t directory, uint64_t path, uint64_t buffer, uint64_t size) {
    struct bh_place place;
    if ((int32_t)size <= 0)
        return -EINVAL;
    if ((int32_t)directory != AT_FDCWD && bh_path_is_empty(instance, path, AT_EMPTY_PATH)) {
        struct bh_file *file = bh_file_get(instance, (uint64_t)directory);
        int64_t result = !file                         ? -EBADF
                         : file->kind == BH_FILE_NAMED ? read_target(instance, file->host, buffer, size)
                                                       : -ENOENT;
        return result == -EINVAL ? -ENOENT : result;
    }
    struct bh_device device;
    if (bh_device_find(instance, directory, path, &device))
        return -EINVAL;
    int fd = bh_place_find(instance, directory, path, &place, "readlink");
    if (!fd)
        fd = bh_place_look(instance, &place, true, NULL, NULL);
    bh_place_end(&place);
    if (fd < 0)
        return fd == BH_ANCESTOR ? -EINVAL : fd;
    int64_t result = read_target(instance, fd, buffer, size);
    close(fd);
    return result;
}

int64_t bh_sys_readlink(bh_instance *instance, const uint64_t a[6]) {
    return read_link(instance, HERE, a[0], a[1], (uint32_t)a[2]);
}

int64_t bh_sys_readlinkat(bh_instance *instance, const uint64_t a[6]) {
    return read_link(instance, (int64_t)a[0], a[1], a[2], (uint32_t)a[3]);
}

/* ---- Changes: the directory beneath the grant, and one name in it that is never followed ---- */

/* Whether the guest may change the directory that bh_place_parent led to. */
static int may_change(bh_instance *instance, const struct bh_place *place) {
    int error = place->at.fd == BH_NOWHERE ? -EROFS : bh_place_may_change(instance, place, place->at.fd);
    return error == -EROFS || error == -EACCES ? (int)bh_place_refuse(instance, place, -error) : error;
}

/* The mode that the guest asked for, less its own umask: that of the host's process has been applied as well. Whatever
 * has the name by now, the guest may change its mode. */
static int64_t settle_directory(int parent, const char *name, uint64_t mode) {
    struct stat info;
    char path[40];
    int fd = bh_place_open_in(parent, name, O_PATH | O_DIRECTORY, 0);
    if (fd < 0)
        return fd;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int failed = fstat(fd, &info);
    if (!failed && (info.st_mode & 0777) != mode)
        failed = chmod(path, (info.st_mode & S_ISGID) | (mode_t)mode);
    int64_t result = failed ? -errno : 0;
    close(fd);
    return result;
}

static int64_t make_name(bh_instance *instance, const struct bh_place *place, uint64_t mode) {
    struct stat info;
    const int parent = place->at.fd;
    if (bh_place_last(place) != BH_LAST_NAME)
        return -EEXIST;
    place->rest[strcspn(place->rest, "/")] = 0;
    if ((parent == BH_NOWHERE || bh_directory_has_grants(instance, place->at.grant)) &&
        bh_place_covered(instance, place) != BH_NOT_COVERED)
        return -EEXIST;
    int error = may_change(instance, place);
    if (error)
        return parent != BH_NOWHERE && !fstatat(parent, place->rest, &info, AT_SYMLINK_NOFOLLOW) ? -EEXIST : error;
    return mkdirat(parent, place->rest, (mode_t)mode) ? -errno : settle_directory(parent, place->rest, mode);
}

static int64_t make_directory(bh_instance *instance, int64_t directory, uint64_t path, uint64_t mode) {
    struct bh_place place;
    int64_t result = bh_place_parent(instance, directory, path, &place, "mkdir");
    if (!result)
        result = make_name(instance, &place, mode & 0777 & ~(uint64_t)instance->personality->umask);
    bh_place_end(&place);
    return result;
}

int64_t bh_sys_mkdir(bh_instance *instance, const uint64_t a[6]) { return make_directory(instance, HERE, a[0], a[1]); }

int64_t bh_sys_mkdirat(bh_instance *instance, const uint64_t a[6]) {
    return make_directory(instance, (int64_t)a[0], a[1], a[2]);
}

static int64_t unlink_name(bh_instance *instance, const struct bh_place *place) {
    if (bh_place_last(place) != BH_LAST_NAME)
        return -EISDIR;
    if (bh_place_covered(instance, place) == BH_GRANTED)
        return -EISDIR;
    int error = may_change(instance, place);
    return error ? error : unlinkat(place->at.fd, place->rest, 0) ? -errno : 0;
}

static int64_t remove_directory(bh_instance *instance, const struct bh_place *place) {
    static const int wrong[] = {[BH_LAST_DOT] = -EINVAL, [BH_LAST_DOT_DOT] = -ENOTEMPTY, [BH_LAST_ROOT] = -EBUSY};
    enum bh_last last = bh_place_last(place);
    if (last != BH_LAST_NAME)
        return wrong[last];
    if (bh_place_covered(instance, place) == BH_GRANTED)
        return -EBUSY;
    int error = may_change(instance, place);
    return error ? error : unlinkat(place->at.fd, place->rest, AT_REMOVEDIR) ? -errno : 0;
}

static int64_t remove_name(bh_instance *instance, int64_t directory, uint64_t path, bool is_directory) {
    struct bh_place place;
    int64_t result = bh_place_parent(instance, directory, path, &place, is_directory ? "rmdir" : "unlink");
    if (!result)
        result = is_directory ? remove_directory(instance, &place) : unlink_name(instance, &place);
    bh_place_end(&place);
    return result;
}

int64_t bh_sys_rmdir(bh_instance *instance, const uint64_t a[6]) { return remove_name(instance, HERE, a[0], true); }

int64_t bh_sys_unlink(bh_instance *instance, const uint64_t a[6]) { return remove_name(instance, HERE, a[0], false); }

int64_t bh_sys_unlinkat(bh_instance *instance, const uint64_t a[6]) {
    if ((uint32_t)a[2] & ~(uint32_t)AT_REMOVEDIR)
        return -EINVAL;
    return remove_name(instance, (int64_t)a[0], a[1], a[2] & AT_REMOVEDIR);
}

static int64_t rename_to(bh_instance *instance, const struct bh_place *from, const struct bh_place *to,
                         uint64_t flags) {
    if (bh_place_last(from) != BH_LAST_NAME)
        return -EBUSY;
    if (bh_place_last(to) != BH_LAST_NAME)
        return flags ? -EEXIST : -EBUSY;
    if (bh_place_covered(instance, from) == BH_GRANTED || bh_place_covered(instance, to) == BH_GRANTED)
        return -EBUSY;
    int error = may_change(instance, from);
    if (!error)
        error = may_change(instance, to);
    if (error)
        return error;
    return syscall(SYS_renameat2, from->at.fd, from->rest, to->at.fd, to->rest, (unsigned)flags) ? -errno : 0;
}

static int64_t rename_names(bh_instance *instance, int64_t from_directory, uint64_t from, int64_t to_directory,
                            uint64_t to, uint64_t flags) {
    struct bh_place from_place, to_place;
    if (flags & ~(uint64_t)RENAME_NOREPLACE)
        return -EINVAL;
    int64_t result = bh_place_parent(instance, from_directory, from, &from_place, "rename");
    if (!result) {
        result = bh_place_parent(instance, to_directory, to, &to_place, "rename");
        if (!result)
            result = rename_to(instance, &from_place, &to_place, flags);
        bh_place_end(&to_place);
    }
    bh_place_end(&from_place);
    return result;
}

int64_t bh_sys_rename(bh_instance *instance, const uint64_t a[6]) {
    return rename_names(instance, HERE, a[0], HERE, a[1], 0);
}

int64_t bh_sys_renameat(bh_instance *instance, const uint64_t a[6]) {
    return rename_names(instance, (int64_t)a[0], a[1], (int64_t)a[2], a[3], 0);
}

int64_t bh_sys_renameat2(bh_instance *instance, const uint64_t a[6]) {
    return rename_names(instance, (int64_t)a[0], a[1], (int64_t)a[2], a[3], (uint32_t)a[4]);
}

/* A symbolic link that a guest makes may lead a program of the host out of the directory that it was granted. A hard
 * link is a second name for a file, and the guest keeps the one in a directory that it may change when the other's is
 * granted read-only some day. */
static int64_t no_links(bh_instance *instance, const char *call) {
    return bh_refuse(instance, EPERM, call, "guests do not make links");
}

int64_t bh_sys_symlink(bh_instance *instance, const uint64_t a[6]) { return no_links(instance, "symlink"); }

int64_t bh_sys_symlinkat(bh_instance *instance, const uint64_t a[6]) { return no_links(instance, "symlinkat"); }

/* Named semaphores are made complete under a name of their own, and linked to the one that others open. So in the
 * directory that is granted as /dev/shm, itself and not what is beneath it, files get second names. */
static bool is_shared_memory(const bh_instance *instance, const struct bh_place *place) {
    return place->at.fd != BH_NOWHERE && !strcmp(instance->policy->grants[place->at.grant].guest_path, "/dev/shm") &&
           bh_directory_is_root(instance, &place->at) == BH_ROOT && bh_place_last(place) == BH_LAST_NAME;
}

static int64_t link_file(bh_instance *instance, const struct bh_place *from, const struct bh_place *to) {
    struct stat info;
    char name[40];
    int error = may_change(instance, to);
    if (error)
        return error;
    int fd = bh_place_open_in(from->at.fd, from->rest, O_PATH, 0);
    if (fd < 0)
        return fd;
    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    int64_t result = -EPERM;
    if (!fstat(fd, &info) && S_ISREG(info.st_mode))
        result = linkat(AT_FDCWD, name, to->at.fd, to->rest, AT_SYMLINK_FOLLOW) ? -errno : 0;
    close(fd);
    return result;
}

static int64_t link_names(bh_instance *instance, int64_t from_directory, uint64_t from, int64_t to_directory,
                          uint64_t to) {
    struct bh_place from_place, to_place;
    bool served = !bh_place_parent(instance, from_directory, from, &from_place, "link");
    served &= !bh_place_parent(instance, to_directory, to, &to_place, "link");
    served = served && is_shared_memory(instance, &from_place) && is_shared_memory(instance, &to_place);
    int64_t result = served ? link_file(instance, &from_place, &to_place) : no_links(instance, "link");
    bh_place_end(&from_place);
    bh_place_end(&to_place);
    return result;
}

int64_t bh_sys_link(bh_instance *instance, const uint64_t a[6]) { return link_names(instance, HERE, a[0], HERE, a[1]); }

int64_t bh_sys_linkat(bh_instance *instance, const uint64_t a[6]) {
    return (uint32_t)a[4] ? no_links(instance, "linkat")
                          : link_names(instance, (int64_t)a[0], a[1], (int64_t)a[2], a[3]);
}
