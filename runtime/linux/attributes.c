/* Modes, owners, times and sizes of objects in read-write grants. */
#include "linux.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

bh_syscall bh_sys_chmod, bh_sys_fchmod, bh_sys_fchmodat, bh_sys_fchmodat2, bh_sys_chown, bh_sys_lchown, bh_sys_fchown,
    bh_sys_fchownat, bh_sys_utimensat, bh_sys_utimes, bh_sys_futimesat, bh_sys_truncate;

#define HERE ((int64_t)AT_FDCWD)

bool bh_guest_owns(const struct stat *info) { return info->st_uid == geteuid(); }

/* Something that the guest may change. */
struct object {
    int fd; /* O_PATH, or a copy of the guest's own */
    struct stat info;
    char name[40]; /* a path that stands for it; not for a symbolic link */
};

static int object_of_descriptor(bh_instance *instance, uint64_t fd, const char *call) {
    struct bh_file *file = bh_file_get(instance, fd);
    if (!file)
        return -EBADF;
    bool in_grant = file->kind == BH_FILE_REGULAR || file->kind == BH_FILE_DIRECTORY || file->kind == BH_FILE_NAMED;
    if (!in_grant || !file->write)
        return (int)bh_refuse(instance, in_grant || file->kind == BH_FILE_ANCESTOR ? EROFS : EPERM, call, NULL);
    int copy = bh_fd_apart(fcntl(file->host, F_DUPFD_CLOEXEC, 0));
    return copy < 0 ? -errno : copy;
}

static int object_of_path(bh_instance *instance, int64_t directory, uint64_t path, uint64_t flags, struct stat *info,
                          const char *call) {
    struct bh_place place;
    int change = 0, fd = bh_place_find(instance, directory, path, &place, call);
    if (fd == -ENOENT && bh_path_is_empty(instance, path, flags))
        fd = bh_place_here(instance, &place);
    if (!fd)
        fd = bh_place_look(instance, &place, flags & AT_SYMLINK_NOFOLLOW, info, &change);
    if (fd >= 0 && change) {
        close(fd);
        fd = change;
    }
    /* BH_ANCESTOR says the same. */
    if (fd == -EROFS)
        bh_place_refuse(instance, &place, EROFS);
    bh_place_end(&place);
    return fd;
}

/* 0: the caller closes it. */
static int open_object(bh_instance *instance, int64_t directory, uint64_t path, uint64_t flags, struct object *object,
                       const char *call) {
    if ((uint32_t)flags & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    bool own = (int32_t)directory != AT_FDCWD && bh_path_is_empty(instance, path, flags);
    object->fd = own ? object_of_descriptor(instance, (uint64_t)directory, call)
                     : object_of_path(instance, directory, path, flags, &object->info, call);
    if (object->fd < 0)
        return object->fd;
    snprintf(object->name, sizeof(object->name), "/proc/self/fd/%d", object->fd);
    if (!own || !fstat(object->fd, &object->info))
        return 0;
    close(object->fd);
    return -EIO;
}

/* What a call on a descriptor needs. */
static int changeable(bh_instance *instance, const struct bh_file *file, const char *call) {
    if (!file || file->named)
        return -EBADF;
    bool in_grant = file->kind == BH_FILE_REGULAR || file->kind == BH_FILE_DIRECTORY || file->kind == BH_FILE_ANCESTOR;
    return in_grant && file->write ? 0 : (int)bh_refuse(instance, in_grant ? EROFS : EPERM, call, NULL);
}

static int64_t change_mode(bh_instance *instance, int64_t directory, uint64_t path, uint64_t mode, uint64_t flags) {
    struct object object;
    int error = open_object(instance, directory, path, flags, &object, "chmod");
    if (error)
        return error;
    /* No set-user-ID programs of the host's user. */
    int64_t result = S_ISLNK(object.info.st_mode) ? -EOPNOTSUPP : chmod(object.name, mode & 0777) ? -errno : 0;
    close(object.fd);
    return result;
}

int64_t bh_sys_chmod(bh_instance *instance, const uint64_t a[6]) { return change_mode(instance, HERE, a[0], a[1], 0); }

int64_t bh_sys_fchmodat(bh_instance *instance, const uint64_t a[6]) {
    return change_mode(instance, (int64_t)a[0], a[1], a[2], 0);
}

int64_t bh_sys_fchmodat2(bh_instance *instance, const uint64_t a[6]) {
    return change_mode(instance, (int64_t)a[0], a[1], a[2], a[3]);
}

int64_t bh_sys_fchmod(bh_instance *instance, const uint64_t a[6]) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    int error = changeable(instance, file, "fchmod");
    return error ? error : fchmod(file->host, a[1] & 0777) ? -errno : 0;
}

