/* large-calls-test MODULE DIRECTORY: a deadline ends a system call between two pieces of what it does. A call that is given up leaves the last
 * page of its range, or the rest of its file, as it was; one that is done in one piece does not. The thread has worked for no more than
 * LATE beyond the deadline then, however busy the machine is. */
#include <fcntl.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "guest-calls.h"

#define SIZE ((uint64_t)512 << 20)
#define SOON 200000 /* nanoseconds: less than any of these calls takes */
#define LATE 20000000u /* nanoseconds */
#define LONG ((uint64_t)64 << 30) /* of a file that is all hole */
#define ALLOCATED ((uint64_t)2 << 30)
#define BYTE 0x5a

static bh_instance *instance;
static bh_address memory;
static int64_t file, copy;

static void begin_files(const char *directory) {
    bh_policy *policy;
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_grant_directory(policy, directory, "/", BH_READ_WRITE));
    instance = new_instance(policy);
    bh_policy_destroy(policy);
    file = guest_call(instance, SYS_open, text(instance, "/sparse"), O_RDWR, 0);
    copy = guest_call(instance, SYS_open, text(instance, "/copy"), O_CREAT | O_TRUNC | O_RDWR, 0600);
    CHECK(file >= 0 && copy >= 0);
}

static void begin(const char *directory) {
    begin_files(directory);
    memory = (bh_address)guest_call6(instance, SYS_mmap, 0, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, UINT64_MAX, 0);
    /* Something behind it, so that it cannot grow in place. */
    CHECK(guest_call6(instance, SYS_mmap, memory + SIZE, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, UINT64_MAX, 0) > 0);
    CHECK(!bh_fill(instance, memory, BYTE, SIZE));
}

