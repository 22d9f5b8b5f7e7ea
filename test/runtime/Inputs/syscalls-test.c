/* What guests do wrong, one mistake at a time, in system calls that are right otherwise: syscalls-test MODULE DIRECTORY. MODULE is
 * library.S; DIRECTORY is empty and may be written. Each call has the kernel's error, and the same call without the mistake works. */
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "syscalls.h"

/* No address of the guest's, and in another slot what BUFFER is in its own: cut down to 32 bits it would be mapped. */
#define HOST (BUFFER + BH_SLOT_SIZE)
static const char *top;

static void in_top(char path[4096], const char *name) {
    snprintf(path, 4096, "%s/%s", top, name);
}

static void make(const char *name) {
    char path[4096];
    in_top(path, name);
    FILE *file = fopen(path, "we");
    REQUIRE(file && fputs("content", file) >= 0 && !fclose(file));
}

/* The host's own descriptor of what the guest calls /data/NAME. */
static int open_data(const char *name) {
    char inside[4096], path[4096];
    snprintf(inside, sizeof(inside), "data/%s", name);
    in_top(path, inside);
    int fd = open(path, *name ? O_RDWR : O_RDONLY);
    return fd;
}

static bh_policy *new_policy(void) {
    bh_policy *policy;
    char path[4096];
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_grant(policy, BH_GRANT_CLOCK | BH_GRANT_RANDOM));
    in_top(path, "data");
    REQUIRE(!bh_policy_grant_directory(policy, path, "/data", BH_READ_WRITE));
    in_top(path, "ro");
    REQUIRE(!bh_policy_grant_directory(policy, path, "/ro", BH_READ_ONLY));
    return policy;
}

static void descriptors(void) {
    static const long calls[] = {SYS_read, SYS_write, SYS_pread64, SYS_pwrite64, SYS_readv, SYS_writev, SYS_preadv, SYS_pwritev, SYS_lseek,
                                 SYS_fsync, SYS_fdatasync, SYS_ftruncate, SYS_fallocate, SYS_fadvise64, SYS_getdents64, SYS_fstat, SYS_close,
                                 SYS_dup, SYS_dup2, SYS_dup3, SYS_fcntl, SYS_flock, SYS_ioctl, SYS_fchmod, SYS_fchown, SYS_fchdir,
                                 SYS_utimensat, SYS_futimesat, SYS_preadv2, SYS_pwritev2, SYS_readahead, SYS_sendfile, SYS_copy_file_range};
    static const uint64_t none[] = {9, 15, 16, 255, 256, 1024, UINT32_MAX, INT32_MAX};
    for (size_t n = 0; n < sizeof(calls) / sizeof(*calls); n++) {
        for (size_t m = 0; m < sizeof(none) / sizeof(*none); m++) {
            bool path = calls[n] == SYS_utimensat || calls[n] == SYS_futimesat;
            int64_t got = guest_call6(guest, calls[n], none[m], path ? 0 : BUFFER, 0, 0, 0, 0);
            if (got != -EBADF) {
                printf("system call %ld on descriptor %llu: %lld\n", calls[n], (unsigned long long)none[m], (long long)got);
                failures++;
            }
        }
    }
    IS(SYS(openat, 9, str("file"), O_RDONLY), -EBADF);
    IS(SYS(mmap, 0, 4096, PROT_READ, MAP_PRIVATE, 9, 0), -EBADF);
    IS(SYS(dup2, 0, 256), -EBADF);
    IS(SYS(dup3, 0, 256, 0), -EBADF);
    IS(SYS(dup3, 0, 0, 0), -EINVAL);
    IS(SYS(dup3, 0, 5, 1), -EINVAL);
    IS(SYS(dup3, 0, 5, O_CLOEXEC), 5);
    IS(SYS(fcntl, 5, F_GETFD), FD_CLOEXEC);
    IS(SYS(dup2, 5, 5), 5);
    IS(SYS(fcntl, 5, F_GETFD), FD_CLOEXEC);
    IS(SYS(dup2, 99, 5), -EBADF);
    IS(SYS(fcntl, 5, F_GETFD), FD_CLOEXEC); /* it is still there */
    IS(SYS(dup2, 0, 5), 5);
    IS(SYS(fcntl, 5, F_GETFD), 0);
    IS(SYS(fcntl, 5, F_SETFD, FD_CLOEXEC), 0);
    IS(SYS(fcntl, 5, F_GETFD), FD_CLOEXEC);
    IS(SYS(fcntl, 0, F_DUPFD, 256), -EINVAL);
    IS(SYS(fcntl, 0, F_DUPFD, 255), 255);
    IS(SYS(fcntl, 0, F_DUPFD, 255), -EMFILE);
    IS(SYS(fcntl, 0, F_SETOWN, 1), -EINVAL);
    IS(SYS(close, 255), 0);
    IS(SYS(close, 5), 0);
}

/* On descriptors 3: a file, 4: a directory, 0 and 1: the ends of a pipe. */
static void kinds(int pipe_end) {
    IS(SYS(open, str("/data/file"), O_RDWR), 3);
    IS(SYS(open, str("/data"), O_RDONLY | O_DIRECTORY), 4);
    IS(SYS(lseek, 1, 0, SEEK_SET), -ESPIPE);
    IS(SYS(lseek, 3, -1, SEEK_SET), -EINVAL);
    IS(SYS(lseek, 3, 0, SEEK_END), 7);
    IS(SYS(fsync, 1), -EINVAL);
    IS(SYS(fdatasync, 1), -EINVAL);
    IS(SYS(fdatasync, 3), 0);
    IS(SYS(fadvise64, 3), 0);
    IS(SYS(ftruncate, 4, 0), -EINVAL);
    IS(SYS(fallocate, 3, 1, 0, 1), -EOPNOTSUPP);
    IS(SYS(fallocate, 3, 0, 0, 0), -EINVAL);
    IS(SYS(fallocate, 3, 0, 0, 8192), 0);
    IS(SYS(ftruncate, 3, 7), 0);
    IS(SYS(getdents64, 3, BUFFER, 1024), -ENOTDIR);
    IS(SYS(read, 4, BUFFER, 1), -EISDIR);
    IS(SYS(mmap, 0, 4096, PROT_READ, MAP_PRIVATE, 4, 0), -EACCES);
    IS(SYS(mmap, 0, 4096, PROT_READ, MAP_SHARED, 0, 0), -EACCES);
    IS(SYS(fchdir, 3), -ENOTDIR);
    IS(SYS(fchdir, 4), 0);
    IS(SYS(fchmod, 1, 0600), -EPERM);
    IS(SYS(fchmod, 3, 0600), 0);
    IS(SYS(utimensat, 1, 0, 0, 0), -EPERM);
    IS(SYS(utimensat, 1, str(""), 0, AT_EMPTY_PATH), -EPERM);
    IS(SYS(fchownat, 1, str(""), 1000, 1000, AT_EMPTY_PATH), -EPERM);
    IS(SYS_(452 /* fchmodat2 */, 1, str(""), 0600, AT_EMPTY_PATH, 0, 0, 0), -EPERM);
    IS(SYS(fchownat, 3, str(""), 1000, 1000, AT_EMPTY_PATH), 0);
    IS(SYS(utimensat, 3, 0, 0, 0), 0);
    IS(SYS(flock, 1, LOCK_EX), -EINVAL);
    IS(SYS(flock, 3, LOCK_EX), 0);
    IS(SYS(openat, 3, str("file"), O_RDONLY), -ENOTDIR);
    /* A stream's flags are the host's. */
    IS(SYS(fcntl, 1, F_SETFL, O_NONBLOCK), 0);
    IS(fcntl(pipe_end, F_GETFL) & O_NONBLOCK, 0);
    IS(SYS(fcntl, 3, F_SETFL, O_APPEND), 0);
    IS(SYS(fcntl, 3, F_GETFL) & O_APPEND, O_APPEND);
    /* A directory's copy is one: relative names begin there. */
    IS(SYS(dup, 4), 5);
    IS(SYS(close, 4), 0);
    IS(SYS(openat, 5, str("file"), O_RDONLY), 4);
    for (int fd = 3; fd <= 5; fd++)
        IS(SYS(close, fd), 0);
}

static void vectors(void) {
    struct iovec vector[2] = {{(void *)(uintptr_t)HOST, 0}, {(void *)(uintptr_t)(BUFFER + 1024), 4}};
    IS(SYS(open, str("/data/file"), O_RDWR), 3);
    IS(SYS(preadv, 3, buffer(vector, sizeof(vector)), 2, 0), 4); /* no byte is read into the first */
    IS(SYS(pwritev, 3, BUFFER, 2, 3), 4);
    IS(SYS(preadv, 0, BUFFER, 2, 0), -ESPIPE);
    IS(SYS(preadv, 3, BUFFER, 1025, 0), -EINVAL);
    IS(SYS(readv, 3, BUFFER, 1025), -EINVAL);
    IS(SYS(pwritev, 3, BUFFER, -1, 0), -EINVAL);
    IS(SYS(preadv, 3, HOST, 1, 0), -EFAULT);
    vector[0].iov_len = 1;
    IS(SYS(preadv, 3, buffer(vector, sizeof(vector)), 2, 0), -EFAULT);
    IS(SYS(pwritev, 3, BUFFER, 2, 0), -EFAULT);
    IS(SYS(pwrite64, 3, HOST, 6, 0), -EFAULT);
    IS(SYS(pwrite64, 3, BUFFER, 6, 0), 6);
    IS(SYS(close, 3), 0);
}

