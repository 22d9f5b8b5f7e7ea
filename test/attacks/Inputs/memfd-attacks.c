/* memfd-attacks MODULE: files in memory in the hands of a hostile guest: whatever makes one larger, and whatever keeps it, counts
 * against its memory, and comes back when the last of it goes. MODULE is library.S, whose system calls this host makes. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../../runtime/Inputs/entries.h"
#include "../../runtime/Inputs/syscalls.h"

#define PAGE ((uint64_t)4096)
#define MEGABYTE ((uint64_t)1 << 20)
#define LIMIT (64 * MEGABYTE)
#define HOST (BUFFER + BH_SLOT_SIZE)
#define RW (PROT_READ | PROT_WRITE)

static uint64_t used(void) {
    bh_usage usage;
    bh_instance_get_usage(guest, &usage);
    return usage.mapped;
}

static void start(unsigned descriptors) {
    bh_policy *policy;
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_set_memory_limit(policy, LIMIT) &&
            !bh_policy_set_descriptor_limit(policy, descriptors));
    start_guest(policy);
    bh_policy_destroy(policy);
}

static int64_t make(unsigned flags) {
    return SYS(memfd_create, str("name"), flags);
}

static void test_arguments(void) {
    char name[251];
    memset(name, 'n', 250);
    name[250] = 0;
    start(16);
    uint64_t before = used();
    IS(SYS(memfd_create, HOST, 0), -EFAULT);
    IS(SYS(memfd_create, 0, 0), -EFAULT);
    IS(SYS(memfd_create, str(name), 0), -EINVAL);
    IS(SYS(memfd_create, str(name + 1), 0), 0);
    IS(SYS(memfd_create, str(""), MFD_CLOEXEC), 1);
    IS(make(4 /* MFD_HUGETLB */), -EINVAL);
    IS(make(8 /* MFD_NOEXEC_SEAL, which Linux 6.1 does not have */), -EINVAL);
    IS(make(1U << 31), -EINVAL);
    IS(SYS(fcntl, 0, F_GETFD), 0);
    IS(SYS(fcntl, 1, F_GETFD), FD_CLOEXEC);
    CHECK(used() == before + 2 * PAGE);
    /* The host's file system is not told, nor is anything mapped executable. */
    IS(SYS(fstatfs, 0, BUFFER), 0);
    IS(SYS(mmap, 0, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, 0, 0), -EACCES);
    IS(SYS(close, 0), 0);
    IS(SYS(close, 1), 0);
    CHECK(used() == before);
    CHECK(!bh_instance_destroy(guest));
}

static void test_seals(void) {
    start(16);
    IS(make(0), 0);
    IS(SYS(fcntl, 0, F_GET_SEALS), F_SEAL_SEAL);
    IS(SYS(fcntl, 0, F_ADD_SEALS, F_SEAL_GROW), -EPERM);
    IS(make(MFD_ALLOW_SEALING), 1);
    IS(SYS(fcntl, 1, F_GET_SEALS), 0);
    IS(SYS(fcntl, 1, F_ADD_SEALS, 0x20 /* F_SEAL_EXEC */), -EINVAL);
    IS(SYS(fcntl, 1, F_ADD_SEALS, -1), -EINVAL);
    IS(SYS(ftruncate, 1, 2 * PAGE), 0);
    IS(SYS(fcntl, 1, F_ADD_SEALS, F_SEAL_GROW), 0);
    IS(SYS(pwrite64, 1, BUFFER, 1, 2 * PAGE), -EPERM);
    IS(SYS(ftruncate, 1, 3 * PAGE), -EPERM);
    IS(SYS(fcntl, 1, F_ADD_SEALS, F_SEAL_SHRINK), 0);
    IS(SYS(ftruncate, 1, PAGE), -EPERM);
    int64_t at = SYS(mmap, 0, PAGE, RW, MAP_SHARED, 1, 0);
    IS(SYS(fcntl, 1, F_ADD_SEALS, F_SEAL_WRITE), -EBUSY);
    IS(SYS(munmap, at, PAGE), 0);
    IS(SYS(fcntl, 1, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL), 0);
    IS(SYS(pwrite64, 1, BUFFER, 1, 0), -EPERM);
    IS(SYS(mmap, 0, PAGE, RW, MAP_SHARED, 1, 0), -EPERM);
    IS(SYS(fcntl, 1, F_GET_SEALS), F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_WRITE | F_SEAL_SEAL);
    IS(SYS(pipe, BUFFER), 0);
    IS(SYS(fcntl, 2, F_GET_SEALS), -EINVAL);
    IS(SYS(fcntl, 2, F_ADD_SEALS, 0), -EINVAL);
    CHECK(!bh_instance_destroy(guest));
}