/* The guest has one user and one group: it can only "give" a file to itself. */
static int64_t change_owner(const struct stat *info, uint64_t user, uint64_t group) {
    bool user_stays = (uint32_t)user == UINT32_MAX || (uint32_t)user == BH_GUEST_ID;
    bool group_stays = (uint32_t)group == UINT32_MAX || (uint32_t)group == BH_GUEST_ID;
    return bh_guest_owns(info) && user_stays && group_stays ? 0 : -EPERM;
}

static int64_t change_owner_at(bh_instance *instance, int64_t directory, uint64_t path, uint64_t flags, uint64_t user,
                               uint64_t group) {
    struct object object;
    int error = open_object(instance, directory, path, flags, &object, "chown");
    if (error)
        return error;
    close(object.fd);
    return change_owner(&object.info, user, group);
}

int64_t bh_sys_chown(bh_instance *instance, const uint64_t a[6]) {
    return change_owner_at(instance, HERE, a[0], 0, a[1], a[2]);
}

int64_t bh_sys_lchown(bh_instance *instance, const uint64_t a[6]) {
    return change_owner_at(instance, HERE, a[0], AT_SYMLINK_NOFOLLOW, a[1], a[2]);
}

int64_t bh_sys_fchownat(bh_instance *instance, const uint64_t a[6]) {
    return change_owner_at(instance, (int64_t)a[0], a[1], a[4], a[2], a[3]);
}

int64_t bh_sys_fchown(bh_instance *instance, const uint64_t a[6]) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    struct stat info;
    if (!file || file->named)
        return -EBADF;
    if (file->kind == BH_FILE_ANCESTOR)
        return bh_refuse(instance, EROFS, "fchown", NULL);
    return fstat(file->host, &info) ? -errno : change_owner(&info, a[1], a[2]);
}

static int64_t change_times(bh_instance *instance, int64_t directory, uint64_t path, const struct timespec *times,
                            uint64_t flags) {
    if (times && times[0].tv_nsec == UTIME_OMIT && times[1].tv_nsec == UTIME_OMIT)
        return 0;
    if (!path && (int32_t)directory != AT_FDCWD) {
        struct bh_file *file = bh_file_get(instance, (uint64_t)directory);
        if (flags)
            return -EINVAL;
        int error = changeable(instance, file, "utimensat");
        return error ? error : futimens(file->host, times) ? -errno : 0;
    }
    struct object object;
    int error = open_object(instance, directory, path, flags, &object, "utimensat");
    if (error)
        return error;
    bool link = S_ISLNK(object.info.st_mode);
    int64_t result =
        utimensat(link ? object.fd : AT_FDCWD, link ? "" : object.name, times, link ? AT_EMPTY_PATH : 0) ? -errno : 0;
    close(object.fd);
    return result;
}

int64_t bh_sys_utimensat(bh_instance *instance, const uint64_t a[6]) {
    struct timespec times[2];
    if (a[2] && !bh_get(instance, times, a[2], sizeof(times)))
        return -EFAULT;
    return change_times(instance, (int64_t)a[0], a[1], a[2] ? times : NULL, (uint32_t)a[3]);
}

static int64_t change_times_micro(bh_instance *instance, int64_t directory, uint64_t path, uint64_t address) {
    struct timeval micro[2];
    if (!address)
        return change_times(instance, directory, path, NULL, 0);
    if (!bh_get(instance, micro, address, sizeof(micro)))
        return -EFAULT;
    for (int n = 0; n < 2; n++)
        if (micro[n].tv_usec < 0 || micro[n].tv_usec >= 1000000)
            return -EINVAL;
    struct timespec times[2] = {{micro[0].tv_sec, micro[0].tv_usec * 1000}, {micro[1].tv_sec, micro[1].tv_usec * 1000}};
    return change_times(instance, directory, path, times, 0);
}

int64_t bh_sys_utimes(bh_instance *instance, const uint64_t a[6]) {
    return change_times_micro(instance, HERE, a[0], a[1]);
}

int64_t bh_sys_futimesat(bh_instance *instance, const uint64_t a[6]) {
    return change_times_micro(instance, (int64_t)a[0], a[1], a[2]);
}

int64_t bh_sys_truncate(bh_instance *instance, const uint64_t a[6]) {
    struct object object = {0};
    if ((int64_t)a[1] < 0)
        return -EINVAL;
    int error = open_object(instance, HERE, a[0], 0, &object, "truncate");
    if (error)
        return error == -EROFS && S_ISDIR(object.info.st_mode) ? -EISDIR : error;
    int fd = bh_fd_open(object.name, O_WRONLY);
    error = -errno;
    close(object.fd);
    if (fd < 0)
        return error;
    struct bh_raised raised;
    bh_raised_hold(&raised);
    int64_t result = bh_resize(instance, fd, a[1], false);
    close(fd);
    return bh_raised_pass_on(instance, &raised, result, result < 0);
}
