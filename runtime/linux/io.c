/* Reading, writing, seeking. Buffers go to the kernel as they are, once they are known to lie in the slot: the kernel's own
 * copies are guarded, and it knows which pages the guest may write. */
#include "linux.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_VECTOR 1024

bh_syscall bh_sys_read, bh_sys_write, bh_sys_readv, bh_sys_writev, bh_sys_pread64, bh_sys_pwrite64, bh_sys_preadv,
    bh_sys_pwritev, bh_sys_lseek, bh_sys_fsync, bh_sys_fdatasync, bh_sys_ftruncate, bh_sys_fallocate, bh_sys_fadvise64,
    bh_sys_getdents64, bh_sys_sync;

/* Writing to a pipe without reader must not kill the host. The guest gets the signal instead. */
static int64_t guarded_write(bh_instance *instance, const struct bh_file *file, long number, uint64_t b, uint64_t c) {
    if (!file->may_sigpipe)
        return bh_blocking(instance, file->host, number, b, c, 0);
    sigset_t pipe, old, pending;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe, &old);
    int64_t result = bh_blocking(instance, file->host, number, b, c, 0);
    if (result == -EPIPE && !sigismember(&pending, SIGPIPE))
        sigtimedwait(&pipe, NULL, &(struct timespec){0});
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (result == -EPIPE && bh_signal_raise(instance, SIGPIPE) == BH_LEAVE)
        return BH_LEAVE;
    return result;
}

int64_t bh_sys_read(bh_instance *instance, const uint64_t a[6]) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    if (!file)
        return -EBADF;
    return bh_in_slot(instance, a[1], a[2]) ? bh_blocking(instance, file->host, SYS_read, a[1], a[2], 0) : -EFAULT;
}

int64_t bh_sys_write(bh_instance *instance, const uint64_t a[6]) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    if (!file)
        return -EBADF;
    return bh_in_slot(instance, a[1], a[2]) ? guarded_write(instance, file, SYS_write, a[1], a[2]) : -EFAULT;
}

int64_t bh_sys_pread64(bh_instance *instance, const uint64_t a[6]) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    if (!file)
        return -EBADF;
    return bh_in_slot(instance, a[1], a[2]) ? bh_blocking(instance, file->host, SYS_pread64, a[1], a[2], a[3]) : -EFAULT;
}

int64_t bh_sys_pwrite64(bh_instance *instance, const uint64_t a[6]) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    if (!file)
        return -EBADF;
    return bh_in_slot(instance, a[1], a[2]) ? bh_blocking(instance, file->host, SYS_pwrite64, a[1], a[2], a[3]) : -EFAULT;
}

/* Copies and checks a vector of buffers. Its length, or -errno. */
static int get_vector(bh_instance *instance, uint64_t address, uint64_t count, struct iovec *vector) {
    if ((uint32_t)count > MAX_VECTOR)
        return -EINVAL;
    count = BH_BOUNDED((uint32_t)count, MAX_VECTOR + 1);
    if (!bh_get(instance, vector, address, count * sizeof(*vector)))
        return -EFAULT;
    for (uint32_t n = 0; n < count; n++) {
        if (vector[n].iov_len && !bh_in_slot(instance, (uint64_t)(uintptr_t)vector[n].iov_base, vector[n].iov_len))
            return -EFAULT;
    }
    return (int)count;
}

static int64_t vectored(bh_instance *instance, const uint64_t a[6], long number, bool writes) {
    struct iovec vector[MAX_VECTOR];
    struct bh_file *file = bh_file_get(instance, a[0]);
    if (!file)
        return -EBADF;
    int count = get_vector(instance, a[1], a[2], vector);
    if (count < 0)
        return count;
    uint64_t address = (uint64_t)(uintptr_t)vector;
    return writes ? guarded_write(instance, file, number, address, (uint64_t)count)
                  : bh_blocking(instance, file->host, number, address, (uint64_t)count, 0);
}

int64_t bh_sys_readv(bh_instance *instance, const uint64_t a[6]) {
    return vectored(instance, a, SYS_readv, false);
}

int64_t bh_sys_writev(bh_instance *instance, const uint64_t a[6]) {
    return vectored(instance, a, SYS_writev, true);
}

static int64_t vectored_at(bh_instance *instance, const uint64_t a[6], bool writes) {
    struct iovec vector[MAX_VECTOR];
    struct bh_file *file = bh_file_get(instance, a[0]);
    if (!file)
        return -EBADF;
    int count = get_vector(instance, a[1], a[2], vector);
    if (count < 0)
        return count;
    /* Through a function of libc: the kernel takes the offset in two halves. Such files do not block. */
    ssize_t result = writes ? pwritev(file->host, vector, count, (off_t)a[3]) : preadv(file->host, vector, count, (off_t)a[3]);
    return result < 0 ? -errno : result;
}

int64_t bh_sys_preadv(bh_instance *instance, const uint64_t a[6]) {
    return vectored_at(instance, a, false);
}

int64_t bh_sys_pwritev(bh_instance *instance, const uint64_t a[6]) {
    return vectored_at(instance, a, true);
}

int64_t bh_sys_lseek(bh_instance *instance, const uint64_t a[6]) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    if (!file)
        return -EBADF;
    off_t result = lseek(file->host, (off_t)a[1], (int)a[2]);
    return result < 0 ? -errno : result;
}

int64_t bh_sys_fsync(bh_instance *instance, const uint64_t a[6]) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    if (!file)
        return -EBADF;
    return file->kind == BH_FILE_STREAM ? -EINVAL : fsync(file->host) ? -errno : 0;
}

int64_t bh_sys_fdatasync(bh_instance *instance, const uint64_t a[6]) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    if (!file)
        return -EBADF;
    return file->kind == BH_FILE_STREAM ? -EINVAL : fdatasync(file->host) ? -errno : 0;
}

/* Of all file systems of the machine: not a guest's to ask for, and nothing it could notice. */
int64_t bh_sys_sync(bh_instance *instance, const uint64_t a[6]) {
    return 0;
}

int64_t bh_sys_ftruncate(bh_instance *instance, const uint64_t a[6]) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    if (!file)
        return -EBADF;
    if (file->kind == BH_FILE_STREAM)
        return bh_refuse(instance, EINVAL, "ftruncate", "a stream of the host");
    return ftruncate(file->host, (off_t)a[1]) ? -errno : 0;
}

int64_t bh_sys_fallocate(bh_instance *instance, const uint64_t a[6]) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    if (!file)
        return -EBADF;
    if (file->kind == BH_FILE_STREAM)
        return bh_refuse(instance, ESPIPE, "fallocate", "a stream of the host");
    if (a[1])
        return -EOPNOTSUPP;
    return fallocate(file->host, 0, (off_t)a[2], (off_t)a[3]) ? -errno : 0;
}

int64_t bh_sys_fadvise64(bh_instance *instance, const uint64_t a[6]) {
    return bh_file_get(instance, a[0]) ? 0 : -EBADF;
}

int64_t bh_sys_getdents64(bh_instance *instance, const uint64_t a[6]) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    if (!file)
        return -EBADF;
    if (file->kind != BH_FILE_DIRECTORY)
        return -ENOTDIR;
    uint64_t size = (uint32_t)a[2];
    return bh_in_slot(instance, a[1], size) ? bh_blocking(instance, file->host, SYS_getdents64, a[1], size, 0) : -EFAULT;
}
