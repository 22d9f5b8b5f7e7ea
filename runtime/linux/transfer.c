/* Copying from one descriptor to another. The kernel copies by itself what it knows how to; it is asked for less than
 * the guest wants at a time, as for reading and writing. */
#include "linux.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

bh_syscall bh_sys_sendfile, bh_sys_copy_file_range, bh_sys_splice;

#define PIECE ((uint64_t)1 << 20) /* a millisecond */

/* One end of a copy. */
struct end {
    uint64_t fd; /* the guest's */
    int host;
    uint64_t address; /* of the guest's offset; 0: at the file's own */
    int64_t offset;
};

/* 0 or -errno. */
static int64_t begin_end(bh_instance *instance, struct end *end, uint64_t fd, uint64_t address) {
    *end = (struct end){.fd = fd, .host = bh_file_get(instance, fd)->host, .address = address};
    return !address || bh_get(instance, &end->offset, address, sizeof(end->offset)) ? 0 : -EFAULT;
}

static uint64_t pointer(struct end *end) { return end->address ? (uint64_t)(uintptr_t)&end->offset : 0; }

static bool same(bh_instance *instance, const struct end *end) {
    const struct bh_file *file = bh_file_get(instance, end->fd);
    return file && file->host == end->host;
}

static int64_t copy_piece(bh_instance *instance, long number, struct end *in, struct end *out, uint64_t size) {
    struct bh_busy busy[2] = {{.host = in->host}, {.host = out->host}};
    const atomic_int *interrupt = &bh_task_of(instance)->interrupt;
    const struct bh_file *to = bh_file_get(instance, out->fd);
    bool memory = to->memory;
    int64_t result = memory ? bh_memory_reserve_write(instance, to, out->address ? &out->offset : NULL, size) : 0;
    if (result)
        return result;
    if (!memory)
        bh_busy_begin(instance, busy, 2);
    do
        result = number == SYS_sendfile ? bh_blocking_syscall(interrupt, number, (uint64_t)out->host,
                                                              (uint64_t)in->host, pointer(in), size, 0, 0)
                                        : bh_blocking_syscall(interrupt, number, (uint64_t)in->host, pointer(in),
                                                              (uint64_t)out->host, pointer(out), size, 0);
    while (result == -EINTR && !(memory ? bh_interrupted(instance) : bh_woken(instance)));
    if (memory)
        bh_memory_settle(instance, to);
    else
        bh_busy_end(instance);
    return result;
}

static int64_t copy_pieces(bh_instance *instance, long number, struct end *in, struct end *out, uint64_t size) {
    for (uint64_t done = 0;;) {
        uint64_t piece = size - done < PIECE ? size - done : PIECE;
        int64_t result = copy_piece(instance, number, in, out, piece);
        if (result < 0)
            return done ? (int64_t)done : result;
        done += (uint64_t)result;
        /* Another thread may have closed them meanwhile. */
        if ((uint64_t)result < piece || done == size || bh_interrupted(instance) || !same(instance, in) ||
            !same(instance, out))
            return (int64_t)done;
    }
}

static int64_t copy(bh_instance *instance, long number, struct end *in, struct end *out, uint64_t size) {
    struct bh_raised raised;
    bh_raised_hold(&raised);
    int64_t result = copy_pieces(instance, number, in, out, size);
    struct end *ends[] = {in, out};
    for (int n = 0; n < 2 && result >= 0; n++)
        if (ends[n]->address && !bh_put(instance, ends[n]->address, &ends[n]->offset, sizeof(ends[n]->offset)))
            result = -EFAULT;
    return bh_raised_pass_on(instance, &raised, result, result < 0 || (uint64_t)result < size);
}

/* Of what lies above a grant the host has a file. */
static bool is_made_up(const struct bh_file *file) { return file->kind == BH_FILE_ANCESTOR && !file->named; }

int64_t bh_sys_sendfile(bh_instance *instance, const uint64_t a[6]) {
    const struct bh_file *from = bh_file_get(instance, a[1]);
    struct end in, out;
    if (!from || !bh_file_get(instance, a[0]))
        return -EBADF;
    int64_t error = begin_end(instance, &in, a[1], a[2]);
    if (error)
        return error;
    if ((int64_t)a[3] < 0 || is_made_up(from))
        return -EINVAL;
    begin_end(instance, &out, a[0], 0);
    return copy(instance, SYS_sendfile, &in, &out, a[3]);
}

/* Whether what is read and what is written would overlap: the kernel sees only pieces. */
static bool overlaps(const struct end *in, const struct end *out, uint64_t size) {
    struct stat from, to;
    if (fstat(in->host, &from) || fstat(out->host, &to) || from.st_dev != to.st_dev || from.st_ino != to.st_ino)
        return false;
    int64_t read = in->address ? in->offset : lseek(in->host, 0, SEEK_CUR);
    int64_t written = out->address ? out->offset : lseek(out->host, 0, SEEK_CUR);
    int64_t left = from.st_size > read ? from.st_size - read : 0;
    int64_t count = (int64_t)size < left ? (int64_t)size : left;
    return written < read ? count > read - written : count > written - read;
}

int64_t bh_sys_copy_file_range(bh_instance *instance, const uint64_t a[6]) {
    const struct bh_file *from = bh_file_get(instance, a[0]), *to = bh_file_get(instance, a[2]);
    struct end in, out;
    if (!from || !to)
        return -EBADF;
    int64_t error = begin_end(instance, &in, a[0], a[1]);
    if (!error)
        error = begin_end(instance, &out, a[2], a[3]);
    if (error)
        return error;
    if (a[5])
        return -EINVAL;
    if (is_made_up(from) || is_made_up(to))
        return -EISDIR;
    if ((int64_t)a[4] < 0)
        return -EOVERFLOW;
    if (a[4] > PIECE && overlaps(&in, &out, a[4]))
        return -EINVAL;
    return copy(instance, SYS_copy_file_range, &in, &out, a[4]);
}

/* Programs go on by read and write after EINVAL, and after no other error: a file system may know no splicing. */
int64_t bh_sys_splice(bh_instance *instance, const uint64_t a[6]) {
    return bh_file_get(instance, a[0]) && bh_file_get(instance, a[2]) ? -EINVAL : -EBADF;
}
