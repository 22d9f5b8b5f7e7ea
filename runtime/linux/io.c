/* Reading, writing, seeking. Buffers go to the kernel as they are, once they are known to lie in the slot: the kernel's
 * own copies are guarded, and it knows which pages the guest may write. */
#include "linux.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_VECTOR 1024
#define PIECE ((uint64_t)1 << 20) /* of what is read from or written to a file at a time: a millisecond */

bh_syscall bh_sys_read, bh_sys_write, bh_sys_readv, bh_sys_writev, bh_sys_pread64, bh_sys_pwrite64, bh_sys_preadv,
    bh_sys_pwritev, bh_sys_preadv2, bh_sys_pwritev2, bh_sys_lseek, bh_sys_fadvise64, bh_sys_readahead;

/* What a guest wants read or written. */
struct transfer {
    uint64_t fd; /* the guest's */
    bool writes, at;
    uint64_t offset; /* where at says so */
    struct iovec *vector;
    int count;
};

static int64_t transfer_some(bh_instance *instance, const struct bh_file *file, const struct transfer *t, int count,
                             uint64_t size) {
    static const long plain[2][2] = {{SYS_read, SYS_pread64}, {SYS_write, SYS_pwrite64}};
    static const long vectored[2][2] = {{SYS_readv, SYS_preadv}, {SYS_writev, SYS_pwritev}};
    const int64_t offset = (int64_t)t->offset;
    bool one = count == 1;
    long number = (one ? plain : vectored)[t->writes][t->at];
    uint64_t from = (uint64_t)(uintptr_t)(one ? t->vector->iov_base : t->vector);
    uint64_t length = one ? t->vector->iov_len : (uint64_t)count;
    if (t->writes && file->memory)
        return bh_memory_write(instance, file, t->at ? &offset : NULL, size, number, from, length, t->offset);
    return bh_blocking(instance, file->host, number, from, length, t->offset);
}

/* How many entries make at most `most` bytes; the last one may be cut, *rest is what is left of it then. */
static int take_piece(const struct transfer *t, uint64_t most, uint64_t *size, size_t *rest) {
    *size = 0;
    *rest = 0;
    for (int n = 0; n < t->count; n++) {
        struct iovec *entry = &t->vector[n];
        if (*size == most)
            return n;
        if (entry->iov_len > most - *size) {
            *rest = entry->iov_len - (most - *size);
            entry->iov_len = most - *size;
            *size = most;
            return n + 1;
        }
        *size += entry->iov_len;
    }
    return t->count;
}

static void advance(struct transfer *t, int count, size_t rest) {
    if (rest) {
        struct iovec *last = &t->vector[count - 1];
        last->iov_base = (char *)last->iov_base + last->iov_len;
        last->iov_len = rest;
        count--;
    }
    t->vector += count;
    t->count -= count;
}

/* The kernel reads and writes a file to the end whatever signals come, and copies a gigabyte in half a second: it is
 * asked for less at a time. Pipes, sockets and devices are interrupted, and there a second call could wait where one
 * would not. *all: nothing is left. */
static int64_t transfer_pieces(bh_instance *instance, const struct bh_file *file, struct transfer *t, bool *all) {
    int host = file->host;
    if (!file->in_pieces) {
        uint64_t size = 0;
        for (int n = 0; n < t->count; n++)
            size += t->vector[n].iov_len;
        int64_t result = transfer_some(instance, file, t, t->count, size);
        *all = result >= 0 && (uint64_t)result == size;
        return result;
    }
    int64_t total = 0;
    for (;;) {
        uint64_t size;
        size_t rest;
        int count = take_piece(t, PIECE, &size, &rest);
        int64_t result = transfer_some(instance, file, t, count, size);
        if (result < 0)
            return total ? total : result;
        total += result;
        t->offset += (uint64_t)result;
        if ((uint64_t)result < size)
            return total;
        advance(t, count, rest);
        *all = !t->count;
        /* Another thread may have closed it meanwhile. */
        file = bh_file_get(instance, t->fd);
        if (*all || bh_interrupted(instance) || !file || file->host != host)
            return total;
    }
}

int64_t bh_raised_pass_on(bh_instance *instance, const struct bh_raised *raised, int64_t result, bool look) {
    int signal = bh_raised_take(raised, look);
    if (signal && (signal == SIGPIPE || bh_signal_handled(instance, signal)) &&
        bh_signal_raise(instance, signal) == BH_LEAVE)
        return BH_LEAVE;
    return result;
}