/* Each way to make a file larger, up to the limit and beyond it. */
static void test_growth(void) {
    start(16);
    uint64_t before = used(), room = LIMIT - before - 3 * PAGE;
    struct iovec vector[2] = {{(void *)(uintptr_t)zeros, 16}, {(void *)(uintptr_t)zeros, 16}};
    const int64_t no_offset = 0, end = (int64_t)room - 8;
    IS(make(0), 0);
    IS(make(0), 1);
    IS(SYS(write, 1, zeros, 64), 64);
    IS(SYS(ftruncate, 0, room + 1), -ENOSPC);
    IS(SYS(ftruncate, 0, (uint64_t)1 << 40), -ENOSPC);
    IS(SYS(ftruncate, 0, UINT64_MAX), -EINVAL);
    IS(SYS(fallocate, 0, 0, 8, room), -ENOSPC);
    IS(SYS(fallocate, 0, 0, (uint64_t)1 << 63, (uint64_t)1 << 63), -EINVAL);
    IS(SYS(fallocate, 0, 0, UINT64_MAX, 16), -EINVAL);
    IS(SYS(pwrite64, 0, zeros, 16, end), -ENOSPC);
    IS(SYS(pwrite64, 0, zeros, 16, INT64_MAX), -EINVAL);
    IS(SYS(pwrite64, 0, zeros, 16, UINT64_MAX), -EINVAL);
    CHECK(!bh_copy_in(guest, BUFFER, vector, sizeof(vector)));
    IS(SYS(pwritev, 0, BUFFER, 2, end), -ENOSPC);
    IS(SYS(lseek, 0, end, SEEK_SET), end);
    IS(SYS(write, 0, zeros, 16), -ENOSPC);
    IS(SYS(writev, 0, BUFFER, 2), -ENOSPC);
    IS(SYS(sendfile, 0, 1, buffer(&no_offset, sizeof(no_offset)), 16), -ENOSPC);
    CHECK(!bh_copy_in(guest, BUFFER + 8, &end, sizeof(end)));
    IS(SYS(copy_file_range, 1, BUFFER, 0, BUFFER + 8, 16, 0), -ENOSPC);
    CHECK(used() == before + 3 * PAGE); /* a page for each, and 64 bytes */
    /* All of it, and not a byte more. */
    IS(SYS(write, 0, zeros, 8), 8);
    CHECK(used() == LIMIT);
    IS(SYS(write, 0, zeros, 1), -ENOSPC);
    IS(SYS(mmap, 0, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), -ENOMEM);
    IS(make(0), -ENOMEM);
    /* What is there already may be written, and mapped. */
    IS(SYS(pwrite64, 0, zeros, 4096, 0), 4096);
    int64_t at = SYS(mmap, 0, room, RW, MAP_SHARED, 0, 0);
    CHECK(at > 0 && used() == LIMIT);
    IS(SYS(munmap, at, room), 0);
    IS(SYS(fallocate, 0, 0, 0, room), 0);
    IS(SYS(ftruncate, 0, PAGE), 0);
    CHECK(used() == before + 4 * PAGE);
    IS(SYS(fcntl, 0, F_SETFL, O_APPEND), 0);
    IS(SYS(pwrite64, 0, zeros, 16, end), 16); /* at its end */
    CHECK(used() == before + 5 * PAGE);
    IS(SYS(ftruncate, 0, room - 8), 0);
    IS(SYS(pwrite64, 0, zeros, 16, 0), -ENOSPC);
    IS(SYS(ftruncate, 0, 0), 0);
    CHECK(used() == before + 3 * PAGE);
    CHECK(!bh_instance_destroy(guest));
}

