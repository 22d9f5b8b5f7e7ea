/* The guest's descriptors: opening, closing, duplicating, fcntl. */
#include "linux.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

bh_syscall bh_sys_open, bh_sys_openat, bh_sys_creat, bh_sys_close, bh_sys_dup, bh_sys_dup2, bh_sys_dup3, bh_sys_fcntl,
    bh_sys_ioctl, bh_sys_close_range;

/* What a guest may ask of open. The rest is ignored where that is harmless and refused otherwise. */
#define OPEN_CREATION (O_CREAT | O_EXCL | O_TRUNC)
#define OPEN_STATUS (O_ACCMODE | O_APPEND | O_NONBLOCK | O_SYNC | O_DSYNC)
#define OPEN_OTHER (O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define OPEN_IGNORED (0100000 /* O_LARGEFILE */ | O_NOATIME | O_NOCTTY | O_DIRECT)

struct bh_file *bh_file_get(bh_instance *instance, uint64_t fd) {
    const struct bh_linux *state = instance->personality;
    if ((uint32_t)fd >= state->file_count)
        return NULL;
    struct bh_file *file = &state->file[BH_BOUNDED((uint32_t)fd, state->file_count)];
    return file->kind == BH_FILE_CLOSED ? NULL : file;
}

struct bh_file *bh_file_entry(bh_instance *instance, unsigned fd) {
    struct bh_linux *state = instance->personality;
    if (fd >= state->file_count) {
        struct bh_file *all = realloc(state->file, state->file_limit * sizeof(*all));
        if (!all)
            return NULL;
        memset(all + state->file_count, 0, (state->file_limit - state->file_count) * sizeof(*all));
        state->file = all;
        state->file_count = state->file_limit;
    }
    return &state->file[BH_BOUNDED(fd, state->file_count)];
}

int64_t bh_file_add(bh_instance *instance, const struct bh_file *file, unsigned from) {
    for (unsigned fd = from; fd < instance->personality->file_soft; fd++) {
        struct bh_file *entry = bh_file_entry(instance, fd);
        if (!entry)
            return -ENOMEM;
        if (entry->kind == BH_FILE_CLOSED) {
            *entry = *file;
            return fd;
        }
    }
    return -EMFILE;
}

void bh_file_close(bh_instance *instance, struct bh_file *file) {
    if (file->kind != BH_FILE_CLOSED && file->owned)
        bh_close_host(instance, file->host, file->memory, file->pipe);
    *file = (struct bh_file){0};
}

int bh_file_reopen(int path_fd, int flags) {
    char name[40];
    snprintf(name, sizeof(name), "/proc/self/fd/%d", path_fd);
    int fd = bh_fd_open(name, flags);
    return fd < 0 ? -errno : fd;
}

int bh_file_access(int fd, int mode) {
    char name[40];
    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    return faccessat(AT_FDCWD, name, mode, AT_EACCESS) ? -errno : 0;
}

/* The mode that the guest asked for, less its own umask: that of the host's process has been applied as well. */
static int settle_mode(int fd, uint64_t mode, struct stat *info) {
    if (fstat(fd, info))
        return -EIO;
    return (info->st_mode & 0777) == mode || !fchmod(fd, (mode_t)mode) ? 0 : -errno;
}

/* Nothing there: what O_EXCL makes is a regular file for certain. */
static int create(bh_instance *instance, const struct bh_place *place, int status, uint64_t mode, struct stat *info) {
    int error = place->at.fd == BH_NOWHERE ? -EROFS : bh_place_may_change(instance, place, place->at.fd);
    if (error)
        return error;
    int fd = bh_place_open_in(place->at.fd, place->rest, (uint64_t)(status & ~O_TRUNC) | O_CREAT | O_EXCL, mode);
    error = fd < 0 ? 0 : settle_mode(fd, mode, info);
    if (error)
        close(fd);
    return error ? error : fd;
}