static int64_t transfer(bh_instance *instance, const struct bh_file *file, struct transfer *t) {
    struct bh_raised raised;
    bool all = false;
    if (!t->writes && file->kind == BH_FILE_ANCESTOR && !file->named)
        return -EISDIR;
    if (!t->writes)
        return transfer_pieces(instance, file, t, &all);
    bh_raised_hold(&raised);
    int64_t result = transfer_pieces(instance, file, t, &all);
    return bh_raised_pass_on(instance, &raised, result, !all);
}

static bool is_said(const uint64_t a[6], bool writes) { return writes && (uint32_t)a[0] == STDERR_FILENO; }

static int64_t transfer_one(bh_instance *instance, const uint64_t a[6], bool writes, bool at) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    struct iovec buffer = {(void *)(uintptr_t)a[1], a[2]};
    struct transfer t = {
        .fd = a[0], .writes = writes, .at = at, .offset = at ? a[3] : 0, .vector = &buffer, .count = 1};
    if (is_said(a, writes))
        bh_said_append(instance, &buffer, 1);
    if (!file)
        return -EBADF;
    return bh_in_slot(instance, a[1], a[2]) ? transfer(instance, file, &t) : -EFAULT;
}

int64_t bh_sys_read(bh_instance *instance, const uint64_t a[6]) { return transfer_one(instance, a, false, false); }

int64_t bh_sys_write(bh_instance *instance, const uint64_t a[6]) { return transfer_one(instance, a, true, false); }

int64_t bh_sys_pread64(bh_instance *instance, const uint64_t a[6]) { return transfer_one(instance, a, false, true); }

int64_t bh_sys_pwrite64(bh_instance *instance, const uint64_t a[6]) { return transfer_one(instance, a, true, true); }

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

static int64_t transfer_vector(bh_instance *instance, const uint64_t a[6], bool writes, bool at) {
    struct iovec vector[MAX_VECTOR];
    struct bh_file *file = bh_file_get(instance, a[0]);
    int count = file || is_said(a, writes) ? get_vector(instance, a[1], a[2], vector) : 0;
    if (count > 0 && is_said(a, writes))
        bh_said_append(instance, vector, count);
    if (!file)
        return -EBADF;
    if (count < 0)
        return count;
    struct transfer t = {
        .fd = a[0], .writes = writes, .at = at, .offset = at ? a[3] : 0, .vector = vector, .count = count};
    return transfer(instance, file, &t);
}

int64_t bh_sys_readv(bh_instance *instance, const uint64_t a[6]) { return transfer_vector(instance, a, false, false); }

int64_t bh_sys_writev(bh_instance *instance, const uint64_t a[6]) { return transfer_vector(instance, a, true, false); }

int64_t bh_sys_preadv(bh_instance *instance, const uint64_t a[6]) { return transfer_vector(instance, a, false, true); }

int64_t bh_sys_pwritev(bh_instance *instance, const uint64_t a[6]) { return transfer_vector(instance, a, true, true); }

/* Without flags they are the older ones: at the file's own position where the offset is -1. */
static int64_t transfer_vector_2(bh_instance *instance, const uint64_t a[6], bool writes) {
    if (!bh_file_get(instance, a[0]))
        return -EBADF;
    return (uint32_t)a[5] ? -EOPNOTSUPP : transfer_vector(instance, a, writes, a[3] != UINT64_MAX);
}

int64_t bh_sys_preadv2(bh_instance *instance, const uint64_t a[6]) { return transfer_vector_2(instance, a, false); }

int64_t bh_sys_pwritev2(bh_instance *instance, const uint64_t a[6]) { return transfer_vector_2(instance, a, true); }

int64_t bh_sys_lseek(bh_instance *instance, const uint64_t a[6]) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    if (!file)
        return -EBADF;
    off_t result = lseek(file->host, (off_t)a[1], (int)a[2]);
    return result < 0 ? -errno : result;
}

int64_t bh_sys_fadvise64(bh_instance *instance, const uint64_t a[6]) {
    return bh_file_get(instance, a[0]) ? 0 : -EBADF;
}

int64_t bh_sys_readahead(bh_instance *instance, const uint64_t a[6]) {
    const struct bh_file *file = bh_file_get(instance, a[0]);
    return !file ? -EBADF : file->kind == BH_FILE_REGULAR ? 0 : -EINVAL;
}
