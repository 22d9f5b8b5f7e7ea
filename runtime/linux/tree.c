/* The file tree: looking at objects, making, renaming and removing them. */
#include "linux.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

bh_syscall bh_sys_stat, bh_sys_lstat, bh_sys_fstat, bh_sys_newfstatat, bh_sys_access, bh_sys_faccessat, bh_sys_faccessat2,
    bh_sys_readlink, bh_sys_readlinkat, bh_sys_getcwd, bh_sys_chdir, bh_sys_fchdir, bh_sys_mkdir, bh_sys_mkdirat, bh_sys_rmdir,
    bh_sys_unlink, bh_sys_unlinkat, bh_sys_rename, bh_sys_renameat, bh_sys_renameat2, bh_sys_chmod, bh_sys_fchmod,
    bh_sys_fchmodat, bh_sys_chown, bh_sys_lchown, bh_sys_fchown, bh_sys_fchownat, bh_sys_utimensat, bh_sys_utimes,
    bh_sys_futimesat, bh_sys_truncate, bh_sys_symlink, bh_sys_symlinkat, bh_sys_link, bh_sys_linkat, bh_sys_umask;

#define HERE ((int64_t)AT_FDCWD)

/* The guest is its own user: it owns what the host's user owns. */
static bool owned(const struct stat *info) {
    return info->st_uid == geteuid();
}

static int64_t put_stat(bh_instance *instance, uint64_t address, struct stat *info) {
    _Static_assert(sizeof(*info) == 144, "struct stat is not the kernel's");
    info->st_gid = owned(info) ? BH_GUEST_ID : 65534;
    info->st_uid = owned(info) ? BH_GUEST_ID : 65534;
    return bh_put(instance, address, info, sizeof(*info)) ? 0 : -EFAULT;
}

static int64_t stat_place(bh_instance *instance, int64_t directory, uint64_t path, uint64_t address, bool nofollow) {
    struct bh_place place;
    struct stat info;
    int fd = bh_place_find(instance, directory, path, &place, "stat");
    if (!fd)
        fd = bh_place_look(&place, nofollow, &info);
    if (fd < 0)
        return fd;
    close(fd);
    return put_stat(instance, address, &info);
}

int64_t bh_sys_stat(bh_instance *instance, const uint64_t a[6]) {
    return stat_place(instance, HERE, a[0], a[1], false);
}

int64_t bh_sys_lstat(bh_instance *instance, const uint64_t a[6]) {
    return stat_place(instance, HERE, a[0], a[1], true);
}

int64_t bh_sys_fstat(bh_instance *instance, const uint64_t a[6]) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    struct stat info;
    if (!file)
        return -EBADF;
    return fstat(file->host, &info) ? -errno : put_stat(instance, a[1], &info);
}

int64_t bh_sys_newfstatat(bh_instance *instance, const uint64_t a[6]) {
    char first;
    if ((a[3] & AT_EMPTY_PATH) && bh_get(instance, &first, a[1], 1) && !first && (int32_t)a[0] != AT_FDCWD) {
        const uint64_t fstat_arguments[6] = {a[0], a[2]};
        return bh_sys_fstat(instance, fstat_arguments);
    }
    return stat_place(instance, (int64_t)a[0], a[1], a[2], a[3] & AT_SYMLINK_NOFOLLOW);
}