static uint64_t processor_time(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* Whether a deadline soon after its begin ends the call, in time. */
static bool ended(const char *name, long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f) {
    CHECK(!bh_instance_set_deadline(instance, SOON));
    uint64_t before = processor_time();
    int64_t result = guest_call6(instance, number, a, b, c, d, e, f);
    uint64_t took = processor_time() - before;
    if (took > SOON + LATE) {
        printf("%s: worked for %llu us\n", name, (unsigned long long)took / 1000);
        failures++;
    }
    if (result == INT64_MIN && bh_last_error()->error == BH_ERROR_DEADLINE)
        return true;
    printf("%s: result %lld, not ended\n", name, (long long)result);
    failures++;
    return false;
}

static bool kept_at(uint64_t offset) {
    unsigned char byte = 0;
    return !bh_copy_out(instance, &byte, memory + offset, 1) && byte == BYTE;
}

/* And written. */
static uint64_t bytes_read(void) {
    unsigned long long count = 0, written = 0;
    FILE *io = fopen("/proc/self/io", "r");
    if (io && fscanf(io, "rchar: %llu wchar: %llu", &count, &written) != 2)
        count = 0;
    if (io)
        fclose(io);
    return count + written;
}

static const struct {
    const char *name;
    long number;
    uint64_t a, b, c, d, e, f; /* MEMORY and DESCRIPTOR stand for what begin has made */
} calls[] = {
#define MEMORY UINT64_MAX
#define DESCRIPTOR (UINT64_MAX - 1)
#define VECTOR (UINT64_MAX - 2)
#define COPY (UINT64_MAX - 3)
    {"munmap", SYS_munmap, MEMORY, SIZE, 0, 0, 0, 0},
    {"mprotect", SYS_mprotect, MEMORY, SIZE, PROT_NONE, 0, 0, 0},
    {"madvise", SYS_madvise, MEMORY, SIZE, MADV_DONTNEED, 0, 0, 0},
    {"mremap", SYS_mremap, MEMORY, SIZE, SIZE + 4096, MREMAP_MAYMOVE, 0, 0},
    {"mremap that shrinks", SYS_mremap, MEMORY, SIZE, 4096, 0, 0, 0},
    {"mmap over memory", SYS_mmap, MEMORY, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, UINT64_MAX - 9, 0},
    {"shared mmap over memory", SYS_mmap, MEMORY, SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, DESCRIPTOR, 0},
    {"mmap of a file", SYS_mmap, 0, SIZE, PROT_READ, MAP_PRIVATE, DESCRIPTOR, 0},
    {"read", SYS_read, DESCRIPTOR, MEMORY, SIZE, 0, 0, 0},
    {"pread", SYS_pread64, DESCRIPTOR, MEMORY, SIZE, 0, 0, 0},
    {"readv", SYS_readv, DESCRIPTOR, VECTOR, 2, 0, 0, 0},
    {"preadv", SYS_preadv, DESCRIPTOR, VECTOR, 2, 0, 0, 0},
    {"write", SYS_write, DESCRIPTOR, MEMORY, SIZE, 0, 0, 0},
    {"pwrite", SYS_pwrite64, DESCRIPTOR, MEMORY, SIZE, 0, 0, 0},
    {"writev", SYS_writev, DESCRIPTOR, VECTOR, 2, 0, 0, 0},
    {"pwritev", SYS_pwritev, DESCRIPTOR, VECTOR, 2, 0, 0, 0},
    {"sendfile", SYS_sendfile, COPY, DESCRIPTOR, 0, SIZE, 0, 0},
    {"copy_file_range", SYS_copy_file_range, DESCRIPTOR, 0, COPY, 0, SIZE, 0},
};

static uint64_t argument(uint64_t value) {
    return value == MEMORY       ? memory
           : value == DESCRIPTOR ? (uint64_t)file
           : value == COPY       ? (uint64_t)copy
           : value == VECTOR     ? text(instance, "")
                                 : value;
}

static void prepare_vector(void) {
    const struct iovec vector[2] = {{(void *)(uintptr_t)memory, 8}, {(void *)(uintptr_t)(memory + 8), SIZE - 8}};
    CHECK(!bh_copy_in(instance, text(instance, ""), vector, sizeof(vector)));
}

/* ---- Files ---- */

enum { FTRUNCATE, TRUNCATE, OPEN, OPEN_TO_READ, FALLOCATE, SIZES };

static void file_sizes(const char *directory, const char *name) {
    static const char *const names[] = {"ftruncate", "truncate", "open with O_TRUNC", "open to read with O_TRUNC", "fallocate"};
    for (int how = 0; how < SIZES; how++) {
        struct stat info;
        begin_files(directory);
        REQUIRE(!truncate(name, how == FALLOCATE ? 0 : (off_t)LONG));
        bh_address path = text(instance, "/sparse");
        if (how == FTRUNCATE)
            ended(names[how], SYS_ftruncate, (uint64_t)file, 4096, 0, 0, 0, 0);
        else if (how == TRUNCATE)
            ended(names[how], SYS_truncate, path, 4096, 0, 0, 0, 0);
        else if (how == FALLOCATE)
            ended(names[how], SYS_fallocate, (uint64_t)file, 0, 0, ALLOCATED, 0, 0);
        else
            ended(names[how], SYS_open, path, O_TRUNC | (how == OPEN ? O_RDWR : O_RDONLY), 0, 0, 0, 0);
        REQUIRE(!stat(name, &info));
        uint64_t done = how == FALLOCATE ? (uint64_t)info.st_blocks * 512 : LONG - (uint64_t)info.st_size;
        if (!done || done > (how == FALLOCATE ? ALLOCATED : LONG) / 2) {
            printf("%s: done to %llu\n", names[how], (unsigned long long)done);
            failures++;
        }
        CHECK(!bh_instance_set_deadline(instance, 0) && !bh_instance_reset(instance));
        /* The whole of it. */
        REQUIRE(!truncate(name, (off_t)64 << 20));
        file = guest_call(instance, SYS_open, text(instance, "/sparse"), O_RDWR, 0);
        path = text(instance, "/sparse");
        if (how == FTRUNCATE)
            CHECK(!guest_call(instance, SYS_ftruncate, (uint64_t)file, 4097, 0));
        else if (how == TRUNCATE)
            CHECK(!guest_call(instance, SYS_truncate, path, 4097, 0));
        else if (how == FALLOCATE)
            CHECK(!guest_call6(instance, SYS_fallocate, (uint64_t)file, 0, 1, (uint64_t)80 << 20, 0, 0));
        else
            CHECK(guest_call(instance, SYS_open, path, O_TRUNC | (how == OPEN ? O_RDWR : O_RDONLY), 0) >= 0);
        REQUIRE(!stat(name, &info));
        CHECK(info.st_size == (how == FALLOCATE ? (80 << 20) + 1 : how <= TRUNCATE ? 4097 : 0));
        CHECK(how != FALLOCATE || info.st_blocks * 512 >= (off_t)80 << 20);
        CHECK(!bh_instance_destroy(instance));
    }
}

/* What cannot be given is not given in part. */
static void refused_whole(const char *directory, const char *name) {
    const uint64_t large = (uint64_t)64 << 20;
    struct rlimit all, small = {large, RLIM_INFINITY};
    struct statvfs space;
    struct stat info;
    begin_files(directory);
    REQUIRE(!truncate(name, 0) && !statvfs(directory, &space) && !getrlimit(RLIMIT_FSIZE, &all));
    small.rlim_max = all.rlim_max;
    CHECK(guest_call6(instance, SYS_fallocate, (uint64_t)file, 0, 0, UINT64_MAX, 0, 0) == -EINVAL);
    CHECK(guest_call6(instance, SYS_fallocate, (uint64_t)file, 0, UINT64_MAX, large, 0, 0) == -EINVAL);
    CHECK(guest_call6(instance, SYS_fallocate, (uint64_t)file, 0, INT64_MAX - large, 2 * large, 0, 0) == -EFBIG);
    REQUIRE(!setrlimit(RLIMIT_FSIZE, &small));
    CHECK(guest_call6(instance, SYS_fallocate, (uint64_t)file, 0, 0, 2 * large, 0, 0) == -EFBIG);
    CHECK(guest_call6(instance, SYS_fallocate, (uint64_t)file, 0, large / 2, large, 0, 0) == -EFBIG);
    REQUIRE(!setrlimit(RLIMIT_FSIZE, &all) && !stat(name, &info));
    CHECK(!info.st_size && !info.st_blocks);
    /* More than the disk has. A deadline, since nobody wants it filled. */
    CHECK(!bh_instance_set_deadline(instance, SOON));
    CHECK(guest_call6(instance, SYS_fallocate, (uint64_t)file, 0, 0, (space.f_bfree + 1) * space.f_frsize + large, 0, 0) == -ENOSPC);
    REQUIRE(!stat(name, &info));
    CHECK(!info.st_size && !info.st_blocks);
    CHECK(!bh_instance_destroy(instance));
}

/* The runtime's: no disk is to be busy. Each takes as long as writing so much may take. */
static unsigned pieces, syncs_made;
static void work_for(uint64_t nanoseconds) {
    for (uint64_t until = processor_time() + nanoseconds; processor_time() < until;)
        ;
}
int sync_file_range(int fd, off_t offset, off_t size, unsigned how) {
    (void)fd, (void)offset, (void)how;
    CHECK(size <= 16 << 20);
    pieces++;
    work_for(100000);
    return 0;
}
int fsync(int fd) {
    (void)fd;
    syncs_made++;
    return 0;
}
int fdatasync(int fd) {
    return fsync(fd);
}
static int msync_error;
int msync(void *at, size_t size, int flags) {
    (void)at, (void)flags;
    CHECK(size <= 16 << 20);
    pieces++;
    work_for(100000);
    errno = msync_error;
    return msync_error ? -1 : 0;
}

static void syncs(const char *directory) {
    static const long numbers[] = {SYS_fsync, SYS_fdatasync};
    for (int n = 0; n < 2; n++) {
        begin_files(directory);
        CHECK(!guest_call(instance, SYS_ftruncate, (uint64_t)file, SIZE, 0));
        pieces = syncs_made = 0;
        ended(n ? "fdatasync" : "fsync", numbers[n], (uint64_t)file, 0, 0, 0, 0, 0);
        CHECK(pieces && pieces < SIZE / (16 << 20) && !syncs_made);
        CHECK(!bh_instance_set_deadline(instance, 0) && !bh_instance_reset(instance));
        file = guest_call(instance, SYS_open, text(instance, "/sparse"), O_RDWR, 0);
        CHECK(!guest_call(instance, SYS_ftruncate, (uint64_t)file, SIZE / 8, 0));
        pieces = 0;
        CHECK(!guest_call(instance, numbers[n], (uint64_t)file, 0, 0) && pieces >= 2 * SIZE / 8 / (16 << 20) && syncs_made == 1);
        CHECK(!bh_instance_destroy(instance));
    }
}

static void sync_mapping(const char *directory) {
    begin_files(directory);
    CHECK(!guest_call(instance, SYS_ftruncate, (uint64_t)file, SIZE, 0));
    uint64_t at = (uint64_t)guest_call6(instance, SYS_mmap, 0, SIZE, PROT_READ, MAP_SHARED, (uint64_t)file, 0);
    pieces = 0;
    CHECK(!guest_call(instance, SYS_msync, at, SIZE / 8, MS_SYNC) && pieces >= SIZE / 8 / (16 << 20));
    msync_error = EIO;
    pieces = 0;
    CHECK(guest_call(instance, SYS_msync, at, SIZE / 8, MS_SYNC) == -EIO && pieces == 1);
    msync_error = 0;
    pieces = 0;
    ended("msync", SYS_msync, at, SIZE, MS_SYNC, 0, 0, 0);
    CHECK(pieces && pieces < SIZE / (16 << 20));
    CHECK(!bh_instance_destroy(instance));
}

int main(int argc, char **argv) {
    char name[4096];
    if (argc != 3)
        return 2;
    snprintf(name, sizeof(name), "%s/sparse", argv[2]);
    int fd = open(name, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    REQUIRE(fd >= 0 && !ftruncate(fd, (off_t)SIZE));
    close(fd);
    open_module(argv[1], 2);
    for (size_t n = 0; n < sizeof(calls) / sizeof(*calls); n++) {
        begin(argv[2]);
        uint64_t a = argument(calls[n].a), b = argument(calls[n].b), e = argument(calls[n].e);
        prepare_vector();
        uint64_t before = bytes_read();
        ended(calls[n].name, calls[n].number, a, b, argument(calls[n].c), calls[n].d, e, calls[n].f);
        bool kept = kept_at(SIZE - 1) && bytes_read() - before < SIZE / 2;
        /* A move that is given up while it copies has not begun to free. */
        if (calls[n].number == SYS_mremap && calls[n].c > SIZE)
            kept &= kept_at(0);
        if (!kept) {
            printf("%s: in one piece\n", calls[n].name);
            failures++;
        }
        CHECK(!bh_instance_set_deadline(instance, 0) && !bh_instance_destroy(instance));
    }
    file_sizes(argv[2], name);
    refused_whole(argv[2], name);
    syncs(argv[2]);
    sync_mapping(argv[2]);
    close_module();
    return failures != 0;
}