static void newer_vectors(void) {
    struct iovec vector = {(void *)(uintptr_t)(BUFFER + 1024), 4};
    IS(SYS(open, str("/data/file"), O_RDWR), 3);
    IS(SYS(lseek, 3, 1, SEEK_SET), 1);
    IS(SYS(preadv2, 3, buffer(&vector, sizeof(vector)), 1, 0, 0, 0), 4);
    IS(SYS(lseek, 3, 0, SEEK_CUR), 1);
    IS(SYS(pwritev2, 3, BUFFER, 1, 0, 0, 0), 4);
    IS(SYS(preadv2, 3, BUFFER, 1, -1, -1, 0), 4);
    IS(SYS(lseek, 3, 0, SEEK_CUR), 5);
    IS(SYS(preadv2, 3, BUFFER, 1, 0, 0, 8), -EOPNOTSUPP);
    IS(SYS(pwritev2, 3, BUFFER, 1, 0, 0, 16), -EOPNOTSUPP);
    IS(SYS(preadv2, 99, BUFFER, 1, 0, 0, 8), -EBADF);
    IS(SYS(preadv2, 3, HOST, 1, 0, 0, 0), -EFAULT);
    IS(SYS(readahead, 3, 0, 4096), 0);
    IS(SYS(readahead, 2, 0, 4096), -EINVAL);
    IS(SYS(close, 3), 0);
}