/* O_TRUNC, which the kernel does in one go. */
static int cut(bh_instance *instance, int path_fd, int fd, int status) {
    int writer = (status & O_ACCMODE) == O_RDONLY ? bh_file_reopen(path_fd, O_WRONLY) : fd;
    int error = writer < 0 ? writer : (int)bh_resize(instance, writer, 0, false);
    if (writer >= 0 && writer != fd)
        close(writer);
    return error;
}

/* Opens what is there. *change: whether the guest may change it, by the grants. */
static int open_existing(bh_instance *instance, struct bh_place *place, uint64_t flags, struct stat *info,
                         int *change) {
    bool once = (flags & O_CREAT) && (flags & O_EXCL);
    int status = (int)(flags & (OPEN_STATUS | O_TRUNC | O_DIRECTORY));
    int path_fd = bh_place_look(instance, place, once || (flags & O_NOFOLLOW), info, change);
    if (path_fd < 0 && path_fd != BH_ANCESTOR)
        return path_fd;
    bool directory = S_ISDIR(info->st_mode), link = S_ISLNK(info->st_mode);
    bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);
    int fd = 0;
    if (once)
        fd = -EEXIST;
    else if (directory && ((flags & O_CREAT) || writes))
        fd = -EISDIR;
    else if (!directory && (flags & O_DIRECTORY))
        fd = -ENOTDIR;
    else if (link && !(flags & O_PATH))
        fd = -ELOOP;
    else if (path_fd == BH_ANCESTOR)
        return bh_ancestor_open((int)(flags & (OPEN_STATUS | O_PATH)));
    else if (flags & O_PATH)
        return path_fd;
    else if (writes && *change)
        fd = *change;
    else
        fd = bh_file_reopen(path_fd, status & ~O_TRUNC);
    int error = fd >= 0 && (status & O_TRUNC) ? cut(instance, path_fd, fd, status) : 0;
    if (path_fd >= 0)
        close(path_fd);
    if (error)
        close(fd);
    return error ? error : fd;
}

static int open_place(bh_instance *instance, struct bh_place *place, uint64_t flags, uint64_t mode, struct stat *info,
                      int *change) {
    place->creates = flags & O_CREAT;
    for (int attempt = 0; attempt < BH_ATTEMPTS; attempt++) {
        int fd = open_existing(instance, place, flags, info, change);
        if (fd != -ENOENT || !place->creates || !place->missing)
            return fd;
        fd = create(instance, place, (int)(flags & OPEN_STATUS), mode, info);
        *change = 0;
        if (fd != -EEXIST || (flags & O_EXCL))
            return fd;
    }
    return -ENOENT; /* somebody creates and removes it all the time */
}

static struct bh_file describe(const struct bh_place *place, uint64_t flags, int host, const struct stat *info,
                               int change) {
    struct bh_file file = {.host = host,
                           .owned = true,
                           .cloexec = flags & O_CLOEXEC,
                           .write = !change,
                           .grant = place->at.grant,
                           .depth = place->depth};
    file.named = flags & O_PATH;
    file.kind = !S_ISDIR(info->st_mode)      ? file.named ? BH_FILE_NAMED : BH_FILE_REGULAR
                : place->at.fd == BH_NOWHERE ? BH_FILE_ANCESTOR
                                             : BH_FILE_DIRECTORY;
    file.in_pieces = file.kind == BH_FILE_REGULAR;
    return file;
}

static int64_t open_found(bh_instance *instance, struct bh_place *place, uint64_t flags, uint64_t mode) {
    struct stat info;
    int change, room = bh_descriptor_take();
    if (room)
        return room;
    int host =
        open_place(instance, place, flags, mode & 0777 & ~(uint64_t)instance->personality->umask, &info, &change);
    if (host < 0) {
        bh_descriptor_return();
        return host == -EROFS ? bh_place_refuse(instance, place, EROFS) : host;
    }
    struct bh_file file = describe(place, flags, host, &info, change);
    int64_t fd = bh_file_add(instance, &file, 0);
    if (fd < 0)
        bh_file_close(instance, &file);
    return fd;
}