static int64_t access_place(bh_instance *instance, int64_t directory, uint64_t path, uint64_t mode, uint64_t flags) {
    struct bh_place place;
    struct stat info;
    char name[40];
    int change = -EROFS;
    if (mode & ~(uint64_t)(R_OK | W_OK | X_OK))
        return -EINVAL;
    bool nofollow = flags & AT_SYMLINK_NOFOLLOW;
    int fd = bh_place_find(instance, directory, path, &place, "access");
    if (!fd && (mode & W_OK) && place.grant->write)
        fd = bh_place_look_closely(instance, &place, nofollow, &info, &change);
    else if (!fd)
        fd = bh_place_look(&place, nofollow, &info);
    if (fd < 0)
        return fd;
    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    int64_t result = (mode & W_OK) && change ? change : faccessat(AT_FDCWD, name, (int)mode, AT_EACCESS) ? -errno : 0;
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

static int64_t read_link(bh_instance *instance, int64_t directory, uint64_t path, uint64_t buffer, uint64_t size) {
    struct bh_place place;
    char target[PATH_MAX];
    int fd = bh_place_find(instance, directory, path, &place, "readlink");
    if (!fd)
        fd = bh_place_look(&place, true, NULL);
    if (fd < 0)
        return fd;
    ssize_t length = readlinkat(fd, "", target, sizeof(target));
    int64_t result = length < 0 ? (errno == ENOENT ? -EINVAL : -errno) : length;
    close(fd);
    if (result > (int64_t)size)
        result = (int64_t)size;
    if (result > 0 && !bh_put(instance, buffer, target, (uint64_t)result))
        return -EFAULT;
    return result;
}

int64_t bh_sys_readlink(bh_instance *instance, const uint64_t a[6]) {
    return read_link(instance, HERE, a[0], a[1], (uint32_t)a[2]);
}

int64_t bh_sys_readlinkat(bh_instance *instance, const uint64_t a[6]) {
    return read_link(instance, (int64_t)a[0], a[1], a[2], (uint32_t)a[3]);
}

/* ---- The working directory: a guest path and nothing else ---- */

int64_t bh_sys_getcwd(bh_instance *instance, const uint64_t a[6]) {
    const char *cwd = instance->personality->cwd ? instance->personality->cwd : "/";
    uint64_t size = strlen(cwd) + 1;
    if (a[1] < size)
        return -ERANGE;
    return bh_put(instance, a[0], cwd, size) ? (int64_t)size : -EFAULT;
}

/* Takes over cwd. */
static void set_cwd(bh_instance *instance, char *cwd) {
    free(instance->personality->cwd);
    instance->personality->cwd = *cwd ? cwd : NULL;
    if (!*cwd)
        free(cwd);
}

int64_t bh_sys_chdir(bh_instance *instance, const uint64_t a[6]) {
    struct bh_place place;
    struct stat info;
    int fd = bh_place_find(instance, HERE, a[0], &place, "chdir");
    if (!fd)
        fd = bh_place_look(&place, false, &info);
    if (fd < 0)
        return fd;
    close(fd);
    if (!S_ISDIR(info.st_mode))
        return -ENOTDIR;
    /* ".." is resolved here once and for all, so that the name does not grow. */
    char *cwd = malloc(strlen(place.full) + 1);
    if (!cwd)
        return -ENOMEM;
    char *to = cwd;
    *to = 0;
    for (char *save, *part = strtok_r(place.full, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
        if (!strcmp(part, "..")) {
            char *slash = strrchr(cwd, '/');
            to = slash ? slash : cwd;
            *to = 0;
        } else {
            to += sprintf(to, "/%s", part);
        }
    }
    set_cwd(instance, cwd);
    return 0;
}

int64_t bh_sys_fchdir(bh_instance *instance, const uint64_t a[6]) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    if (!file)
        return -EBADF;
    if (file->kind != BH_FILE_DIRECTORY)
        return -ENOTDIR;
    char *cwd = strdup(file->path);
    if (!cwd)
        return -ENOMEM;
    set_cwd(instance, cwd);
    return 0;
}

/* ---- Changes: the parent beneath the grant, and one name in it that is never followed ---- */

static int writable_parent(bh_instance *instance, int64_t directory, uint64_t path, struct bh_place *place, const char **last,
                           const char *call) {
    int error = bh_place_find(instance, directory, path, place, call);
    if (error)
        return error;
    if (!place->grant->write)
        return (int)bh_refuse(instance, EROFS, call, place->full);
    int parent = bh_place_parent(instance, place, last);
    return parent == -EROFS ? (int)bh_refuse(instance, EROFS, call, place->full) : parent;
}

/* The mode that the guest asked for, less its own umask: that of the host's process has been applied as well. Whatever has the name by
 * now, the guest may change its mode. */
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

static int64_t make_directory(bh_instance *instance, int64_t directory, uint64_t path, uint64_t mode) {
    struct bh_place place;
    const char *last;
    int parent = writable_parent(instance, directory, path, &place, &last, "mkdir");
    if (parent < 0)
        return parent == -EBUSY ? -EEXIST : parent;
    mode &= 0777 & ~instance->personality->umask;
    int64_t result = mkdirat(parent, last, (mode_t)mode) ? -errno : settle_directory(parent, last, mode);
    close(parent);
    return result;
}

int64_t bh_sys_mkdir(bh_instance *instance, const uint64_t a[6]) {
    return make_directory(instance, HERE, a[0], a[1]);
}

int64_t bh_sys_mkdirat(bh_instance *instance, const uint64_t a[6]) {
    return make_directory(instance, (int64_t)a[0], a[1], a[2]);
}

static int64_t remove_name(bh_instance *instance, int64_t directory, uint64_t path, int flags) {
    struct bh_place place;
    const char *last;
    int parent = writable_parent(instance, directory, path, &place, &last, flags ? "rmdir" : "unlink");
    if (parent < 0)
        return parent;
    int64_t result = bh_place_is_granted(instance, parent, last) ? -EBUSY : unlinkat(parent, last, flags) ? -errno : 0;
    close(parent);
    return result;
}

int64_t bh_sys_rmdir(bh_instance *instance, const uint64_t a[6]) {
    return remove_name(instance, HERE, a[0], AT_REMOVEDIR);
}

int64_t bh_sys_unlink(bh_instance *instance, const uint64_t a[6]) {
    return remove_name(instance, HERE, a[0], 0);
}

int64_t bh_sys_unlinkat(bh_instance *instance, const uint64_t a[6]) {
    if (a[2] & ~(uint64_t)AT_REMOVEDIR)
        return -EINVAL;
    return remove_name(instance, (int64_t)a[0], a[1], (int)a[2]);
}

static int64_t rename_names(bh_instance *instance, int64_t from_directory, uint64_t from, int64_t to_directory, uint64_t to,
                            uint64_t flags) {
    struct bh_place from_place, to_place;
    const char *from_last, *to_last;
    if (flags & ~(uint64_t)RENAME_NOREPLACE)
        return -EINVAL;
    int from_parent = writable_parent(instance, from_directory, from, &from_place, &from_last, "rename");
    if (from_parent < 0)
        return from_parent;
    int to_parent = writable_parent(instance, to_directory, to, &to_place, &to_last, "rename");
    if (to_parent < 0) {
        close(from_parent);
        return to_parent;
    }
    bool busy = bh_place_is_granted(instance, from_parent, from_last) || bh_place_is_granted(instance, to_parent, to_last);
    int64_t result = busy ? -EBUSY : syscall(SYS_renameat2, from_parent, from_last, to_parent, to_last, (unsigned)flags) ? -errno : 0;
    close(from_parent);
    close(to_parent);
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

/* A link that a guest makes may lead a program of the host out of the directory that it was granted. */
static int64_t no_links(bh_instance *instance, const char *call) {
    return bh_refuse(instance, EPERM, call, "guests do not make links");
}

int64_t bh_sys_symlink(bh_instance *instance, const uint64_t a[6]) {
    return no_links(instance, "symlink");
}

int64_t bh_sys_symlinkat(bh_instance *instance, const uint64_t a[6]) {
    return no_links(instance, "symlinkat");
}

int64_t bh_sys_link(bh_instance *instance, const uint64_t a[6]) {
    return no_links(instance, "link");
}

int64_t bh_sys_linkat(bh_instance *instance, const uint64_t a[6]) {
    return no_links(instance, "linkat");
}

/* ---- Attributes ---- */

/* An O_PATH descriptor of something in a read-write grant; name gets a path that stands for it. */
static int writable_object(bh_instance *instance, int64_t directory, uint64_t path, bool nofollow, struct stat *info,
                           char name[40], const char *call) {
    struct bh_place place;
    int fd = bh_place_find(instance, directory, path, &place, call);
    if (fd)
        return fd;
    if (!place.grant->write)
        return (int)bh_refuse(instance, EROFS, call, place.full);
    int change = 0;
    fd = bh_place_look_closely(instance, &place, nofollow, info, &change);
    if (fd < 0)
        return fd;
    snprintf(name, 40, "/proc/self/fd/%d", fd);
    if (change || S_ISLNK(info->st_mode)) {
        close(fd);
        return change == -EROFS ? (int)bh_refuse(instance, EROFS, call, place.full) : change ? change : -EOPNOTSUPP;
    }
    return fd;
}

static int64_t change_mode(bh_instance *instance, int64_t directory, uint64_t path, uint64_t mode) {
    struct stat info;
    char name[40];
    int fd = writable_object(instance, directory, path, false, &info, name, "chmod");
    if (fd < 0)
        return fd;
    /* No set-user-ID programs of the host's user. */
    int64_t result = chmod(name, mode & 0777) ? -errno : 0;
    close(fd);
    return result;
}

int64_t bh_sys_chmod(bh_instance *instance, const uint64_t a[6]) {
    return change_mode(instance, HERE, a[0], a[1]);
}

int64_t bh_sys_fchmodat(bh_instance *instance, const uint64_t a[6]) {
    return change_mode(instance, (int64_t)a[0], a[1], a[2]);
}

int64_t bh_sys_fchmod(bh_instance *instance, const uint64_t a[6]) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    if (!file)
        return -EBADF;
    if (file->kind == BH_FILE_STREAM || !file->write)
        return bh_refuse(instance, file->kind == BH_FILE_STREAM ? EPERM : EROFS, "fchmod", NULL);
    return fchmod(file->host, a[1] & 0777) ? -errno : 0;
}

/* The guest has one user and one group: it can only "give" a file to itself. */
static int64_t change_owner(const struct stat *info, uint64_t user, uint64_t group) {
    bool user_stays = (uint32_t)user == UINT32_MAX || (uint32_t)user == BH_GUEST_ID;
    bool group_stays = (uint32_t)group == UINT32_MAX || (uint32_t)group == BH_GUEST_ID;
    return owned(info) && user_stays && group_stays ? 0 : -EPERM;
}

static int64_t change_owner_at(bh_instance *instance, int64_t directory, uint64_t path, bool nofollow, uint64_t user,
                               uint64_t group) {
    struct stat info;
    char name[40];
    int fd = writable_object(instance, directory, path, nofollow, &info, name, "chown");
    if (fd < 0)
        return fd;
    close(fd);
    return change_owner(&info, user, group);
}

int64_t bh_sys_chown(bh_instance *instance, const uint64_t a[6]) {
    return change_owner_at(instance, HERE, a[0], false, a[1], a[2]);
}

int64_t bh_sys_lchown(bh_instance *instance, const uint64_t a[6]) {
    return change_owner_at(instance, HERE, a[0], true, a[1], a[2]);
}

int64_t bh_sys_fchownat(bh_instance *instance, const uint64_t a[6]) {
    return change_owner_at(instance, (int64_t)a[0], a[1], a[4] & AT_SYMLINK_NOFOLLOW, a[2], a[3]);
}

int64_t bh_sys_fchown(bh_instance *instance, const uint64_t a[6]) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    struct stat info;
    if (!file)
        return -EBADF;
    return fstat(file->host, &info) ? -errno : change_owner(&info, a[1], a[2]);
}