static void copies(void) {
    const int64_t zero = 0;
    IS(SYS(open, str("/data/file"), O_RDWR), 3);
    IS(SYS(open, str("/ro/file"), O_RDONLY), 4);
    IS(SYS(open, str("/"), O_RDONLY), 5);
    IS(SYS(open, str("/"), O_PATH), 6);
    IS(SYS(open, str("/data/copy"), O_CREAT | O_RDWR | O_TRUNC, 0600), 7);
    IS(SYS(sendfile, 7, 4, 0, 7), 7);
    IS(SYS(sendfile, 7, 4, buffer(&zero, sizeof(zero)), 7), 7);
    IS(SYS(sendfile, 7, 4, BUFFER, 7), 0);
    IS(SYS(sendfile, 7, 99, 0, 7), -EBADF);
    IS(SYS(sendfile, 7, 4, HOST, 7), -EFAULT);
    IS(SYS(sendfile, 7, 4, bh_instance_base(guest) + BH_SLOT_SIZE - 4, 7), -EFAULT);
    IS(SYS(lseek, 7, 0, SEEK_CUR), 14); /* nothing was copied */
    IS(SYS(sendfile, 4, 3, 0, 1), -EBADF); /* open for reading */
    IS(SYS(sendfile, 7, 5, 0, 1), -EINVAL);
    IS(SYS(sendfile, 5, 3, 0, 1), -EBADF);
    IS(SYS(sendfile, 7, 6, 0, 1), -EBADF);
    IS(SYS(read, 5, BUFFER, 1), -EISDIR);
    IS(SYS(read, 6, BUFFER, 1), -EBADF);
    IS(SYS(sendfile, 7, 2, 0, 1), -EINVAL);
    IS(SYS(sendfile, 7, 3, 0, -1), -EINVAL);
    IS(SYS(splice, 4, 0, 7, 0, 7, 0), -EINVAL);
    IS(SYS(splice, 99, 0, 7, 0, 7, 0), -EBADF);
    IS(SYS(splice, 4, 0, 99, 0, 7, 0), -EBADF);
    IS(SYS(copy_file_range, 4, buffer(&zero, sizeof(zero)), 7, 0, 7, 0), 7);
    IS(SYS(copy_file_range, 4, BUFFER, 7, 0, 7, 0), 0);
    IS(SYS(copy_file_range, 4, HOST, 7, 0, 7, 0), -EFAULT);
    IS(SYS(copy_file_range, 4, 0, 7, HOST, 7, 0), -EFAULT);
    IS(SYS(lseek, 7, 0, SEEK_CUR), 21);
    IS(SYS(copy_file_range, 4, BUFFER, 7, 0, 7, 2), -EINVAL);
    IS(SYS(copy_file_range, 3, 0, 4, 0, 1, 0), -EBADF);
    IS(SYS(copy_file_range, 5, 0, 7, 0, 1, 0), -EISDIR);
    IS(SYS(copy_file_range, 7, 0, 5, 0, 1, 0), -EISDIR);
    IS(SYS(copy_file_range, 6, 0, 7, 0, 1, 0), -EBADF);
    IS(SYS(copy_file_range, 7, 0, 6, 0, 1, 0), -EBADF);
    IS(SYS(copy_file_range, 4, 0, 7, 0, UINT64_MAX, 0), -EOVERFLOW);
    /* Where it has come to cannot be told. */
    int64_t page = SYS(mmap, 0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    IS(SYS(sendfile, 7, 4, page, 7), -EFAULT);
    IS(SYS(copy_file_range, 4, page, 7, 0, 7, 0), -EFAULT);
    IS(SYS(munmap, page, 4096), 0);
    IS(SYS(unlink, str("/data/copy")), 0);
    for (int fd = 3; fd <= 7; fd++)
        IS(SYS(close, fd), 0);
}

static void ranges_of_descriptors(void) {
    IS(SYS(open, str("/data/file"), O_RDONLY), 3);
    for (int fd = 4; fd < 40; fd++)
        IS(SYS(dup, 3), fd);
    IS(SYS(close_range, 9, 8, 0), -EINVAL);
    IS(SYS(close_range, 9, 9, 2 /* CLOSE_RANGE_UNSHARE */), -EINVAL);
    IS(SYS(close_range, 9, 9, 8), -EINVAL);
    IS(SYS(close_range, 300, UINT32_MAX, 0), 0);
    IS(SYS(close_range, 5, 6, 4 /* CLOSE_RANGE_CLOEXEC */), 0);
    IS(SYS(fcntl, 4, F_GETFD), 0);
    IS(SYS(fcntl, 5, F_GETFD), FD_CLOEXEC);
    IS(SYS(fcntl, 6, F_GETFD), FD_CLOEXEC);
    IS(SYS(fcntl, 7, F_GETFD), 0);
    IS(SYS(close_range, 5, 6, 0), 0);
    IS(SYS(fcntl, 4, F_GETFD), 0);
    IS(SYS(fcntl, 5, F_GETFD), -EBADF);
    IS(SYS(fcntl, 6, F_GETFD), -EBADF);
    IS(SYS(fcntl, 7, F_GETFD), 0);
    IS(SYS(close_range, 3, UINT32_MAX, 0), 0);
    for (int fd = 3; fd < 40; fd++)
        IS(SYS(fcntl, fd, F_GETFD), -EBADF);
    IS(SYS(fcntl, 2, F_GETFD), 0);
}

/* Shared mappings of files, and hints that may be ignored. */
static void mappings(void) {
    IS(SYS(open, str("/data/file"), O_RDWR), 3);
    IS(SYS(ftruncate, 3, 8192), 0);
    int64_t at = SYS(mmap, 0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, 3, 0);
    CHECK(at > 0);
    IS(SYS(msync, at, 8192, MS_SYNC), 0);
    IS(SYS(msync, at, 100, MS_ASYNC | MS_INVALIDATE), 0);
    IS(SYS(msync, at, 0, 0), 0);
    IS(SYS(msync, at, 8192, MS_SYNC | MS_ASYNC), -EINVAL);
    IS(SYS(msync, at, 8192, 8), -EINVAL);
    IS(SYS(msync, at + 1, 4096, MS_SYNC), -EINVAL);
    IS(SYS(msync, at, UINT64_MAX, MS_SYNC), -ENOMEM);
    IS(SYS(msync, HOST & ~(uint64_t)4095, 4096, MS_SYNC), -ENOMEM);
    IS(SYS(msync, HOST & ~(uint64_t)4095, 0, MS_SYNC), 0);
    IS(SYS(msync, bh_instance_base(guest), 4096, MS_SYNC), -ENOMEM);
    IS(SYS(msync, bh_instance_base(guest) - 4096, 8192, MS_SYNC), -ENOMEM);
    IS(SYS(munmap, at + 4096, 4096), 0);
    IS(SYS(msync, at, 8192, MS_SYNC), -ENOMEM);
    IS(SYS(munmap, at, 4096), 0);
    IS(SYS(ftruncate, 3, 7), 0);
    IS(SYS(close, 3), 0);
    static const int hints[] = {MAP_GROWSDOWN, MAP_LOCKED, MAP_32BIT};
    for (int n = 0; n < 3; n++) {
        at = SYS(mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | hints[n], -1, 0);
        CHECK(at > 0);
        IS(SYS(munmap, at, 4096), 0);
    }
    IS(SYS(mmap, 0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | 0x40000 /* MAP_HUGETLB */, -1, 0), -EINVAL);
}

/* Whether so many bytes at BUFFER are ones, and the next is not. */
static bool ones(uint64_t count) {
    uint8_t bytes[64], one[64];
    memset(one, 1, sizeof(one));
    return !bh_copy_out(guest, bytes, BUFFER, count + 1) && !memcmp(bytes, one, count) && bytes[count] == 9;
}

static void resident(void) {
    static const long locks[] = {SYS_mlock, SYS_mlock2, SYS_munlock};
    uint64_t base = bh_instance_base(guest), code;
    uint64_t at = (uint64_t)SYS(mmap, 0, 3 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(!bh_instance_symbol(guest, "add", &code));
    IS(SYS(munmap, at + 8192, 4096), 0);
    CHECK(!bh_fill(guest, BUFFER, 9, 64));
    IS(SYS(mincore, at, 8192, BUFFER), 0);
    CHECK(ones(2));
    IS(SYS(mincore, at, 4097, BUFFER + 4), 0);
    CHECK(ones(2));
    IS(SYS(mincore, at, 1, BUFFER), 0);
    CHECK(!bh_fill(guest, BUFFER, 9, 64));
    IS(SYS(mincore, code & ~(uint64_t)4095, 1, BUFFER), 0);
    CHECK(ones(1));
    IS(SYS(mincore, at, 0, HOST), 0);
    IS(SYS(mincore, at + 1, 1, BUFFER), -EINVAL);
    IS(SYS(mincore, at, 8193, BUFFER), -ENOMEM);
    IS(SYS(mincore, at, UINT64_MAX, BUFFER), -ENOMEM);
    IS(SYS(mincore, HOST & ~(uint64_t)4095, 1, BUFFER), -ENOMEM);
    IS(SYS(mincore, base - 4096, 1, BUFFER), -ENOMEM);
    IS(SYS(mincore, base + BH_CONTEXT_OFFSET, 1, BUFFER), -ENOMEM);
    IS(SYS(mincore, at, 8192, HOST), -EFAULT);
    IS(SYS(mincore, at, 8192, at), -EFAULT);
    IS(SYS(mincore, at, 8192, base + BH_SLOT_SIZE - 1), -EFAULT);
    for (int n = 0; n < 3; n++) {
        IS(guest_call6(guest, locks[n], at, 8192, 0, 0, 0, 0), 0);
        IS(guest_call6(guest, locks[n], at + 8191, 1, 0, 0, 0, 0), 0);
        IS(guest_call6(guest, locks[n], at, 0, 0, 0, 0, 0), 0);
        IS(guest_call6(guest, locks[n], at, 8193, 0, 0, 0, 0), -ENOMEM);
        IS(guest_call6(guest, locks[n], at + 8191, 2, 0, 0, 0, 0), -ENOMEM);
        IS(guest_call6(guest, locks[n], HOST, 1, 0, 0, 0, 0), -ENOMEM);
        IS(guest_call6(guest, locks[n], base - 1, 2, 0, 0, 0, 0), -ENOMEM);
        IS(guest_call6(guest, locks[n], UINT64_MAX - 4095, 4096, 0, 0, 0, 0), -EINVAL);
        IS(guest_call6(guest, locks[n], at, UINT64_MAX - 8192, 0, 0, 0, 0), -EINVAL);
    }
    IS(SYS(mlock2, at, 4096, 1 /* MLOCK_ONFAULT */), 0);
    IS(SYS(mlock2, at, 4096, 2), -EINVAL);
    IS(SYS(mlockall, MCL_CURRENT | MCL_FUTURE | 4 /* MCL_ONFAULT */), 0);
    IS(SYS(mlockall, MCL_FUTURE), 0);
    IS(SYS(mlockall, 0), -EINVAL);
    IS(SYS(mlockall, 4), -EINVAL);
    IS(SYS(mlockall, MCL_CURRENT | 8), -EINVAL);
    IS(SYS(munlockall, 0), 0);
    IS(SYS(munmap, at, 8192), 0);
    CHECK(!bh_fill(guest, BUFFER, 0, 64));
}

static void random_numbers(void) {
    uint8_t bytes[5000], none[256] = {0};
    IS(SYS(getrandom, zeros, 5000, 0), 5000);
    CHECK(!bh_copy_out(guest, bytes, zeros, sizeof(bytes)));
    CHECK(memcmp(bytes + 4744, none, 256) && memcmp(bytes, bytes + 4744, 256));
    IS(SYS(getrandom, zeros, 0, 0), 0);
    IS(SYS(getrandom, HOST, 16, 0), -EFAULT);
    /* To the end of what there is. */
    int64_t at = SYS(mmap, 0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    IS(SYS(munmap, at + 4096, 4096), 0);
    IS(SYS(getrandom, at, 8192, 0), 4096);
    IS(SYS(munmap, at, 4096), 0);
    memset(bytes, 0, sizeof(bytes));
    CHECK(!bh_copy_in(guest, zeros, bytes, sizeof(bytes)));
}

/* The name of a thread: 15 bytes, however it is given. */
static void thread_names(void) {
    char name[17] = {0};
    bh_address last = bh_instance_base(guest) + BH_SLOT_SIZE;
    IS(SYS(prctl, PR_GET_NAME, HOST), -EFAULT);
    IS(SYS(prctl, PR_SET_NAME, HOST), -EFAULT);
    IS(SYS(prctl, PR_SET_NAME, 0), -EFAULT);
    IS(SYS(prctl, PR_SET_NAME, last), -EFAULT);
    IS(SYS(prctl, PR_SET_NAME, last - 1), -EFAULT);
    IS(SYS(prctl, PR_SET_NAME, str("worker")), 0);
    IS(SYS(prctl, PR_GET_NAME, BUFFER), 0);
    CHECK(!bh_copy_out(guest, name, BUFFER, 16) && !memcmp(name, "worker\0\0\0\0\0\0\0\0\0", 16));
    IS(SYS(prctl, PR_SET_NAME, str("a very long name of a thread")), 0);
    IS(SYS(prctl, PR_GET_NAME, BUFFER), 0);
    CHECK(!bh_copy_out(guest, name, BUFFER, 16) && !memcmp(name, "a very long nam", 16));
    IS(SYS(prctl, PR_SET_NAME, str("")), 0);
    IS(SYS(prctl, PR_GET_NAME, BUFFER), 0);
    CHECK(!bh_copy_out(guest, name, BUFFER, 16) && !memcmp(name, (char[16]){0}, 16));
    IS(SYS(prctl, PR_SET_SECCOMP, 1), -EINVAL);
    IS(SYS(prctl, PR_SET_DUMPABLE, 1), -EINVAL);
    IS(SYS(prctl, PR_CAPBSET_DROP, 1), -EINVAL);
}

static void sizes(void) {
    struct statfs own, told;
    int data = open_data("");
    REQUIRE(data >= 0 && !fstatfs(data, &own) && !close(data));
    IS(SYS(statfs, str("/data/file"), BUFFER), 0);
    CHECK(!bh_copy_out(guest, &told, BUFFER, sizeof(told)) && told.f_blocks == own.f_blocks && told.f_bsize == own.f_bsize);
    CHECK(told.f_type == own.f_type && !told.f_fsid.__val[0] && !told.f_fsid.__val[1] && !(told.f_flags & ST_RDONLY));
    IS(SYS(statfs, str("/ro"), BUFFER), 0);
    CHECK(!bh_copy_out(guest, &told, BUFFER, sizeof(told)) && told.f_blocks && (told.f_flags & ST_RDONLY));
    IS(SYS(open, str("/data/file"), O_RDONLY), 3);
    IS(SYS(fstatfs, 3, BUFFER), 0);
    CHECK(!bh_copy_out(guest, &told, BUFFER, sizeof(told)) && told.f_blocks == own.f_blocks && !told.f_fsid.__val[0]);
    IS(SYS(fstatfs, 3, HOST), -EFAULT);
    IS(SYS(close, 3), 0);
    IS(SYS(open, str("/ro"), O_RDONLY), 3);
    IS(SYS(fstatfs, 3, BUFFER), 0);
    CHECK(!bh_copy_out(guest, &told, BUFFER, sizeof(told)) && told.f_blocks && (told.f_flags & ST_RDONLY));
    IS(SYS(close, 3), 0);
    /* What the guest's world is made of has no size. */
    IS(SYS(statfs, str("/"), BUFFER), 0);
    CHECK(!bh_copy_out(guest, &told, BUFFER, sizeof(told)) && !told.f_blocks && told.f_namelen == 255 && (told.f_flags & ST_RDONLY));
    IS(SYS(open, str("/"), O_RDONLY), 3);
    IS(SYS(fstatfs, 3, BUFFER), 0);
    CHECK(!bh_copy_out(guest, &told, BUFFER, sizeof(told)) && !told.f_blocks && (told.f_flags & ST_RDONLY));
    IS(SYS(close, 3), 0);
    IS(SYS(statfs, str("/dev/null"), BUFFER), 0);
    CHECK(!bh_copy_out(guest, &told, BUFFER, sizeof(told)) && !told.f_blocks);
    IS(SYS(fstatfs, 1, BUFFER), 0);
    CHECK(!bh_copy_out(guest, &told, BUFFER, sizeof(told)) && !told.f_blocks);
    IS(SYS(statfs, str("/data/none"), BUFFER), -ENOENT);
    IS(SYS(statfs, str("/none"), BUFFER), -ENOENT);
    IS(SYS(statfs, str("/dev/tty"), BUFFER), 0);
    IS(SYS(statfs, HOST, BUFFER), -EFAULT);
    IS(SYS(statfs, str("/data"), HOST), -EFAULT);
    IS(SYS(fstatfs, 99, BUFFER), -EBADF);
}

static void locks(void) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 4}, found;
    int64_t page = SYS(mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    IS(SYS(open, str("/data/file"), O_RDWR), 3);
    IS(SYS(open, str("/data/file"), O_RDWR), 4);
    IS(SYS(open, str("/data"), O_RDONLY), 5);
    IS(SYS(fcntl, 3, F_GETLK, buffer(&lock, sizeof(lock))), 0);
    CHECK(!bh_copy_out(guest, &found, BUFFER, sizeof(found)) && found.l_type == F_UNLCK && found.l_pid == 0);
    IS(SYS(fcntl, 3, F_SETLK, buffer(&lock, sizeof(lock))), 0);
    /* What is its own does not exclude it, whichever descriptor it names; a lock of somebody else's does. */
    IS(SYS(fcntl, 4, F_SETLK, BUFFER), 0);
    IS(SYS(fcntl, 4, F_SETLKW, BUFFER), 0);
    IS(SYS(fcntl, 4, F_GETLK, BUFFER), 0);
    CHECK(!bh_copy_out(guest, &found, BUFFER, sizeof(found)) && found.l_type == F_UNLCK && found.l_pid == 0);
    int other = open_data("file");
    REQUIRE(fcntl(other, F_OFD_SETLK, &(struct flock){.l_type = F_WRLCK}) == -1 && errno == EAGAIN);
    lock.l_type = F_UNLCK;
    IS(SYS(fcntl, 4, F_SETLK, buffer(&lock, sizeof(lock))), 0); /* what 3 locked */
    REQUIRE(!fcntl(other, F_OFD_SETLK, &(struct flock){.l_type = F_WRLCK}));
    lock.l_type = F_WRLCK;
    for (int fd = 3; fd <= 4; fd++) {
        IS(SYS(fcntl, fd, F_SETLK, buffer(&lock, sizeof(lock))), -EAGAIN);
        IS(SYS(fcntl, fd, F_GETLK, BUFFER), 0);
        CHECK(!bh_copy_out(guest, &found, BUFFER, sizeof(found)) && found.l_type == F_WRLCK && found.l_pid == 3);
    }
    REQUIRE(!close(other));
    /* Other files' locks are others, and one for writing is not asked of a descriptor that cannot write. */
    IS(SYS(open, str("/data/unlocked"), O_CREAT | O_RDWR, 0600), 6);
    IS(SYS(open, str("/data/unlocked"), O_RDONLY), 7);
    lock.l_type = F_RDLCK;
    IS(SYS(fcntl, 7, F_SETLK, buffer(&lock, sizeof(lock))), 0);
    IS(SYS(fcntl, 6, F_SETLK, BUFFER), 0);
    lock.l_type = F_WRLCK;
    IS(SYS(fcntl, 7, F_SETLK, buffer(&lock, sizeof(lock))), -EBADF);
    IS(SYS(fcntl, 6, F_SETLK, BUFFER), -EAGAIN); /* 7, which cannot serve for it, has its own */
    IS(SYS(close, 7), 0);
    IS(SYS(fcntl, 6, F_SETLK, BUFFER), 0);
    IS(SYS(close, 6), 0);
    IS(SYS(unlink, str("/data/unlocked")), 0);
    IS(SYS(fcntl, 5, F_SETLK, buffer(&lock, sizeof(lock))), -EINVAL);
    IS(SYS(fcntl, 1, F_SETLK, BUFFER), -EINVAL);
    IS(SYS(fcntl, 3, F_SETLK, HOST), -EFAULT);
    CHECK(!bh_copy_in(guest, (uint64_t)page, &lock, sizeof(lock)));
    IS(SYS(mprotect, page, 4096, PROT_READ), 0);
    IS(SYS(fcntl, 4, F_GETLK, page), -EFAULT); /* it cannot be told there */
    IS(SYS(fcntl, 3, F_SETLK, page), 0);
    IS(SYS(munmap, page, 4096), 0);
    for (int fd = 3; fd <= 5; fd++)
        IS(SYS(close, fd), 0);
}

static void terminals(void) {
    bh_policy *policy = new_policy();
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    REQUIRE(terminal >= 0 && !bh_policy_grant_stream(policy, 0, terminal));
    start_guest(policy);
    bh_policy_destroy(policy);
    IS(SYS(ioctl, 0, TIOCGWINSZ, BUFFER), 0);
    IS(SYS(ioctl, 0, TIOCGWINSZ, HOST), -EFAULT);
    IS(SYS(ioctl, 0, TIOCSTI, BUFFER), -ENOTTY);
    IS(SYS(open, str("/data/file"), O_RDONLY), 1);
    IS(SYS(ioctl, 1, TIOCGWINSZ, BUFFER), -ENOTTY);
    CHECK(!bh_instance_destroy(guest));
    close(terminal);
}

static void tree(void) {
    struct stat info;
    IS(SYS(open, str("/data"), O_RDONLY), 3);
    IS(SYS(open, str("/data/file"), O_RDONLY), 4);
    IS(SYS(newfstatat, 3, str(""), BUFFER, AT_EMPTY_PATH), 0);
    CHECK(!bh_copy_out(guest, &info, BUFFER, sizeof(info)) && S_ISDIR(info.st_mode));
    IS(SYS(newfstatat, 3, str("file"), BUFFER, AT_EMPTY_PATH), 0);
    CHECK(!bh_copy_out(guest, &info, BUFFER, sizeof(info)) && S_ISREG(info.st_mode) && info.st_uid == 1000);
    IS(SYS(newfstatat, 3, str(""), BUFFER, 0), -ENOENT);
    IS(SYS(newfstatat, AT_FDCWD, str(""), BUFFER, AT_EMPTY_PATH), 0);
    CHECK(!bh_copy_out(guest, &info, BUFFER, sizeof(info)) && S_ISDIR(info.st_mode));
    IS(SYS(newfstatat, AT_FDCWD, str(""), BUFFER, 0), -ENOENT);
    IS(SYS(newfstatat, 3, str("file"), BUFFER, 8), -EINVAL);
    IS(SYS(newfstatat, 4, str("file"), BUFFER, AT_EMPTY_PATH), -ENOTDIR);
    IS(SYS(newfstatat, 3, HOST, BUFFER, AT_EMPTY_PATH), -EFAULT);
    struct statx told;
    IS(SYS(statx, 3, str("file"), 0, STATX_SIZE, BUFFER), 0);
    CHECK(!bh_copy_out(guest, &told, BUFFER, sizeof(told)) && S_ISREG(told.stx_mode));
    CHECK(told.stx_uid == 1000 && told.stx_gid == 1000);
    CHECK(told.stx_mask == STATX_BASIC_STATS && !told.stx_attributes_mask && !told.stx_btime.tv_sec);
    IS(SYS(fstat, 4, BUFFER), 0);
    CHECK(!bh_copy_out(guest, &info, BUFFER, sizeof(info)) && info.st_size == (off_t)told.stx_size);
    CHECK(info.st_mtim.tv_nsec == told.stx_mtime.tv_nsec && info.st_ctime == told.stx_ctime.tv_sec);
    CHECK(info.st_atime == told.stx_atime.tv_sec && info.st_ino == told.stx_ino && info.st_nlink == told.stx_nlink);
    CHECK(info.st_blocks == (blkcnt_t)told.stx_blocks && info.st_blksize == told.stx_blksize);
    IS(SYS(statx, 4, str(""), AT_EMPTY_PATH, STATX_BASIC_STATS, BUFFER), 0);
    IS(SYS(statx, 9, str(""), AT_EMPTY_PATH, STATX_BASIC_STATS, BUFFER), -EBADF);
    IS(SYS(statx, 3, str(""), 0, STATX_BASIC_STATS, BUFFER), -ENOENT);
    IS(SYS(statx, 3, str("file"), 8, STATX_BASIC_STATS, BUFFER), -EINVAL);
    IS(SYS(statx, 3, str("file"), AT_STATX_SYNC_TYPE, STATX_BASIC_STATS, BUFFER), -EINVAL);
    IS(SYS(statx, 3, str("file"), AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, BUFFER), 0);
    IS(SYS(statx, 3, str("file"), 0, STATX__RESERVED, BUFFER), -EINVAL);
    IS(SYS(statx, 3, HOST, 0, STATX_BASIC_STATS, BUFFER), -EFAULT);
    IS(SYS(statx, 3, str("file"), 0, STATX_BASIC_STATS, HOST), -EFAULT);
    IS(SYS(statx, AT_FDCWD, str("/dev/null"), 0, STATX_BASIC_STATS, BUFFER), 0);
    CHECK(!bh_copy_out(guest, &told, BUFFER, sizeof(told)) && told.stx_rdev_major == 1 && told.stx_rdev_minor == 3);
    IS(SYS(lstat, str("/data/link"), BUFFER), 0);
    CHECK(!bh_copy_out(guest, &info, BUFFER, sizeof(info)) && S_ISLNK(info.st_mode));
    IS(SYS(access, str("/data/file"), 8), -EINVAL);
    IS(SYS(access, str("/data/file"), X_OK), -EACCES);
    IS(SYS(access, str("/ro/file"), R_OK), 0);
    IS(SYS(readlink, str("/data/link"), HOST, 64), -EFAULT);
    IS(SYS(readlink, str("/data/link"), BUFFER, 0), -EINVAL);
    IS(SYS(readlink, str("/data/link"), BUFFER, 2), 2);
    IS(SYS(chdir, str("/data/file")), -ENOTDIR);
    IS(SYS(chdir, str("/data/sub/..")), 0);
    IS(SYS(getcwd, BUFFER, 5), -ERANGE);
    IS(SYS(getcwd, BUFFER, 6), 6);
    IS(SYS(mkdir, str("/data"), 0777), -EEXIST);
    IS(SYS(mkdir, str("/data/sub"), 0777), -EEXIST);
    IS(SYS(mkdir, str("/data/none/sub"), 0777), -ENOENT);
    IS(SYS(unlink, str("/data/none")), -ENOENT);
    IS(SYS(unlink, str("/data/sub")), -EISDIR);
    IS(SYS(rmdir, str("/data/file")), -ENOTDIR);
    IS(SYS(unlinkat, 3, str("file"), 1), -EINVAL);
    IS(SYS(unlinkat, 3, str("sub"), AT_REMOVEDIR), 0);
    IS(SYS(mkdirat, 3, str("sub"), 0777), 0);
    IS(SYS(rename, str("/data/none"), str2("/data/other")), -ENOENT);
    IS(SYS(renameat2, 3, str("file"), 3, str2("other"), 2 /* RENAME_EXCHANGE */), -EINVAL);
    IS(SYS(renameat2, 3, str("file"), 3, str2("sub"), 1 /* RENAME_NOREPLACE */), -EEXIST);
    IS(SYS(renameat2, 3, str("file"), 9, str2("other"), 0), -EBADF);
    IS(SYS(renameat2, 9, str("file"), 3, str2("other"), 0), -EBADF);
    IS(SYS(close, 3), 0);
    IS(SYS(close, 4), 0);
}

static void attributes(void) {
    struct timespec times[2] = {{1, 0}, {2, 0}};
    struct timeval micro[2] = {{1, 0}, {2, 0}};
    struct stat info;
    IS(SYS(open, str("/data/file"), O_RDWR), 3);
    IS(SYS(chmod, str("/data/file"), 04640), 0);
    IS(SYS(stat, str("/data/file"), BUFFER), 0);
    CHECK(!bh_copy_out(guest, &info, BUFFER, sizeof(info)) && (info.st_mode & 07777) == 0640);
    IS(SYS(chmod, str("/data/none"), 0600), -ENOENT);
    static const uint32_t owners[][2] = {{1000, 1000}, {1000, UINT32_MAX}, {UINT32_MAX, 1000}, {UINT32_MAX, UINT32_MAX}};
    for (int n = 0; n < 4; n++) {
        IS(SYS(fchown, 3, owners[n][0], owners[n][1]), 0);
        IS(SYS(chown, str("/data/file"), owners[n][0], owners[n][1]), 0);
    }
    IS(SYS(fchown, 3, 5, 1000), -EPERM);
    IS(SYS(fchown, 3, 1000, 5), -EPERM);
    IS(SYS(lchown, str("/data/link"), 1000, 1000), 0);
    IS(SYS(lchown, str("/data/link"), 5, 1000), -EPERM);
    char path[4096];
    in_top(path, "data/other's");
    make("data/other's");
    if (!chown(path, 1234, 1234)) { /* the host is root */
        IS(SYS(chown, str("/data/other's"), UINT32_MAX, UINT32_MAX), -EPERM);
        IS(SYS(stat, str("/data/other's"), BUFFER), 0);
        CHECK(!bh_copy_out(guest, &info, BUFFER, sizeof(info)) && info.st_uid == 65534 && info.st_gid == 65534);
    }
    unlink(path);
    IS(SYS(utimensat, 3, 0, HOST, 0), -EFAULT);
    IS(SYS(utimensat, 3, 0, buffer(times, sizeof(times)), 0), 0);
    IS(SYS(utimensat, AT_FDCWD, str("/data/file"), BUFFER, 0), 0);
    IS(SYS(stat, str("/data/file"), BUFFER + 1024), 0);
    CHECK(!bh_copy_out(guest, &info, BUFFER + 1024, sizeof(info)) && info.st_mtime == 2);
    times[0].tv_nsec = 2000000000;
    IS(SYS(utimensat, 3, 0, buffer(times, sizeof(times)), 0), -EINVAL);
    IS(SYS(utimensat, AT_FDCWD, str("/data/file"), BUFFER, 0), -EINVAL);
    IS(SYS(utimes, str("/data/file"), HOST), -EFAULT);
    IS(SYS(utimes, str("/data/file"), buffer(micro, sizeof(micro))), 0);
    IS(SYS(utimes, str("/data/file"), 0), 0);
    for (int n = 0; n < 2; n++) { /* a thousand times as much has 64 bits of 0 */
        micro[n].tv_usec = (suseconds_t)1 << 61;
        IS(SYS(utimes, str("/data/file"), buffer(micro, sizeof(micro))), -EINVAL);
        micro[n].tv_usec = INT64_MIN;
        IS(SYS(utimes, str("/data/file"), buffer(micro, sizeof(micro))), -EINVAL);
        micro[n].tv_usec = 0;
    }
    IS(SYS(truncate, str("/data/file"), -1), -EINVAL);
    IS(SYS(truncate, str("/data/file"), 7), 0);
    IS(SYS(truncate, str("/data/none"), 7), -ENOENT);
    IS(SYS(close, 3), 0);
}

static int64_t set_limit(unsigned resource, uint64_t soft, uint64_t hard) {
    const uint64_t limit[2] = {soft, hard};
    return SYS(setrlimit, resource, buffer(limit, sizeof(limit)));
}

static uint64_t soft_limit(unsigned resource) {
    uint64_t limit[2] = {0};
    IS(SYS(getrlimit, resource, BUFFER), 0);
    CHECK(!bh_copy_out(guest, limit, BUFFER, sizeof(limit)));
    return limit[0];
}

static void limit_is(unsigned resource, bh_address told) {
    uint64_t limit[2] = {0};
    uint64_t soft = soft_limit(resource);
    CHECK(!bh_copy_out(guest, limit, told, sizeof(limit)) && limit[0] == soft);
}

static void process(void) {
    uint64_t limit[2];
    IS(SYS(getpgid, 0), 2);
    IS(SYS(getpgid, 2), 2);
    IS(SYS(getpgid, 3), -ESRCH);
    IS(SYS(getsid, 3), -ESRCH);
    IS(SYS(prlimit64, 3, RLIMIT_NOFILE, 0, BUFFER), -ESRCH);
    IS(SYS(prlimit64, 2, RLIMIT_NOFILE, 0, BUFFER), 0);
    CHECK(!bh_copy_out(guest, limit, BUFFER, sizeof(limit)) && limit[0] == 256 && limit[1] == 256);
    IS(SYS(prlimit64, 0, RLIMIT_NOFILE, 0, 0), 0);
    IS(SYS(getrlimit, RLIM_NLIMITS, BUFFER), -EINVAL);
    IS(SYS(getrlimit, RLIMIT_CPU, 0), -EFAULT);
    IS(SYS(getrlimit, RLIMIT_CPU, HOST), -EFAULT);
    IS(SYS(setrlimit, RLIMIT_CPU, 0), -EFAULT);
    IS(SYS(setrlimit, RLIMIT_CPU, HOST), -EFAULT);
    /* To what is so. */
    for (unsigned n = 0; n < RLIM_NLIMITS; n++) {
        IS(SYS(getrlimit, n, BUFFER), 0);
        IS(SYS(setrlimit, n, BUFFER), 0);
        IS(SYS(prlimit64, 0, n, BUFFER, BUFFER + 64), 0);
        limit_is(n, BUFFER + 64);
    }
    IS(set_limit(RLIMIT_CPU, 1, 2), -EPERM);
    IS(set_limit(RLIMIT_CPU, 1, UINT64_MAX), -EPERM);
    IS(set_limit(RLIMIT_CPU, UINT64_MAX, 2), -EINVAL);
    IS(set_limit(RLIMIT_AS, 4096, 4096), -EPERM);
    IS(set_limit(RLIM_NLIMITS, 1, 1), -EINVAL);
    IS(set_limit(RLIMIT_CORE, 3, 10), 0);
    IS(set_limit(RLIMIT_CORE, 10, 10), 0);
    IS(set_limit(RLIMIT_CORE, 10, 11), -EPERM);
    CHECK(soft_limit(RLIMIT_CORE) == 10);
    IS(set_limit(RLIMIT_NOFILE, 257, 257), -EPERM);
    IS(set_limit(RLIMIT_NOFILE, 257, 256), -EINVAL);
    IS(set_limit(RLIMIT_NOFILE, 4, 200), 0);
    CHECK(soft_limit(RLIMIT_NOFILE) == 4);
    IS(SYS(open, str("/data/file"), O_RDONLY), 3);
    IS(SYS(open, str("/data/file"), O_RDONLY), -EMFILE);
    IS(SYS(dup, 3), -EMFILE);
    IS(SYS(dup2, 3, 4), -EBADF);
    IS(SYS(fcntl, 3, F_DUPFD, 4), -EINVAL);
    IS(SYS(poll, BUFFER, 5, 0), -EINVAL);
    IS(set_limit(RLIMIT_NOFILE, 201, 201), -EPERM);
    IS(set_limit(RLIMIT_NOFILE, 200, 200), 0);
    IS(SYS(dup2, 3, 199), 199);
    IS(set_limit(RLIMIT_NOFILE, 100, 100), 0);
    IS(SYS(close, 199), 0); /* what is open stays, and can be closed */
    IS(SYS(close, 3), 0);

    uint32_t ids[3];
    for (int n = 0; n < 3; n++) {
        IS(SYS(getresuid, n == 0 ? HOST : BUFFER, n == 1 ? HOST : BUFFER, n == 2 ? HOST : BUFFER), -EFAULT);
        IS(SYS(getresgid, n == 0 ? HOST : BUFFER, n == 1 ? HOST : BUFFER, n == 2 ? HOST : BUFFER), -EFAULT);
    }
    IS(SYS(getresuid, BUFFER, BUFFER + 4, BUFFER + 8), 0);
    CHECK(!bh_copy_out(guest, ids, BUFFER, sizeof(ids)) && ids[0] == 1000 && ids[1] == 1000 && ids[2] == 1000);
    IS(SYS(getresgid, BUFFER, BUFFER + 4, BUFFER + 8), 0);
    IS(SYS(getcpu, HOST, 0), -EFAULT);
    IS(SYS(getcpu, 0, HOST), -EFAULT);
    IS(SYS(getcpu, BUFFER, BUFFER + 4), 0);
    CHECK(!bh_copy_out(guest, ids, BUFFER, 8) && !ids[0] && !ids[1]);
    IS(SYS(getcpu, 0, 0), 0);
    IS(SYS(getpriority, PRIO_USER + 1, 0), -EINVAL);
    IS(SYS(getpriority, PRIO_USER, 1000), 20);
    IS(SYS(getpriority, PRIO_USER, 2), -ESRCH);
    IS(SYS(getpriority, PRIO_PROCESS, 2), 20);
    IS(SYS(getpriority, PRIO_PGRP, 3), -ESRCH);
    IS(SYS(setpriority, PRIO_PROCESS, 0, 0), 0);
    IS(SYS(setpriority, PRIO_PROCESS, 3, 0), -ESRCH);
    IS(SYS(setpriority, PRIO_PROCESS, 0, 1), -EPERM);
    IS(SYS(setpriority, PRIO_PROCESS, 0, -1), -EPERM);
    IS(SYS(getrandom, HOST, 8, 0), -EFAULT);
    IS(SYS(getrandom, BUFFER, 300, 0), 300);
    IS(SYS(sched_getaffinity, 0, 4, BUFFER), -EINVAL);
    IS(SYS(sched_getaffinity, 0, 8, HOST), -EFAULT);
    IS(SYS(sched_getaffinity, 0, 8, BUFFER), 8);
    IS(SYS(get_robust_list, 0, BUFFER, BUFFER), -ENOSYS);
    IS(SYS(set_robust_list, BUFFER, 24), -ENOSYS);
    IS(SYS(membarrier, 0, 0), -ENOSYS);
    IS(SYS(clone, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD, BUFFER), -ENOSYS);
}

static void clocks(void) {
    struct timespec time = {0, 0}, wrong[] = {{-1, 0}, {0, -1}, {0, 1000000000}};
    IS(SYS(clock_gettime, 99, BUFFER), -EINVAL);
    IS(SYS(clock_gettime, CLOCK_REALTIME, HOST), -EFAULT);
    IS(SYS(clock_gettime, CLOCK_REALTIME, BUFFER), 0);
    IS(SYS(clock_getres, 99, BUFFER), -EINVAL);
    IS(SYS(clock_getres, CLOCK_REALTIME, HOST), -EFAULT);
    IS(SYS(clock_getres, CLOCK_REALTIME, BUFFER), 0);
    IS(SYS(clock_getres, CLOCK_REALTIME, 0), 0);
    IS(SYS(gettimeofday, BUFFER, BUFFER + 64), 0);
    IS(SYS(gettimeofday, 0, 0), 0);
    IS(SYS(gettimeofday, HOST, 0), -EFAULT);
    IS(SYS(gettimeofday, 0, HOST), -EFAULT);
    IS(SYS(time, 0) > 1000000000, 1);
    IS(SYS(time, BUFFER) > 1000000000, 1);
    IS(SYS(time, HOST), -EFAULT);
    IS(SYS(times, 0) >= 0, 1);
    IS(SYS(times, BUFFER) >= 0, 1);
    IS(SYS(times, HOST), -EFAULT);
    IS(SYS(getrusage, 0, BUFFER), 0);
    IS(SYS(getrusage, 0, HOST), -EFAULT);
    IS(SYS(nanosleep, HOST, 0), -EFAULT);
    IS(SYS(nanosleep, buffer(&time, sizeof(time)), 0), 0);
    IS(SYS(clock_nanosleep, CLOCK_REALTIME, 0, BUFFER, 0), 0);
    IS(SYS(clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, BUFFER, 0), 0);
    IS(SYS(clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, BUFFER, 0), -EINVAL);
    IS(SYS(clock_nanosleep, 99, 0, BUFFER, 0), -EINVAL);
    IS(SYS(clock_nanosleep, CLOCK_MONOTONIC, 2, BUFFER, 0), -EINVAL);
    for (int n = 0; n < 3; n++)
        IS(SYS(nanosleep, buffer(&wrong[n], sizeof(*wrong)), 0), -EINVAL);
    /* Waits of the only thread: with a time they end, without they are the guest's end. */
    for (int n = 0; n < 3; n++)
        IS(SYS(futex, zeros, FUTEX_WAIT, 0, buffer(&wrong[n], sizeof(*wrong))), -EINVAL);
    IS(SYS(futex, zeros, FUTEX_WAIT, 0, HOST), -EFAULT);
    IS(SYS(futex, zeros, FUTEX_WAIT, 1, 0), -EAGAIN);
    IS(SYS(futex, bh_instance_base(guest), FUTEX_WAIT, 0, 0), -EFAULT);
    time = (struct timespec){0, 1};
    IS(SYS(futex, zeros, FUTEX_WAIT, 0, buffer(&time, sizeof(time))), -ETIMEDOUT);
    time.tv_sec = INT64_MAX;
    IS(SYS(futex, zeros, FUTEX_WAIT, 1, buffer(&time, sizeof(time))), -EAGAIN); /* not 292 years from now, but never */
    time.tv_sec = 20;                                                             /* after the machine's start: past */
    IS(SYS(futex, zeros, FUTEX_WAIT_BITSET, 0, buffer(&time, sizeof(time)), 0, UINT32_MAX), -ETIMEDOUT);
    IS(SYS(futex, zeros, FUTEX_WAIT_BITSET, 0, BUFFER, 0, 0), -EINVAL);
    IS(SYS(futex, zeros, FUTEX_CMP_REQUEUE, 1, 1, HOST, 0), -EFAULT);
    IS(SYS(futex, zeros, FUTEX_CMP_REQUEUE, 1, 1, zeros + 64, 1), -EAGAIN);
    IS(SYS(futex, zeros, FUTEX_LOCK_PI, 0, 0), -ENOSYS);
}

static void signals(void) {
    static const int ignored[] = {SIGCHLD, SIGURG, SIGWINCH, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};
    uint64_t action[4] = {1, 0, 0, 0};
    for (size_t n = 0; n < sizeof(ignored) / sizeof(*ignored); n++)
        IS(SYS(kill, 2, ignored[n]), 0);
    IS(SYS(rt_sigaction, 0, buffer(action, sizeof(action)), 0, 8), -EINVAL);
    IS(SYS(rt_sigaction, 65, BUFFER, 0, 8), -EINVAL);
    IS(SYS(rt_sigaction, SIGSTOP, BUFFER, 0, 8), -EINVAL);
    IS(SYS(rt_sigaction, SIGKILL, BUFFER, 0, 8), -EINVAL);
    IS(SYS(rt_sigaction, SIGKILL, 0, BUFFER + 64, 8), 0);
    IS(SYS(rt_sigaction, SIGUSR1, BUFFER, 0, 4), -EINVAL);
    IS(SYS(rt_sigaction, SIGUSR1, HOST, 0, 8), -EFAULT);
    IS(SYS(rt_sigaction, SIGUSR1, 0, HOST, 8), -EFAULT);
    IS(SYS(rt_sigaction, 64, BUFFER, 0, 8), 0);
    IS(SYS(kill, 2, 64), 0);
    IS(SYS(rt_sigprocmask, SIG_BLOCK, BUFFER, 0, 4), -EINVAL);
    IS(SYS(rt_sigprocmask, SIG_BLOCK, HOST, 0, 8), -EFAULT);
    IS(SYS(rt_sigprocmask, SIG_BLOCK, 0, HOST, 8), -EFAULT);
    IS(SYS(rt_sigprocmask, 7, BUFFER, 0, 8), -EINVAL);
    IS(SYS(rt_sigprocmask, SIG_BLOCK, 0, BUFFER + 64, 8), 0);
    IS(SYS(rt_sigprocmask, SIG_BLOCK, 0, 0, 8), 0);
    IS(SYS(rt_sigpending, HOST), -EFAULT);
    IS(SYS(rt_sigpending, BUFFER), 0);
    IS(SYS(kill, 2, 65), -EINVAL);
    IS(SYS(kill, 2, -1), -EINVAL);
    IS(SYS(kill, 2, 0), 0);
    IS(SYS(kill, 0, 0), 0);
    IS(SYS(kill, -2, 0), 0);
    IS(SYS(kill, 3, 0), -ESRCH);
    IS(SYS(tkill, 3, 0), -ESRCH);
    IS(SYS(tgkill, 2, 2, 0), 0);
    IS(SYS(tgkill, 2, 3, 0), -ESRCH);
    /* A real-time signal that is pending is not queued again: who asked for a queue is told, kill and tkill are not. */
    uint64_t set = (uint64_t)1 << (40 - 1) | (uint64_t)1 << (SIGUSR2 - 1);
    siginfo_t info = {.si_signo = 40, .si_code = SI_QUEUE};
    IS(SYS(rt_sigprocmask, SIG_BLOCK, buffer(&set, sizeof(set)), 0, 8), 0);
    for (int n = 0; n < 2; n++) {
        IS(SYS(kill, 2, 40), 0);
        IS(SYS(tkill, 2, 40), 0);
        IS(SYS(rt_sigqueueinfo, 2, 40, buffer(&info, sizeof(info))), -EAGAIN);
        IS(SYS(rt_sigqueueinfo, 2, SIGUSR2, BUFFER), 0);
    }
    IS(SYS(rt_sigtimedwait, buffer(&set, sizeof(set)), 0, 0, 8), SIGUSR2);
    /* It is gone with the wait that cannot tell of it. */
    const struct timespec none = {0, 0};
    for (int n = 0; n < 2; n++)
        IS(SYS(rt_sigtimedwait, buffer(&set, sizeof(set)), HOST, 0, 8), -EFAULT);
    IS(SYS(rt_sigtimedwait, BUFFER, 0, buffer(&none, sizeof(none)), 8), -EAGAIN);
    IS(SYS(rt_sigtimedwait, HOST, 0, BUFFER, 8), -EFAULT);
    IS(SYS(rt_sigtimedwait, buffer(&set, sizeof(set)), 0, HOST, 8), -EFAULT);
    IS(SYS(rt_sigprocmask, SIG_UNBLOCK, BUFFER, 0, 8), 0);
    stack_t stack = {.ss_sp = (void *)(uintptr_t)zeros, .ss_size = 2047};
    IS(SYS(sigaltstack, buffer(&stack, sizeof(stack)), 0), -ENOMEM);
    stack.ss_size = 2048;
    stack.ss_flags = SS_ONSTACK; /* means nothing */
    IS(SYS(sigaltstack, buffer(&stack, sizeof(stack)), HOST), -EFAULT);
    IS(SYS(sigaltstack, 0, BUFFER), 0);
    CHECK(!bh_copy_out(guest, &stack, BUFFER, sizeof(stack)) && stack.ss_flags == SS_DISABLE);
    stack = (stack_t){.ss_sp = (void *)(uintptr_t)zeros, .ss_size = 2048, .ss_flags = SS_ONSTACK};
    IS(SYS(sigaltstack, buffer(&stack, sizeof(stack)), 0), 0);
    IS(SYS(sigaltstack, 0, BUFFER), 0);
    CHECK(!bh_copy_out(guest, &stack, BUFFER, sizeof(stack)) && !stack.ss_flags && stack.ss_size == 2048);
}

/* ---- Memory ---- */

#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)
#define PAGE ((uint64_t)4096)

static uint64_t fresh(uint64_t pages, int protection) {
    int64_t at = SYS(mmap, 0, pages * PAGE, protection, ANONYMOUS, -1, 0);
    CHECK(at > 0);
    return (uint64_t)at;
}

/* Each size and address that is no range, or lies outside the slot or where guests have no say. */
static void ranges(void) {
    uint64_t base = bh_instance_base(guest), end = base + BH_SLOT_SIZE, code;
    uint64_t at = fresh(4, RW);
    REQUIRE(!bh_instance_symbol(guest, "add", &code));
    code &= ~(PAGE - 1);
    const uint64_t outside[] = {HOST & ~(PAGE - 1), base - PAGE, end, end + PAGE, 0};
    for (int n = 0; n < 5; n++) {
        IS(SYS(mmap, outside[n], PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0), -ENOMEM);
        IS(SYS(munmap, outside[n], PAGE), -EINVAL);
        IS(SYS(mprotect, outside[n], PAGE, PROT_READ), -ENOMEM);
        IS(SYS(mremap, outside[n], PAGE, 2 * PAGE, MREMAP_MAYMOVE), -EFAULT);
        IS(SYS(madvise, outside[n], PAGE, MADV_DONTNEED), -ENOMEM);
    }
    IS(SYS(mmap, end - PAGE, 2 * PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0), -ENOMEM);
    const uint64_t not_theirs[] = {base, base + BH_CONTEXT_OFFSET, base + BH_GATE_OFFSET, code, end - PAGE};
    for (int n = 0; n < 5; n++) {
        IS(SYS(mmap, not_theirs[n], PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0), -EINVAL);
        IS(SYS(munmap, not_theirs[n], PAGE), -EINVAL);
        IS(SYS(mprotect, not_theirs[n], PAGE, PROT_READ), -EACCES);
        IS(SYS(mremap, not_theirs[n], PAGE, 2 * PAGE, MREMAP_MAYMOVE), -EFAULT);
        IS(SYS(madvise, not_theirs[n], PAGE, MADV_DONTNEED), -EINVAL);
    }
    /* Sizes that wrap when they are rounded, none, and more than a slot. */
    const uint64_t sizes[] = {0, UINT64_MAX, UINT64_MAX - 4094, BH_SLOT_SIZE + 1};
    for (int n = 0; n < 4; n++) {
        IS(SYS(mmap, 0, sizes[n], RW, ANONYMOUS, -1, 0), -EINVAL);
        IS(SYS(munmap, at, sizes[n]), -EINVAL);
        IS(SYS(mremap, at, PAGE, sizes[n], MREMAP_MAYMOVE), -EINVAL);
        IS(SYS(mremap, at, sizes[n], PAGE, MREMAP_MAYMOVE), n == 3 ? -EFAULT : -EINVAL);
        IS(SYS(mprotect, at, sizes[n], PROT_READ), n == 0 ? 0 : n == 3 ? -ENOMEM : -EINVAL);
        IS(SYS(madvise, at, sizes[n], MADV_DONTNEED), n == 0 ? 0 : n == 3 ? -ENOMEM : -EINVAL);
    }
    /* Addresses within a page. */
    IS(SYS(mmap, at + 1, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0), -EINVAL);
    IS(SYS(munmap, at + 1, PAGE), -EINVAL);
    IS(SYS(mprotect, at + 1, PAGE, PROT_READ), -EINVAL);
    IS(SYS(mremap, at + 1, PAGE, 2 * PAGE, MREMAP_MAYMOVE), -EFAULT);
    IS(SYS(madvise, at + 1, PAGE, MADV_DONTNEED), -EINVAL);
    /* What is mapped is all there. */
    CHECK(!bh_fill(guest, at, 1, 4 * PAGE));
    IS(SYS(munmap, at, 4 * PAGE), 0);
    IS(SYS(munmap, at, 4 * PAGE), 0);
    IS(SYS(mprotect, at, PAGE, PROT_READ), -ENOMEM);
    IS(SYS(madvise, at, PAGE, MADV_DONTNEED), -ENOMEM);
    IS(SYS(madvise, at, PAGE, MADV_WILLNEED), -ENOMEM);
}

static void flags(void) {
    IS(SYS(open, str("/./data/./file"), O_RDWR), 3);
    IS(SYS(mmap, 0, PAGE, 8, ANONYMOUS, -1, 0), -EINVAL);
    IS(SYS(mmap, 0, PAGE, RW, ANONYMOUS | MAP_HUGETLB, -1, 0), -EINVAL);
    IS(SYS(mmap, 0, PAGE, RW, MAP_PRIVATE, 3, 1), -EINVAL);
    uint64_t at = fresh(4, RW);
    IS(SYS(mprotect, at, PAGE, 8), -EINVAL);
    IS(SYS(mprotect, at, PAGE, PROT_READ | PROT_GROWSDOWN), -EINVAL);
    IS(SYS(mremap, at, PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED), -EINVAL);
    /* Over what is there, and beside it. */
    IS(SYS(mmap, at + 3 * PAGE, 2 * PAGE, RW, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), -EEXIST);
    IS(SYS(mmap, at + 4 * PAGE, PAGE, RW, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), (int64_t)(at + 4 * PAGE));
    CHECK(!bh_fill(guest, at, 7, PAGE));
    IS(SYS(mmap, at, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0), (int64_t)at);
    uint8_t byte = 1;
    CHECK(!bh_copy_out(guest, &byte, at, 1) && byte == 0);
    /* Private mappings of a file are copies, and stop at its end; anonymous shared ones are the guest's own. */
    int64_t copy = SYS(mmap, 0, 3, RW, MAP_PRIVATE, 3, 0), shared = SYS(mmap, 0, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(copy > 0 && shared > 0 && !bh_fill(guest, (uint64_t)copy, 7, PAGE) && !bh_fill(guest, (uint64_t)shared, 7, PAGE));
    IS(SYS(pread64, 3, BUFFER, 1, 0), 1);
    CHECK(!bh_copy_out(guest, &byte, BUFFER, 1) && byte != 7);
    IS(SYS(munmap, copy, PAGE), 0);
    IS(SYS(munmap, shared, PAGE), 0);
    IS(SYS(munmap, at, 5 * PAGE), 0);
    IS(SYS(close, 3), 0);
}

static void moves(void) {
    uint64_t at = fresh(8, RW);
    int64_t moved;
    IS(SYS(mremap, at, 8 * PAGE, 8 * PAGE, 0), (int64_t)at);
    IS(SYS(munmap, at + 4 * PAGE, 4 * PAGE), 0);
    IS(SYS(mremap, at + 3 * PAGE, 2 * PAGE, PAGE, 0), -EFAULT); /* a hole in it */
    IS(SYS(mremap, at, 4 * PAGE, 6 * PAGE, 0), (int64_t)at);     /* where it is */
    IS(SYS(mprotect, at, PAGE, PROT_READ), 0);
    IS(SYS(mremap, at, 2 * PAGE, PAGE, 0), -EFAULT); /* two protections */
    IS(SYS(mprotect, at, PAGE, RW), 0);
    IS(SYS(mmap, at + 6 * PAGE, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0), (int64_t)(at + 6 * PAGE));
    IS(SYS(mremap, at, 2 * PAGE, 8 * PAGE, 0), -ENOMEM); /* may not move */
    CHECK(!bh_copy_in(guest, at + PAGE, "moved", 6));
    moved = SYS(mremap, at, 2 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
    char text_there[6] = "";
    CHECK(moved > 0 && !bh_copy_out(guest, text_there, (uint64_t)moved + PAGE, 6) && !strcmp(text_there, "moved"));
    IS(bh_check_range(guest, at, PAGE), BH_OK);
    IS(bh_fill(guest, at, 0, PAGE), BH_ERROR_RANGE); /* gone from here */
    IS(SYS(mprotect, moved, 8 * PAGE, PROT_READ), 0);
    IS(SYS(mmap, moved + 8 * PAGE, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0), moved + 8 * (int64_t)PAGE);
    IS(SYS(mremap, moved, 8 * PAGE, 9 * PAGE, MREMAP_MAYMOVE), -ENOMEM); /* cannot be copied to */
    IS(SYS(munmap, moved, 9 * PAGE), 0);
    IS(SYS(munmap, at + 2 * PAGE, 5 * PAGE), 0);
    /* Where the guard behind the last page begins, nothing grows. */
    uint64_t last = bh_instance_base(guest) + BH_SLOT_SIZE - BH_TAIL_GUARD_SIZE - PAGE;
    IS(SYS(mmap, last, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0), (int64_t)last);
    IS(SYS(mremap, last, PAGE, 2 * PAGE, 0), -ENOMEM);
    IS(SYS(munmap, last, PAGE), 0);
}

static void heap(void) {
    int64_t start = SYS(brk, 0), end = start + 4 * (int64_t)PAGE;
    uint8_t byte = 1;
    IS(SYS(brk, start - 1), start);
    IS(SYS(brk, end), end);
    CHECK(!bh_fill(guest, (uint64_t)start, 7, 4 * PAGE));
    IS(SYS(madvise, start + (int64_t)PAGE, PAGE, MADV_DONTNEED), 0);
    CHECK(!bh_copy_out(guest, &byte, (uint64_t)start + PAGE, 1) && byte == 0);
    IS(SYS(madvise, start, PAGE, MADV_WILLNEED), 0);
    CHECK(!bh_copy_out(guest, &byte, (uint64_t)start, 1) && byte == 7);
    /* Something is in the way. */
    IS(SYS(mmap, end, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0), end);
    IS(SYS(brk, end + 1), end);
    IS(SYS(mremap, end - (int64_t)PAGE, 2 * PAGE, PAGE, 0), -EFAULT); /* two kinds */
    IS(SYS(munmap, end, PAGE), 0);
    IS(SYS(mremap, start, PAGE, 8 * PAGE, MREMAP_MAYMOVE), -ENOMEM); /* this kind neither grows nor moves */
    IS(SYS(mremap, end - (int64_t)PAGE, PAGE, 2 * PAGE, 0), -ENOMEM);
    IS(SYS(brk, end + 1), end + 1);
    IS(SYS(brk, bh_instance_base(guest) + BH_SLOT_SIZE - 1), end + 1);
    IS(SYS(brk, start), start);
}

/* No mapping is left: whatever would take one more fails, and what takes none works. */
static void without_mappings(void) {
    uint64_t at = fresh(400, RW), n = 0;
    int64_t heap_end = SYS(brk, SYS(brk, 0) + 2 * (int64_t)PAGE);
    IS(SYS(open, str("/data/file"), O_RDWR), 0);
    while (n < 200 && SYS(mprotect, at + 2 * PAGE * n, PAGE, PROT_READ) == 0)
        n++;
    CHECK(n > 5 && n < 100);
    uint64_t whole = at + 2 * PAGE * (n + 2); /* in what is still one piece */
    for (n = 0; n < 10 && SYS(munmap, whole, PAGE) == 0; n++) /* takes one more where mprotect takes two */
        whole += 4 * PAGE;
    CHECK(n < 5);
    IS(SYS(mmap, 0, PAGE, RW, ANONYMOUS, -1, 0), -ENOMEM);
    IS(SYS(mmap, 0, PAGE, PROT_READ, MAP_SHARED, 0, 0), -ENOMEM);
    IS(SYS(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, 0, 0), -ENOMEM);
    IS(SYS(munmap, whole, PAGE), -ENOMEM);
    IS(SYS(mremap, whole, 2 * PAGE, PAGE, 0), -ENOMEM);
    IS(SYS(brk, heap_end + (int64_t)PAGE), heap_end);
    IS(SYS(brk, heap_end - (int64_t)PAGE), heap_end);
    bh_address block;
    CHECK(bh_allocate(guest, 1, &block) == BH_ERROR_MEMORY);
    IS(SYS(munmap, at, 400 * PAGE), 0);
    IS(SYS(brk, heap_end + (int64_t)PAGE), heap_end + (int64_t)PAGE);
    CHECK(!bh_allocate(guest, 1, &block) && !bh_free(guest, block));
    IS(SYS(close, 0), 0);
}

static void limited(void) {
    bh_policy *policy = new_policy();
    REQUIRE(!bh_policy_set_mapping_limit(policy, 60) && !bh_policy_set_memory_limit(policy, 64 << 20));
    start_guest(policy);
    bh_policy_destroy(policy);
    without_mappings();
    uint64_t at = fresh(64, RW);
    IS(SYS(mremap, at, 64 * PAGE, 65 << 20, MREMAP_MAYMOVE), -ENOMEM);
    IS(SYS(mmap, at + 64 * PAGE, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0), (int64_t)(at + 64 * PAGE));
    IS(SYS(mremap, at, 64 * PAGE, 65 << 20, MREMAP_MAYMOVE), -ENOMEM);
    int64_t end = SYS(brk, 0);
    IS(SYS(brk, end + (65 << 20)), end);
    IS(SYS(mremap, at, 64 * PAGE, 32 << 20, MREMAP_MAYMOVE) > 0, 1);
    CHECK(!bh_instance_destroy(guest));
}

/* ---- Names ---- */

static void names(void) {
    static char longest[5000];
    IS(SYS(open, str("/../data/./file"), O_RDONLY), 3);
    IS(SYS(close, 3), 0);
    IS(SYS(open, str("/data//sub/../file"), O_RDONLY), 3);
    IS(SYS(close, 3), 0);
    IS(SYS(open, str("/datafile"), O_RDONLY), -ENOENT); /* no name below /data */
    IS(SYS(open, str("/dat"), O_RDONLY), -ENOENT);
    IS(SYS(open, str(""), O_RDONLY), -ENOENT);
    IS(SYS(open, str("/data/file"), O_WRONLY | O_CREAT, 0600), 3);
    IS(SYS(close, 3), 0);
    IS(SYS(open, str("/data/link"), O_RDWR | O_CREAT, 0600), 3);
    IS(SYS(close, 3), 0);
    IS(SYS(open, str("/data/link"), O_RDWR | O_CREAT | O_EXCL, 0600), -EEXIST);
    IS(SYS(open, str("/data/link"), O_RDWR | O_NOFOLLOW), -ELOOP);
    IS(SYS(open, str("/data/file"), O_RDONLY | O_DIRECTORY), -ENOTDIR);
    IS(SYS(open, str("/data"), O_RDWR), -EISDIR);
    IS(SYS(open, str("/ro/file"), O_RDONLY | O_CREAT, 0600), 3);
    IS(SYS(close, 3), 0);
    IS(SYS(open, str("/ro/none"), O_RDONLY | O_CREAT, 0600), -EROFS);
    IS(SYS(open, str("/ro/none"), O_RDWR), -ENOENT);
    IS(SYS(open, str("/ro/file"), O_RDONLY | O_CREAT | O_EXCL, 0600), -EEXIST);
    /* The working directory's name does not count. */
    memset(longest, '.', sizeof(longest));
    for (int n = 1; n < 4090; n += 2)
        longest[n] = '/';
    memcpy(longest + 4080, "/file", 6);
    IS(SYS(chdir, str("/data")), 0);
    IS(SYS(open, str(longest), O_RDONLY), 3); /* "." adds nothing */
    IS(SYS(close, 3), 0);
    memset(longest, 'x', sizeof(longest));
    for (int n = 100; n < 4092; n += 100)
        longest[n] = '/';
    longest[4092] = 0;
    IS(SYS(open, str(longest), O_RDONLY), -ENOENT);
    longest[4092] = 'x';
    longest[4095] = 0;
    IS(SYS(open, str(longest), O_RDONLY), -ENOENT);
    longest[4095] = 'x';
    longest[4096] = 0;
    IS(SYS(open, str(longest), O_RDONLY), -ENAMETOOLONG);
    longest[1000] = 0;
    IS(SYS(open, str(longest), O_RDONLY), -ENOENT);
    IS(SYS(chdir, str("/")), 0);
}

/* A call that would end the guest, in one of its own. */
static void ends(const bh_policy *policy, long number, uint64_t a, uint64_t b, uint64_t c, bh_fault_kind kind) {
    start_guest(policy);
    IS(guest_call6(guest, number, a ? a : zeros, b, c, 0, 0, 0), INT64_MIN);
    CHECK(bh_last_error()->error == BH_ERROR_FAULT && bh_last_error()->fault == kind);
    CHECK(!bh_instance_destroy(guest));
}

static void nothing_granted(void) {
    start_guest(NULL);
    IS(SYS(open, str("etc/passwd"), O_RDONLY), -ENOENT); /* relative to the root, at first */
    IS(SYS(gettimeofday, BUFFER, 0), -EPERM);
    IS(SYS(time, BUFFER), -EPERM);
    IS(SYS(times, BUFFER), -EPERM);
    IS(SYS(getrusage, 0, BUFFER), -EPERM);
    IS(SYS(clock_gettime, 0, BUFFER), -EPERM);
    IS(SYS(nanosleep, BUFFER, 0), -EPERM);
    IS(SYS(getrandom, BUFFER, 8, 0), -EPERM);
    CHECK(!bh_instance_destroy(guest));
}

/* "/" is a grant like others. */
static void root(void) {
    bh_policy *policy;
    char path[4096];
    in_top(path, "data");
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_grant_directory(policy, path, "/", BH_READ_WRITE));
    start_guest(policy);
    bh_policy_destroy(policy);
    IS(SYS(open, str("file"), O_RDONLY), 0); /* the working directory is the root, at first */
    IS(SYS(close, 0), 0);
    IS(SYS(chdir, str("/sub")), 0);
    IS(SYS(chdir, str("..")), 0);
    IS(SYS(getcwd, BUFFER, 64), 2);
    IS(SYS(chdir, str("/")), 0);
    IS(SYS(getcwd, BUFFER, 64), 2);
    IS(SYS(access, str("file"), F_OK), 0);
    IS(SYS(open, str("/"), O_RDONLY | O_DIRECTORY), 0);
    IS(SYS(fchdir, 0), 0);
    IS(SYS(getcwd, BUFFER, 64), 2);
    CHECK(!bh_instance_destroy(guest));
}

int main(int argc, char **argv) {
    int ends_of[2], other[2];
    char path[4096];
    if (argc != 3)
        return 2;
    top = argv[2];
    static const char *const directories[] = {"data", "ro", "data/sub"};
    for (int n = 0; n < 3; n++) {
        in_top(path, directories[n]);
        mkdir(path, 0777);
    }
    make("data/file");
    make("ro/file");
    in_top(path, "data/link");
    REQUIRE(!symlink("file", path) && !pipe(ends_of) && !pipe(other));
    open_module(argv[1], 4);
    bh_policy *policy = new_policy();
    REQUIRE(!bh_policy_grant_stream(policy, 0, ends_of[0]) && !bh_policy_grant_stream(policy, 1, other[1]));
    start_guest(policy);
    IS(SYS(dup, 0), 2);
    descriptors();
    IS(SYS(close, 2), 0);
    IS(SYS(open, str("/data"), O_RDONLY), 2); /* what the others open is 3 and more */
    kinds(other[1]);
    vectors();
    newer_vectors();
    copies();
    ranges_of_descriptors();
    mappings();
    resident();
    random_numbers();
    locks();
    thread_names();
    sizes();
    tree();
    attributes();
    process();
    clocks();
    signals();
    names();
    ranges();
    flags();
    moves();
    heap();
    CHECK(!bh_instance_destroy(guest));
    limited();
    terminals();
    root();
    nothing_granted();
    ends(policy, SYS_futex, 0, FUTEX_WAIT, 0, BH_FAULT_DEADLOCK);
    ends(policy, SYS_kill, 2, SIGUSR1, 0, BH_FAULT_SIGNAL);
    ends(policy, SYS_kill, 2, 64, 0, BH_FAULT_SIGNAL);
    bh_policy_destroy(policy);
    close_module();
    return failures != 0;
}
