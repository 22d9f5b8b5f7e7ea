/* WASI's calls about files: standard streams, and files beneath the current directory, which is the program's root. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "host.h"

enum { ROOT = 3, DESCRIPTORS = 64, VECTORS = 16, PATH_BYTES = 4096 };

/* What WASI writes into memory, as its specification lays it out. */
struct fdstat {
    uint8_t type;
    uint8_t padding;
    uint16_t flags;
    uint32_t padding_to_8;
    uint64_t rights, inheriting;
};
struct filestat {
    uint64_t device, inode;
    uint8_t type;
    uint8_t padding[7];
    uint64_t links, size, accessed, modified, changed;
};
struct vector {
    uint32_t offset, size;
};
_Static_assert(sizeof(struct fdstat) == 24 && sizeof(struct filestat) == 64, "layouts of wasi_snapshot_preview1");

enum {
    RIGHT_SEEK = 1 << 2,
    RIGHT_TELL = 1 << 5,
    RIGHT_READ = 1 << 1,
    RIGHT_WRITE = 1 << 6,
    ALL_RIGHTS = (1 << 30) - 1
};

/* The host's descriptor for each of the program's, -1 where there is none. */
static int descriptors[DESCRIPTORS];

void files_init(void) {
    for (int i = 0; i < DESCRIPTORS; i++) {
        descriptors[i] = i < ROOT ? i : -1;
    }
    descriptors[ROOT] = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptors[ROOT] < 0) {
        perror("cannot open the current directory");
        exit(1);
    }
}

static int host_fd(uint32_t fd) { return fd < DESCRIPTORS ? descriptors[fd] : -1; }

static uint32_t error_of(int number) {
    switch (number) {
    case EACCES:
    case EPERM: return WASI_ACCES;
    case EBADF: return WASI_BADF;
    case EEXIST: return WASI_EXIST;
    case EINVAL: return WASI_INVAL;
    case EISDIR: return WASI_ISDIR;
    case ELOOP: return WASI_LOOP;
    case EMFILE:
    case ENFILE: return WASI_MFILE;
    case ENAMETOOLONG: return WASI_NAMETOOLONG;
    case ENOENT: return WASI_NOENT;
    case ENOSPC: return WASI_NOSPC;
    case ENOTDIR: return WASI_NOTDIR;
    case ESPIPE: return WASI_SPIPE;
    case EXDEV: return WASI_NOTCAPABLE; /* openat2: the path leads out of the root */
    default: return WASI_IO;
    }
}

static uint8_t type_of(mode_t mode) {
    return S_ISBLK(mode)    ? 1
           : S_ISCHR(mode)  ? 2
           : S_ISDIR(mode)  ? 3
           : S_ISREG(mode)  ? 4
           : S_ISSOCK(mode) ? 6
           : S_ISLNK(mode)  ? 7
                            : 0;
}

/* Reads or writes what a vector of the program describes. */
static uint32_t transfer(host_t *host, uint32_t fd, uint32_t table, uint32_t count, uint32_t result,
                         ssize_t (*call)(int, const struct iovec *, int)) {
    if (host_fd(fd) < 0) {
        return WASI_BADF;
    }
    if (count > VECTORS) {
        return WASI_INVAL;
    }
    const struct vector *vectors = guest_bytes(host, table, (uint64_t)count * sizeof *vectors);
    if (!vectors) {
        return WASI_FAULT;
    }
    struct iovec iov[VECTORS];
    for (uint32_t i = 0; i < count; i++) {
        struct vector v;
        memcpy(&v, &vectors[i], sizeof v);
        iov[i] = (struct iovec){guest_bytes(host, v.offset, v.size), v.size};
        if (!iov[i].iov_base) {
            return WASI_FAULT;
        }
    }
    ssize_t bytes = call(host_fd(fd), iov, (int)count);
    if (bytes < 0) {
        return error_of(errno);
    }
    return put_u32(host, result, (uint32_t)bytes) ? WASI_SUCCESS : WASI_FAULT;
}

uint32_t WASI(fd_read)(host_t *host, uint32_t fd, uint32_t table, uint32_t count, uint32_t result) {
    return transfer(host, fd, table, count, result, readv);
}

uint32_t WASI(fd_write)(host_t *host, uint32_t fd, uint32_t table, uint32_t count, uint32_t result) {
    return transfer(host, fd, table, count, result, writev);
}

uint32_t WASI(fd_seek)(host_t *host, uint32_t fd, uint64_t offset, uint32_t whence, uint32_t result) {
    static const int whences[] = {SEEK_SET, SEEK_CUR, SEEK_END};
    if (host_fd(fd) < 0) {
        return WASI_BADF;
    }
    if (whence > 2) {
        return WASI_INVAL;
    }
    off_t position = lseek(host_fd(fd), (off_t)offset, whences[whence]);
    if (position < 0) {
        return error_of(errno);
    }
    return put_u64(host, result, (uint64_t)position) ? WASI_SUCCESS : WASI_FAULT;
}

uint32_t WASI(fd_tell)(host_t *host, uint32_t fd, uint32_t result) { return WASI(fd_seek)(host, fd, 0, 1, result); }

uint32_t WASI(fd_close)(host_t *host, uint32_t fd) {
    if (host_fd(fd) < 0) {
        return WASI_BADF;
    }
    int closing = descriptors[fd];
    descriptors[fd] = -1;
    return close(closing) == 0 ? WASI_SUCCESS : error_of(errno);
}