static int64_t open_at(bh_instance *instance, uint64_t directory, uint64_t path, uint64_t flags, uint64_t mode) {
    struct bh_place place;
    struct bh_device device;
    flags = (uint32_t)flags & ~(uint64_t)OPEN_IGNORED;
    if (flags & O_PATH)
        flags &= O_PATH | OPEN_OTHER;
    if ((flags & O_CREAT) && (flags & O_DIRECTORY))
        return -EINVAL;
    if (bh_device_find(instance, (int64_t)directory, path, &device))
        return bh_device_open(instance, &device, flags);
    int error = bh_place_find(instance, (int64_t)directory, path, &place, "open");
    int64_t result = error;
    if (!error && (flags & ~(uint64_t)(OPEN_CREATION | OPEN_STATUS | OPEN_OTHER | O_PATH)))
        result = bh_place_refuse(instance, &place, (flags & O_TMPFILE) == O_TMPFILE ? EOPNOTSUPP : EINVAL);
    else if (!error)
        result = open_found(instance, &place, flags, mode);
    bh_place_end(&place);
    return result;
}

int64_t bh_sys_open(bh_instance *instance, const uint64_t a[6]) {
    return open_at(instance, (uint64_t)AT_FDCWD, a[0], a[1], a[2]);
}

int64_t bh_sys_openat(bh_instance *instance, const uint64_t a[6]) { return open_at(instance, a[0], a[1], a[2], a[3]); }

int64_t bh_sys_creat(bh_instance *instance, const uint64_t a[6]) {
    return open_at(instance, (uint64_t)AT_FDCWD, a[0], O_CREAT | O_WRONLY | O_TRUNC, a[1]);
}

int64_t bh_sys_close(bh_instance *instance, const uint64_t a[6]) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    if (!file)
        return -EBADF;
    bh_file_close(instance, file);
    return 0;
}

int64_t bh_sys_close_range(bh_instance *instance, const uint64_t a[6]) {
    uint32_t last = (uint32_t)a[1], flags = (uint32_t)a[2];
    if ((flags & ~CLOSE_RANGE_CLOEXEC) || (uint32_t)a[0] > last)
        return -EINVAL;
    for (uint64_t fd = (uint32_t)a[0]; fd <= last && fd < instance->personality->file_count; fd++) {
        struct bh_file *file = bh_file_get(instance, fd);
        if (file && flags)
            file->cloexec = true;
        else if (file)
            bh_file_close(instance, file);
        if (bh_stopping(instance))
            return -EINTR;
    }
    return 0;
}

/* Another one of the same, to be put into the table: 0 or -errno. */
static int copy_file(bh_instance *instance, const struct bh_file *file, bool cloexec, struct bh_file *copy) {
    int room = bh_descriptor_take();
    if (room)
        return room;
    *copy = *file;
    copy->host = bh_fd_apart(fcntl(file->host, F_DUPFD_CLOEXEC, 0));
    copy->owned = true;
    copy->cloexec = cloexec;
    if (copy->host < 0) {
        int error = errno;
        bh_descriptor_return();
        return -error;
    }
    bh_pipe_keep(copy->pipe);
    bh_memory_keep(copy->memory);
    return 0;
}

int64_t bh_file_duplicate(bh_instance *instance, uint64_t fd, unsigned from, bool cloexec) {
    struct bh_file *file = bh_file_get(instance, fd), copy;
    if (!file)
        return -EBADF;
    if (from >= instance->personality->file_soft)
        return -EINVAL;
    int error = copy_file(instance, file, cloexec, &copy);
    if (error)
        return error;
    /* The table may move when it grows: file is not looked at after that. */
    int64_t added = bh_file_add(instance, &copy, from);
    if (added < 0)
        bh_file_close(instance, &copy);
    return added;
}

int64_t bh_sys_dup(bh_instance *instance, const uint64_t a[6]) { return bh_file_duplicate(instance, a[0], 0, false); }