/* What is left of a file counts whole. */
static void test_references(void) {
    const uint64_t size = 16 * MEGABYTE;
    start(16);
    uint64_t before = used();
    for (int how = 0; how < 4; how++) {
        IS(make(0), 0);
        IS(SYS(ftruncate, 0, size), 0);
        uint64_t full = before + size + PAGE;
        CHECK(used() == full);
        if (how == 0) { /* a copy of the descriptor */
            IS(SYS(dup, 0), 1);
            IS(SYS(open, str("/dev/fd/1"), O_RDWR), 2);
            IS(SYS(close, 0), 0);
            IS(SYS(dup2, 1, 2), 2);
            IS(SYS(close, 1), 0);
            CHECK(used() == full);
            IS(SYS(close_range, 0, 15, 0), 0);
        } else {
            int64_t at = SYS(mmap, 0, 4 * PAGE, RW, MAP_SHARED, 0, PAGE);
            IS(SYS(close, 0), 0);
            CHECK(used() == full);
            IS(SYS(mprotect, at + PAGE, PAGE, PROT_READ), 0);
            IS(SYS(munmap, at, PAGE), 0);
            IS(SYS(munmap, at + 2 * PAGE, 2 * PAGE), 0);
            CHECK(used() == full);
            if (how == 1)
                IS(SYS(munmap, at + PAGE, PAGE), 0);
            if (how == 2) { /* something else in its place */
                IS(SYS(mmap, at + PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), at + (int64_t)PAGE);
                CHECK(used() == before + PAGE);
                IS(SYS(munmap, at + PAGE, PAGE), 0);
            }
            if (how == 3)
                CHECK(!bh_instance_reset(guest));
        }
        CHECK(used() == before);
    }
    /* Again and again: nothing adds up, and none of the limit is lost. */
    for (int n = 0; n < 1000; n++) {
        IS(make(0), 0);
        IS(SYS(ftruncate, 0, LIMIT - before - PAGE), 0);
        int64_t at = SYS(mmap, 0, PAGE, RW, MAP_SHARED, 0, 0);
        IS(SYS(close, 0), 0);
        IS(make(0), -ENOMEM);
        IS(SYS(munmap, at, PAGE), 0);
    }
    CHECK(used() == before);
    CHECK(!bh_instance_destroy(guest));
}

/* As many as there may be, by their descriptors or by what they are mapped to. */
static void test_many(void) {
    int before = entries_of("/proc/self/fd"), made = 0;
    start(16);
    for (; !make(0); made++) {
        IS(SYS(ftruncate, 0, PAGE), 0);
        CHECK(SYS(mmap, 0, PAGE, PROT_READ, MAP_SHARED, 0, 0) > 0);
        IS(SYS(close, 0), 0);
    }
    CHECK(made == 256);
    IS(make(0), -ENOMEM);
    CHECK(entries_of("/proc/self/fd") == before);
    CHECK(!bh_instance_reset(guest));
    for (int fd = 0; fd < 16; fd++)
        IS(make(0), fd);
    uint64_t full = used();
    IS(make(0), -EMFILE);
    CHECK(used() == full && entries_of("/proc/self/fd") == before + 16);
    CHECK(!bh_instance_destroy(guest));
    CHECK(entries_of("/proc/self/fd") == before);
}

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    setvbuf(stdout, NULL, _IONBF, 0);
    open_module(argv[1], 4);
    test_arguments();
    test_seals();
    test_growth();
    test_references();
    test_many();
    close_module();
    return failures != 0;
}