uint32_t WASI(fd_fdstat_get)(host_t *host, uint32_t fd, uint32_t result) {
    struct stat st;
    if (host_fd(fd) < 0 || fstat(host_fd(fd), &st) != 0) {
        return WASI_BADF;
    }
    int flags = fcntl(host_fd(fd), F_GETFL);
    struct fdstat *place = guest_bytes(host, result, sizeof *place),
                  value = {.type = type_of(st.st_mode), .inheriting = ALL_RIGHTS};
    if (!place) {
        return WASI_FAULT;
    }
    value.flags = (uint16_t)((flags & O_APPEND ? 1 : 0) | (flags & O_NONBLOCK ? 4 : 0));
    /* A terminal is, for this C library, a character device that cannot seek; it buffers output by lines then. */
    value.rights = isatty(host_fd(fd)) ? ALL_RIGHTS & ~(RIGHT_SEEK | RIGHT_TELL) : ALL_RIGHTS;
    memcpy(place, &value, sizeof value);
    return WASI_SUCCESS;
}

static uint32_t put_stat(host_t *host, const struct stat *st, uint32_t result) {
    struct filestat *place = guest_bytes(host, result, sizeof *place);
    if (!place) {
        return WASI_FAULT;
    }
    struct filestat value = {.device = st->st_dev,
                             .inode = st->st_ino,
                             .type = type_of(st->st_mode),
                             .links = st->st_nlink,
                             .size = (uint64_t)st->st_size,
                             .accessed = (uint64_t)st->st_atim.tv_sec * 1000000000,
                             .modified = (uint64_t)st->st_mtim.tv_sec * 1000000000,
                             .changed = (uint64_t)st->st_ctim.tv_sec * 1000000000};
    memcpy(place, &value, sizeof value);
    return WASI_SUCCESS;
}

uint32_t WASI(fd_filestat_get)(host_t *host, uint32_t fd, uint32_t result) {
    struct stat st;
    return host_fd(fd) < 0 || fstat(host_fd(fd), &st) != 0 ? WASI_BADF : put_stat(host, &st, result);
}

/* The one directory that is open from the start. Its name makes the C library take "/x" and "x" for the same file, as
 * it is in bulkhead-run with a directory granted as the root. */
uint32_t WASI(fd_prestat_get)(host_t *host, uint32_t fd, uint32_t result) {
    if (fd != ROOT) {
        return WASI_BADF;
    }
    return put_u32(host, result, 0) && put_u32(host, result + 4, 1) ? WASI_SUCCESS : WASI_FAULT;
}

uint32_t WASI(fd_prestat_dir_name)(host_t *host, uint32_t fd, uint32_t name, uint32_t size) {
    char *place = guest_bytes(host, name, size);
    if (fd != ROOT || size < 1) {
        return WASI_INVAL;
    }
    return place && memcpy(place, "/", 1) ? WASI_SUCCESS : WASI_FAULT;
}

/* openat2 with RESOLVE_BENEATH: the kernel refuses "..", absolute paths and links that lead out of `directory`. */
static int open_beneath(int directory, const char *path, uint64_t flags, uint64_t mode) {
    struct {
        uint64_t flags, mode, resolve;
    } how = {flags | O_CLOEXEC | O_NOCTTY, mode, 0x08};
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

static bool copy_path(const host_t *host, uint32_t path, uint32_t size, char text[PATH_BYTES]) {
    const char *bytes = guest_bytes(host, path, size);
    if (!bytes || size >= PATH_BYTES || memchr(bytes, 0, size)) {
        return false;
    }
    memcpy(text, bytes, size);
    text[size] = 0;
    return true;
}

uint32_t WASI(path_open)(host_t *host, uint32_t fd, uint32_t lookup, uint32_t path, uint32_t size, uint32_t open_flags,
                         uint64_t rights, uint64_t inheriting, uint32_t flags, uint32_t result) {
    char text[PATH_BYTES];
    if (fd != ROOT) {
        return WASI_BADF; /* no program here opens relative to another directory */
    }
    if (!copy_path(host, path, size, text)) {
        return WASI_INVAL;
    }
    uint32_t free = ROOT + 1;
    while (free < DESCRIPTORS && descriptors[free] >= 0) {
        free++;
    }
    if (free == DESCRIPTORS) {
        return WASI_MFILE;
    }
    uint64_t how = rights & RIGHT_WRITE ? (rights & RIGHT_READ ? O_RDWR : O_WRONLY) : O_RDONLY;
    how |= (open_flags & 1 ? O_CREAT : 0) | (open_flags & 2 ? O_DIRECTORY : 0) | (open_flags & 4 ? O_EXCL : 0);
    how |= (open_flags & 8 ? O_TRUNC : 0) | (flags & 1 ? O_APPEND : 0) | (lookup & 1 ? 0 : O_NOFOLLOW);
    if (how & O_DIRECTORY) {
        how &= ~(uint64_t)O_ACCMODE;
    }
    int opened = open_beneath(descriptors[ROOT], text, how, how & O_CREAT ? 0666 : 0);
    if (opened < 0) {
        return error_of(errno);
    }
    if (!put_u32(host, result, free)) {
        close(opened);
        return WASI_FAULT;
    }
    descriptors[free] = opened;
    return WASI_SUCCESS;
}

uint32_t WASI(path_filestat_get)(host_t *host, uint32_t fd, uint32_t lookup, uint32_t path, uint32_t size,
                                 uint32_t result) {
    char text[PATH_BYTES];
    struct stat st;
    if (fd != ROOT) {
        return WASI_BADF;
    }
    if (!copy_path(host, path, size, text)) {
        return WASI_INVAL;
    }
    int opened = open_beneath(descriptors[ROOT], text, O_PATH | (lookup & 1 ? 0 : O_NOFOLLOW), 0);
    if (opened < 0) {
        return error_of(errno);
    }
    uint32_t error = fstat(opened, &st) == 0 ? put_stat(host, &st, result) : error_of(errno);
    close(opened);
    return error;
}