static int64_t duplicate_to(bh_instance *instance, uint64_t from, uint64_t to, bool cloexec) {
    if (!bh_file_get(instance, from) || (uint32_t)to >= instance->personality->file_soft)
        return -EBADF;
    if ((uint32_t)from == (uint32_t)to)
        return (int64_t)to;
    /* What it replaces stays as it was when there cannot be another one: so that one comes first. */
    struct bh_file *replaced = bh_file_entry(instance, (uint32_t)to), copy;
    int error = replaced ? copy_file(instance, bh_file_get(instance, from), cloexec, &copy) : -ENOMEM;
    if (error)
        return error;
    bh_file_close(instance, replaced);
    *replaced = copy;
    return (int64_t)to;
}

int64_t bh_sys_dup2(bh_instance *instance, const uint64_t a[6]) { return duplicate_to(instance, a[0], a[1], false); }

int64_t bh_sys_dup3(bh_instance *instance, const uint64_t a[6]) {
    if ((uint32_t)a[0] == (uint32_t)a[1] || (a[2] & ~(uint64_t)O_CLOEXEC))
        return -EINVAL;
    return duplicate_to(instance, a[0], a[1], a[2] & O_CLOEXEC);
}

/* A stream's flags are shared with the host, which does not expect its terminal to stop blocking. */
static int64_t set_flags(const struct bh_file *file, int flags) {
    if (file->kind == BH_FILE_STREAM)
        return 0;
    return fcntl(file->host, F_SETFL, flags & (O_APPEND | O_NONBLOCK)) < 0 ? -errno : 0;
}

int64_t bh_sys_fcntl(bh_instance *instance, const uint64_t a[6]) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    if (!file)
        return -EBADF;
    switch ((int)a[1]) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC: return bh_file_duplicate(instance, a[0], (unsigned)a[2], (int)a[1] == F_DUPFD_CLOEXEC);
    case F_GETFD: return file->cloexec ? FD_CLOEXEC : 0;
    case F_SETFD: file->cloexec = a[2] & FD_CLOEXEC; return 0;
    case F_GETFL: {
        int flags = fcntl(file->host, F_GETFL);
        return flags < 0 ? -errno : flags & (OPEN_STATUS | 0100000);
    }
    case F_SETFL: return set_flags(file, (int)a[2]);
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW: return bh_file_lock(instance, file, (int)a[1], a[2]);
    case F_GET_SEALS:
    case F_ADD_SEALS: return bh_memory_seals(instance, file, (int)a[1], a[2]);
    case F_GETPIPE_SZ:
    case F_SETPIPE_SZ: return bh_pipe_size(instance, file, (int)a[1], a[2]);
    default: return bh_refuse(instance, EINVAL, "fcntl", NULL);
    }
}

/* What the kernel says of a descriptor, and what changes the guest's own only. The size of a terminal is also how musl
 * asks whether it is one. Nothing that changes a device. */
int64_t bh_sys_ioctl(bh_instance *instance, const uint64_t a[6]) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    if (!file)
        return -EBADF;
    struct winsize size;
    int number;
    switch ((uint32_t)a[1]) {
    case TIOCGWINSZ:
        if (file->kind != BH_FILE_STREAM || ioctl(file->host, TIOCGWINSZ, &size) < 0)
            return -ENOTTY;
        return bh_put(instance, a[2], &size, sizeof(size)) ? 0 : -EFAULT;
    case FIONREAD:
        if (ioctl(file->host, FIONREAD, &number) < 0)
            return -errno;
        return bh_put(instance, a[2], &number, sizeof(number)) ? 0 : -EFAULT;
    case FIONBIO:
        if (file->kind == BH_FILE_STREAM)
            return -ENOTTY;
        if (!bh_get(instance, &number, a[2], sizeof(number)))
            return -EFAULT;
        return set_flags(file, (fcntl(file->host, F_GETFL) & ~O_NONBLOCK) | (number ? O_NONBLOCK : 0));
    default: return -ENOTTY;
    }
}
