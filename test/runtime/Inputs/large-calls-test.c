/* large-calls-test MODULE DIRECTORY: a deadline ends a system call between two pieces of what it does. A call that is given up leaves the last
 * page of its range as it was; one that is done in one piece does not. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "guest-calls.h"

#define SIZE ((uint64_t)512 << 20)
#define SOON 200000 /* nanoseconds: less than any of these calls takes */
#define BYTE 0x5a

static bh_instance *instance;
static bh_address memory;
static int64_t file;

static void begin(const char *directory) {
    bh_policy *policy;
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_grant_directory(policy, directory, "/", BH_READ_WRITE));
    instance = new_instance(policy);
    bh_policy_destroy(policy);
    memory = (bh_address)guest_call6(instance, SYS_mmap, 0, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, UINT64_MAX, 0);
    /* Something behind it, so that it cannot grow in place. */
    CHECK(guest_call6(instance, SYS_mmap, memory + SIZE, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, UINT64_MAX, 0) > 0);
    CHECK(!bh_fill(instance, memory, BYTE, SIZE));
    file = guest_call(instance, SYS_open, text(instance, "/sparse"), O_RDWR, 0);
    CHECK(file >= 0);
}

static bool kept_at(uint64_t offset) {
    unsigned char byte = 0;
    return !bh_copy_out(instance, &byte, memory + offset, 1) && byte == BYTE;
}

static uint64_t bytes_read(void) {
    unsigned long long count = 0;
    FILE *io = fopen("/proc/self/io", "r");
    if (io && fscanf(io, "rchar: %llu", &count) != 1)
        count = 0;
    if (io)
        fclose(io);
    return count;
}

static const struct {
    const char *name;
    long number;
    uint64_t a, b, c, d, e, f; /* MEMORY and DESCRIPTOR stand for what begin has made */
} calls[] = {
#define MEMORY UINT64_MAX
#define DESCRIPTOR (UINT64_MAX - 1)
#define VECTOR (UINT64_MAX - 2)
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
};

static uint64_t argument(uint64_t value) {
    return value == MEMORY ? memory : value == DESCRIPTOR ? (uint64_t)file : value == VECTOR ? text(instance, "") : value;
}

static void prepare_vector(void) {
    const struct iovec vector[2] = {{(void *)(uintptr_t)memory, 8}, {(void *)(uintptr_t)(memory + 8), SIZE - 8}};
    CHECK(!bh_copy_in(instance, text(instance, ""), vector, sizeof(vector)));
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
        CHECK(!bh_instance_set_deadline(instance, SOON));
        int64_t result = guest_call6(instance, calls[n].number, a, b, calls[n].c, calls[n].d, e, calls[n].f);
        bool ended = result == INT64_MIN && bh_last_error()->error == BH_ERROR_DEADLINE;
        bool kept = kept_at(SIZE - 1) && bytes_read() - before < SIZE / 2;
        /* A move that is given up while it copies has not begun to free. */
        if (calls[n].number == SYS_mremap && calls[n].c > SIZE)
            kept &= kept_at(0);
        if (!ended || !kept) {
            printf("%s: result %lld, %s\n", calls[n].name, (long long)result, kept ? "in pieces" : "in one piece");
            failures++;
        }
        CHECK(!bh_instance_set_deadline(instance, 0) && !bh_instance_destroy(instance));
    }
    close_module();
    return failures != 0;
}
