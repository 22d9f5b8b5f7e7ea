/* Descriptors that the runtime keeps.
 *
 * 0 to 2 are the host's streams, also where nobody opened them: a host that prints would write into whatever has these
 * numbers. And a host may close what is not its own (closefrom): the number is another file's then, perhaps one that a
 * guest can write, and what is mapped from it would be that file's bytes. So what is mapped or opened from is looked at
 * before. */
#include "base/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/raised.h"

#define FIRST 3

int bh_fd_apart(int fd) {
    if (fd < 0 || fd >= FIRST)
        return fd;
    /* What was opened is close-on-exec. Another one is a stream of the host's, which a filter that lets calls "succeed"
     * answered with. */
    int flags = fcntl(fd, F_GETFD);
    if (flags < 0)
        return -1;
    if (!(flags & FD_CLOEXEC)) {
        errno = ENOSYS;
        return -1;
    }
    int apart = fcntl(fd, F_DUPFD_CLOEXEC, FIRST), error = errno;
    close(fd);
    errno = apart < 0 && error == EINVAL ? EMFILE : error; /* RLIMIT_NOFILE allows none from FIRST on */
    return apart;
}

int bh_fd_open(const char *path, int flags) { return bh_fd_apart(open(path, flags | O_CLOEXEC | O_NOCTTY)); }

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U
#define MFD_NOEXEC_SEAL 0x8U
#endif

int bh_fd_memory(const char *name, bool executable) {
    const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int fd = memfd_create(name, flags | (executable ? MFD_EXEC : MFD_NOEXEC_SEAL));
    if (fd < 0 && errno == EINVAL) /* before Linux 6.3 */
        fd = memfd_create(name, flags);
    return bh_fd_apart(fd);
}

bool bh_fd_write(int fd, const uint8_t *bytes, size_t size, uint64_t offset) {
    struct bh_raised raised;
    ssize_t put = 1;
    bh_raised_hold(&raised);
    while (size && put > 0) {
        put = pwrite(fd, bytes, size, (off_t)offset);
        if (put < 0 && errno == EINTR)
            put = 1;
        else if (put > 0) {
            bytes += put;
            size -= (size_t)put;
            offset += (uint64_t)put;
        }
    }
    bh_raised_take(&raised, size);
    return !size;
}

bool bh_fd_resize(int fd, uint64_t size) {
    struct bh_raised raised;
    bh_raised_hold(&raised);
    bool good = !ftruncate(fd, (off_t)size);
    bh_raised_take(&raised, !good);
    struct stat info;
    if (!good || fstat(fd, &info))
        return false;
    if ((uint64_t)info.st_size == size)
        return true;
    errno = ENOSYS;
    return false;
}

bool bh_fd_seal(int fd, int seals) {
    if (fcntl(fd, F_ADD_SEALS, seals))
        return false;
    int now = fcntl(fd, F_GET_SEALS);
    if (now >= 0 && (now & seals) == seals)
        return true;
    errno = now < 0 ? errno : ENOSYS;
    return false;
}

bool bh_kept_set(struct bh_kept *kept, int fd) {
    struct stat info;
    kept->fd = fd;
    if (fd < 0)
        return false;
    if (fstat(fd, &info)) {
        int error = errno;
        close(fd);
        errno = error;
        kept->fd = -1;
        return false;
    }
    kept->device = info.st_dev;
    kept->inode = info.st_ino;
    return true;
}

bool bh_kept_same(const struct bh_kept *kept) {
    struct stat info;
    return kept->fd >= 0 && !fstat(kept->fd, &info) && info.st_dev == kept->device && info.st_ino == kept->inode;
}

void bh_kept_close(struct bh_kept *kept) {
    if (bh_kept_same(kept))
        close(kept->fd);
    kept->fd = -1;
}

bh_error bh_fail_kept(const struct bh_kept *kept, const char *what) {
    return bh_fail(
        BH_ERROR_HOST,
        "descriptor %d, which holds %s, was closed or is another file by now: the host closes descriptors that "
        "are not its own (closefrom, close_range?); close them before the engine is created",
        kept->fd, what);
}