static int64_t change_times(bh_instance *instance, int64_t directory, uint64_t path, const struct timespec *times,
                            bool nofollow) {
    if (!path) {
        struct bh_file *file = bh_file_get(instance, (uint64_t)directory);
        if (!file)
            return -EBADF;
        if (file->kind == BH_FILE_STREAM || !file->write)
            return bh_refuse(instance, file->kind == BH_FILE_STREAM ? EPERM : EROFS, "utimensat", NULL);
        return futimens(file->host, times) ? -errno : 0;
    }
    struct stat info;
    char name[40];
    int fd = writable_object(instance, directory, path, nofollow, &info, name, "utimensat");
    if (fd < 0)
        return fd;
    int64_t result = utimensat(AT_FDCWD, name, times, 0) ? -errno : 0;
    close(fd);
    return result;
}

int64_t bh_sys_utimensat(bh_instance *instance, const uint64_t a[6]) {
    struct timespec times[2];
    if (a[2] && !bh_get(instance, times, a[2], sizeof(times)))
        return -EFAULT;
    return change_times(instance, (int64_t)a[0], a[1], a[2] ? times : NULL, a[3] & AT_SYMLINK_NOFOLLOW);
}

static int64_t change_times_micro(bh_instance *instance, int64_t directory, uint64_t path, uint64_t address) {
    struct timeval micro[2];
    if (!address)
        return change_times(instance, directory, path, NULL, false);
    if (!bh_get(instance, micro, address, sizeof(micro)))
        return -EFAULT;
    for (int n = 0; n < 2; n++)
        if (micro[n].tv_usec < 0 || micro[n].tv_usec >= 1000000)
            return -EINVAL;
    struct timespec times[2] = {{micro[0].tv_sec, micro[0].tv_usec * 1000}, {micro[1].tv_sec, micro[1].tv_usec * 1000}};
    return change_times(instance, directory, path, times, false);
}

int64_t bh_sys_utimes(bh_instance *instance, const uint64_t a[6]) {
    return change_times_micro(instance, HERE, a[0], a[1]);
}

int64_t bh_sys_futimesat(bh_instance *instance, const uint64_t a[6]) {
    return change_times_micro(instance, (int64_t)a[0], a[1], a[2]);
}

int64_t bh_sys_truncate(bh_instance *instance, const uint64_t a[6]) {
    struct stat info;
    char name[40];
    int fd = writable_object(instance, HERE, a[0], false, &info, name, "truncate");
    if (fd < 0)
        return fd;
    struct bh_raised raised;
    bh_raised_hold(&raised);
    int64_t result = truncate(name, (off_t)a[1]) ? -errno : 0;
    close(fd);
    return bh_raised_pass_on(instance, &raised, result, result < 0);
}

int64_t bh_sys_umask(bh_instance *instance, const uint64_t a[6]) {
    unsigned old = instance->personality->umask;
    instance->personality->umask = a[0] & 0777;
    return old;
}
