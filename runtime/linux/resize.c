/* How large files are, and that they are on the disk: what the kernel does in one go however long it takes, and is
 * asked for in pieces here. Other threads of the guest go on meanwhile, and may close the file: its descriptor is busy
 * from the first piece to the last. */
#include "linux.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

bh_syscall bh_sys_fsync, bh_sys_fdatasync, bh_sys_sync, bh_sys_ftruncate, bh_sys_fallocate;

#define SHRINK_PIECE                                                                                                   \
    ((uint64_t)1 << 20) /* milliseconds where every other page was written, which makes it 128 extents */
#define ALLOCATE_PIECE ((uint64_t)16 << 20)
#define SYNC_PIECE ((uint64_t)4 << 20)

static int64_t resize(const bh_instance *instance, int host, uint64_t size) {
    struct stat info;
    if (fstat(host, &info))
        return -errno;
    uint64_t end = S_ISREG(info.st_mode) ? (uint64_t)info.st_size : 0;
    while (end > size && end - size > SHRINK_PIECE) {
        end -= SHRINK_PIECE;
        if (ftruncate(host, (off_t)end))
            return -errno;
        if (bh_stopping(instance))
            return -EINTR;
    }
    return ftruncate(host, (off_t)size) ? -errno : 0;
}

int64_t bh_resize(bh_instance *instance, int host, uint64_t size, bool hold) {
    struct bh_busy busy = {.host = host};
    if (!hold)
        bh_busy_begin(instance, &busy, 1);
    int64_t result = resize(instance, host, size);
    if (!hold)
        bh_busy_end(instance);
    return result;
}

int64_t bh_sys_ftruncate(bh_instance *instance, const uint64_t a[6]) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    if (!file)
        return -EBADF;
    if (file->kind == BH_FILE_STREAM)
        return bh_refuse(instance, EINVAL, "ftruncate", "a stream of the host");
    bool memory = file->memory;
    int64_t error = memory ? bh_memory_reserve(instance, file->memory, a[1]) : 0;
    if (error)
        return error;
    struct bh_raised raised;
    bh_raised_hold(&raised);
    int64_t result = bh_resize(instance, file->host, a[1], memory);
    if (memory)
        bh_memory_settle(instance, file);
    return bh_raised_pass_on(instance, &raised, result, result < 0);
}

/* What the kernel would refuse as a whole is not begun in pieces: it is refused as a whole. */
static bool allocates_in_pieces(uint64_t offset, uint64_t size) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit))
        return false;
    uint64_t most = limit.rlim_cur < INT64_MAX ? limit.rlim_cur : INT64_MAX;
    return size <= most && offset <= most - size;
}

/* Whether so much may be free, what the file has already counted as free. */
static bool may_fit(int host, uint64_t size) {
    struct statvfs all;
    struct stat info;
    return fstatvfs(host, &all) || fstat(host, &info) || !all.f_blocks ||
           size / all.f_frsize <= all.f_bfree + (uint64_t)info.st_blocks * 512 / all.f_frsize;
}

static int64_t allocate(const bh_instance *instance, int host, uint64_t offset, uint64_t size) {
    bool cut = size > ALLOCATE_PIECE && allocates_in_pieces(offset, size);
    if (cut && !may_fit(host, size))
        return -ENOSPC;
    for (;;) {
        uint64_t piece = cut && size > ALLOCATE_PIECE ? ALLOCATE_PIECE : size;
        if (fallocate(host, 0, (off_t)offset, (off_t)piece))
            return -errno;
        if (piece == size)
            return 0;
        if (bh_stopping(instance))
            return -EINTR;
        offset += piece;
        size -= piece;
    }
}

int64_t bh_sys_fallocate(bh_instance *instance, const uint64_t a[6]) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    if (!file)
        return -EBADF;
    if (file->kind == BH_FILE_STREAM)
        return bh_refuse(instance, ESPIPE, "fallocate", "a stream of the host");
    if (a[1])
        return -EOPNOTSUPP;
    bool memory = file->memory;
    int64_t error = memory ? bh_memory_reserve(instance, file->memory, a[2] + a[3]) : 0;
    if (error)
        return error;
    struct bh_raised raised;
    struct bh_busy busy = {.host = file->host};
    bh_raised_hold(&raised);
    if (!memory)
        bh_busy_begin(instance, &busy, 1);
    int64_t result = allocate(instance, busy.host, a[2], a[3]);
    if (memory)
        bh_memory_settle(instance, file);
    else
        bh_busy_end(instance);
    return bh_raised_pass_on(instance, &raised, result, result < 0);
}

/* Has the contents of a file written, or waits for that: most of what fsync waits for. An error is fsync's: it is told
 * once. A kernel that cannot do this leaves all to fsync. */
static int64_t write_out(const bh_instance *instance, int host, unsigned how) {
    struct stat info;
    if (fstat(host, &info))
        return -errno;
    for (uint64_t at = 0; S_ISREG(info.st_mode) && at < (uint64_t)info.st_size; at += SYNC_PIECE) {
        if (sync_file_range(host, (off_t)at, SYNC_PIECE, how) && errno != ENOSYS)
            return -errno;
        if (bh_stopping(instance))
            return -EINTR;
    }
    return 0;
}

static int64_t sync_file(bh_instance *instance, uint64_t fd, int (*finish)(int)) {
    struct bh_file *file = bh_file_get(instance, fd);
    if (!file)
        return -EBADF;
    if (file->kind == BH_FILE_STREAM)
        return -EINVAL;
    struct bh_busy busy = {.host = file->host};
    bh_busy_begin(instance, &busy, 1);
    int64_t result = write_out(instance, busy.host, SYNC_FILE_RANGE_WRITE);
    if (!result)
        result = write_out(instance, busy.host, SYNC_FILE_RANGE_WAIT_BEFORE);
    if (!result)
        result = finish(busy.host) ? -errno : 0;
    bh_busy_end(instance);
    return result;
}

int64_t bh_sys_fsync(bh_instance *instance, const uint64_t a[6]) { return sync_file(instance, a[0], fsync); }

int64_t bh_sys_fdatasync(bh_instance *instance, const uint64_t a[6]) { return sync_file(instance, a[0], fdatasync); }

/* Of all file systems of the machine: not a guest's to ask for, and nothing it could notice. */
int64_t bh_sys_sync(bh_instance *instance, const uint64_t a[6]) { return 0; }
