/* Buffers that host and guest share: share-attacks LIBRARY (library.S). They work, and the guest can do nothing with them
 * but what it was given them for. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../runtime/Inputs/guest-calls.h"

#define PAGE 4096
#define SIZE (4 * PAGE)

static bh_instance *one, *two;

static bool guest_stores(bh_instance *instance, bh_address at, int value) {
    return !invoke(instance, "store", "v(pi)", NULL, at, (uint64_t)value);
}

static int64_t guest_loads(bh_instance *instance, bh_address at) {
    bh_value result;
    return invoke(instance, "load", "i(p)", &result, at, 0) ? INT64_MIN : result.as.i;
}

/* Every way a guest has to change a mapping. */
static void try_calls(bh_instance *instance, bh_address at, uint64_t size) {
    const uint64_t rw = PROT_READ | PROT_WRITE, anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
    const struct {
        long number;
        uint64_t a, b, c, d;
    } tries[] = {{SYS_mprotect, at, size, rw, 0},
                 {SYS_mprotect, at, PAGE, PROT_NONE, 0},
                 {SYS_mprotect, at + size - PAGE, PAGE, PROT_READ, 0},
                 {SYS_mprotect, at - PAGE, 3 * PAGE, rw, 0},
                 {SYS_mprotect, at, PAGE, PROT_READ | PROT_EXEC, 0},
                 {SYS_mprotect, at, PAGE, rw | PROT_EXEC, 0},
                 {SYS_munmap, at, size, 0, 0},
                 {SYS_munmap, at + size - PAGE, PAGE, 0, 0},
                 {SYS_munmap, at - 16 * PAGE, size + 32 * PAGE, 0, 0},
                 {SYS_mmap, at, PAGE, rw, anonymous | MAP_FIXED},
                 {SYS_mmap, at - PAGE, 3 * PAGE, rw, anonymous | MAP_FIXED},
                 {SYS_mmap, at, PAGE, rw, anonymous | MAP_FIXED_NOREPLACE},
                 {SYS_mremap, at, size, 2 * size, MREMAP_MAYMOVE},
                 {SYS_mremap, at, size, PAGE, 0},
                 {SYS_mremap, at, 0, size, MREMAP_MAYMOVE},
                 {SYS_mremap, at, size, size, MREMAP_MAYMOVE | MREMAP_FIXED},
                 {SYS_madvise, at, size, MADV_DONTNEED, 0},
                 {SYS_madvise, at, size, MADV_REMOVE, 0},
                 {SYS_madvise, at, size, MADV_FREE, 0},
                 {SYS_madvise, at, size, 21 /* MADV_PAGEOUT */, 0}};
    for (size_t n = 0; n < sizeof(tries) / sizeof(*tries); n++) {
        int64_t got = guest_call6(instance, tries[n].number, tries[n].a, tries[n].b, tries[n].c, tries[n].d, UINT64_MAX, 0);
        if (got >= 0 || got == INT64_MIN) {
            printf("try %zu gives %lld\n", n, (long long)got);
            failures++;
        }
    }
    /* Nothing of it happened. */
    FILE *file = fopen("/proc/self/maps", "re");
    char line[512], permissions[8];
    unsigned long long start, end;
    bool found = false;
    while (fgets(line, sizeof(line), file))
        if (sscanf(line, "%llx-%llx %7s", &start, &end, permissions) == 3 && start <= at && at + size <= end)
            found = permissions[3] == 's' && permissions[2] == '-';
    CHECK(found);
    fclose(file);
}

static void test_read_only(void) {
    uint32_t *memory;
    bh_address at;
    char byte = 1;
    REQUIRE(!bh_shared_create(SIZE, (void **)&memory));
    CHECK(memory[0] == 0 && memory[SIZE / 4 - 1] == 0);
    memory[0] = 1234;
    REQUIRE(!bh_share(one, memory, SIZE, BH_READ_ONLY, &at));
    CHECK(at - bh_instance_base(one) < BH_SLOT_SIZE && at % PAGE == 0);
    CHECK(guest_loads(one, at) == 1234);
    memory[SIZE / 4 - 1] = 77;
    CHECK(guest_loads(one, at + SIZE - 4) == 77); /* no copy */
    try_calls(one, at, SIZE);
    CHECK(bh_copy_in(one, at, &byte, 1) == BH_ERROR_RANGE);
    CHECK(guest_call(one, SYS_getcwd, at, 64, 0) == -EFAULT); /* the host does not write there for the guest either */
    /* The kernel refuses it whoever asks: the mapping is of a descriptor that cannot write. */
    CHECK(mprotect((void *)(uintptr_t)at, PAGE, PROT_READ | PROT_WRITE) == -1 && errno == EACCES);
    CHECK(!guest_stores(one, at, 5) && bh_last_error()->error == BH_ERROR_FAULT && bh_last_error()->fault == BH_FAULT_ACCESS);
    CHECK(memory[0] == 1234);
    CHECK(bh_shared_destroy(memory) == BH_ERROR_BUSY);
    CHECK(bh_share(one, memory, SIZE, BH_READ_ONLY, &at) == BH_ERROR_DEAD);
    /* A reset takes it away. */
    CHECK(!bh_instance_reset(one));
    CHECK(guest_loads(one, at) == INT64_MIN && bh_last_error()->fault == BH_FAULT_ACCESS);
    CHECK(!bh_shared_destroy(memory));
    CHECK(!bh_instance_reset(one));
}

static void test_read_write(void) {
    uint32_t *memory;
    bh_address at, part, other;
    REQUIRE(!bh_shared_create(SIZE - 5, (void **)&memory));
    REQUIRE(!bh_share(one, memory, SIZE, BH_READ_WRITE, &at) && !bh_share(two, memory, SIZE, BH_READ_WRITE, &other));
    REQUIRE(!bh_share(one, memory + PAGE / 4, PAGE, BH_READ_ONLY, &part));
    CHECK(guest_stores(one, at + PAGE, 99) && memory[PAGE / 4] == 99);
    CHECK(guest_loads(two, other + PAGE) == 99 && guest_loads(one, part) == 99);
    try_calls(one, at, SIZE);
    try_calls(one, part, PAGE);
    CHECK(guest_call(one, SYS_getcwd, at, 64, 0) == 2 && !memcmp(memory, "/", 2));
    /* No way from a share to what lies beside it. */
    CHECK(!guest_stores(one, part, 1) && memory[PAGE / 4] == 99);
    CHECK(!bh_instance_reset(one));
    CHECK(guest_loads(two, other + PAGE) == 99);
    CHECK(bh_shared_destroy(memory) == BH_ERROR_BUSY);
    CHECK(!bh_unshare(two, other));
    CHECK(guest_loads(two, other + PAGE) == INT64_MIN);
    CHECK(!bh_instance_reset(two));
    CHECK(bh_unshare(two, other) == BH_ERROR_ARGUMENT);
    /* The place is reserved address space again: the host's memory does not land in it. */
    for (int n = 0; n < 200; n++) {
        void *host = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK((bh_address)(uintptr_t)host - bh_instance_base(one) >= 2 * BH_SLOT_SIZE);
    }
    /* Destroying an instance ends its shares. */
    bh_instance *third = new_instance(NULL);
    REQUIRE(!bh_share(third, memory, PAGE, BH_READ_WRITE, &at) && !bh_instance_destroy(third));
    CHECK(!bh_shared_destroy(memory));
    CHECK(bh_shared_destroy(memory) == BH_ERROR_ARGUMENT);
    CHECK(!bh_shared_destroy(NULL));
}

static void test_refusals(void) {
    static char plain[2 * PAGE] __attribute__((aligned(PAGE)));
    char *memory;
    bh_address at = 7;
    REQUIRE(!bh_shared_create(SIZE, (void **)&memory));
    CHECK(bh_shared_create(0, (void **)&memory) == BH_ERROR_ARGUMENT);
    CHECK(bh_share(one, plain, PAGE, BH_READ_ONLY, &at) == BH_ERROR_ARGUMENT);
    CHECK(strstr(bh_last_error()->text, "bh_shared_create"));
    CHECK(bh_share(one, memory + 1, PAGE, BH_READ_ONLY, &at) == BH_ERROR_ARGUMENT);
    CHECK(bh_share(one, memory, 100, BH_READ_ONLY, &at) == BH_ERROR_ARGUMENT);
    CHECK(bh_share(one, memory, 0, BH_READ_ONLY, &at) == BH_ERROR_ARGUMENT);
    CHECK(bh_share(one, memory, SIZE + PAGE, BH_READ_ONLY, &at) == BH_ERROR_ARGUMENT);
    CHECK(bh_share(one, memory + PAGE, SIZE, BH_READ_ONLY, &at) == BH_ERROR_ARGUMENT);
    CHECK(bh_share(one, memory - PAGE, PAGE, BH_READ_ONLY, &at) == BH_ERROR_ARGUMENT);
    CHECK(bh_share(one, memory, (size_t)-PAGE, BH_READ_ONLY, &at) == BH_ERROR_ARGUMENT);
    CHECK(bh_share(one, memory, PAGE, 2, &at) == BH_ERROR_ARGUMENT);
    CHECK(bh_share(NULL, memory, PAGE, BH_READ_ONLY, &at) == BH_ERROR_ARGUMENT);
    CHECK(bh_share(one, (void *)(uintptr_t)bh_instance_base(two), PAGE, BH_READ_ONLY, &at) == BH_ERROR_ARGUMENT);
    CHECK(at == 7);
    CHECK(!bh_shared_destroy(memory));
}

static void test_descriptors(const char *directory) {
    char name[4096];
    bh_address at;
    int memfd = memfd_create("test", MFD_CLOEXEC), pipes[2], zero = open("/dev/zero", O_RDWR | O_CLOEXEC);
    snprintf(name, sizeof(name), "%s/file", directory);
    int file = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    REQUIRE(memfd >= 0 && file >= 0 && zero >= 0 && !pipe(pipes) && !ftruncate(memfd, SIZE) && !ftruncate(file, SIZE));
    int reading = open(name, O_RDONLY | O_CLOEXEC), writing = open(name, O_WRONLY | O_CLOEXEC), path = open(name, O_PATH | O_CLOEXEC);
    REQUIRE(pwrite(memfd, "abcd", 4, PAGE) == 4 && pwrite(file, "efgh", 4, 0) == 4);
    int kinds[] = {memfd, file};
    for (int n = 0; n < 2; n++) {
        REQUIRE(!bh_share_fd(one, kinds[n], n ? 0 : PAGE, PAGE, BH_READ_ONLY, &at));
        CHECK(guest_loads(one, at) == (n ? 0x68676665 : 0x64636261));
        try_calls(one, at, PAGE);
        CHECK(mprotect((void *)(uintptr_t)at, PAGE, PROT_READ | PROT_WRITE) == -1 && errno == EACCES);
        CHECK(!guest_stores(one, at, 1) && !bh_instance_reset(one));
        REQUIRE(!bh_share_fd(one, kinds[n], 0, SIZE, BH_READ_WRITE, &at));
        CHECK(guest_stores(one, at + 8, 0x31323334) && pread(kinds[n], name, 4, 8) == 4 && !memcmp(name, "4321", 4));
        try_calls(one, at, SIZE);
        CHECK(!bh_unshare(one, at));
    }
    CHECK(bh_share_fd(one, reading, 0, PAGE, BH_READ_WRITE, &at) == BH_ERROR_ARGUMENT);
    CHECK(bh_share_fd(one, writing, 0, PAGE, BH_READ_ONLY, &at) == BH_ERROR_ARGUMENT);
    CHECK(bh_share_fd(one, writing, 0, PAGE, BH_READ_WRITE, &at) == BH_ERROR_ARGUMENT);
    CHECK(bh_share_fd(one, path, 0, PAGE, BH_READ_ONLY, &at) == BH_ERROR_ARGUMENT);
    CHECK(bh_share_fd(one, zero, 0, PAGE, BH_READ_ONLY, &at) == BH_ERROR_ARGUMENT);
    CHECK(bh_share_fd(one, pipes[0], 0, PAGE, BH_READ_ONLY, &at) == BH_ERROR_ARGUMENT);
    CHECK(bh_share_fd(one, -1, 0, PAGE, BH_READ_ONLY, &at) == BH_ERROR_ARGUMENT);
    CHECK(bh_share_fd(one, memfd, 1, PAGE, BH_READ_ONLY, &at) == BH_ERROR_ARGUMENT);
    CHECK(bh_share_fd(one, memfd, SIZE, PAGE, BH_READ_ONLY, &at) == BH_ERROR_ARGUMENT);
    CHECK(bh_share_fd(one, memfd, PAGE, SIZE, BH_READ_ONLY, &at) == BH_ERROR_ARGUMENT);
    CHECK(bh_share_fd(one, memfd, (uint64_t)-PAGE, PAGE, BH_READ_ONLY, &at) == BH_ERROR_ARGUMENT);
    CHECK(!bh_share_fd(one, reading, 0, PAGE, BH_READ_ONLY, &at) && guest_loads(one, at) == 0x68676665);
    int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    CHECK(bh_share_fd(one, maps, 0, PAGE, BH_READ_ONLY, &at) == BH_ERROR_ARGUMENT); /* its size is 0 */
    int huge = memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB);
    if (huge >= 0 && !ftruncate(huge, 2 << 20))
        CHECK(bh_share_fd(one, huge, 0, PAGE, BH_READ_ONLY, &at) == BH_ERROR_ARGUMENT);
    /* A sealed file cannot be written through a share. */
    int sealed = memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    REQUIRE(sealed >= 0 && !ftruncate(sealed, PAGE) && !fcntl(sealed, F_ADD_SEALS, F_SEAL_WRITE));
    CHECK(bh_share_fd(one, sealed, 0, PAGE, BH_READ_WRITE, &at) == BH_ERROR_SYSTEM);
    CHECK(!bh_share_fd(one, sealed, 0, PAGE, BH_READ_ONLY, &at) && guest_loads(one, at) == 0);
    /* Somebody makes the file shorter: the guest's fault, and the host's copies are errors. */
    CHECK(!bh_share_fd(two, file, 0, SIZE, BH_READ_WRITE, &at) && !ftruncate(file, 0));
    char byte;
    CHECK(bh_copy_out(two, &byte, at, 1) == BH_ERROR_RANGE && bh_copy_in(two, at, &byte, 1) == BH_ERROR_RANGE);
    CHECK(guest_loads(two, at) == INT64_MIN && bh_last_error()->fault == BH_FAULT_BUS);
    CHECK(!bh_instance_reset(two) && !bh_instance_reset(one));
    int all[] = {memfd, file, pipes[0], pipes[1], zero, reading, writing, path, maps, huge, sealed};
    for (size_t n = 0; n < sizeof(all) / sizeof(*all); n++)
        close(all[n]);
}

/* Shares count as mappings, and a slot full of them is refused, not overrun. */
static void test_limits(void) {
    char *memory;
    bh_address at;
    bh_policy *policy;
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_set_mapping_limit(policy, 20));
    bh_instance *few = new_instance(policy);
    bh_policy_destroy(policy);
    REQUIRE(!bh_shared_create((size_t)1 << 31, (void **)&memory));
    size_t before = bh_engine_mappings(engine);
    int shares = 0;
    while (shares < 30 && !bh_share(few, memory, PAGE, BH_READ_ONLY, &at))
        shares++;
    CHECK(shares > 5 && shares < 20 && bh_last_error()->error == BH_ERROR_LIMIT);
    CHECK(!bh_instance_reset(few) && bh_engine_mappings(engine) == before);
    CHECK(!bh_share(few, memory, (size_t)1 << 31, BH_READ_ONLY, &at));
    CHECK(bh_share(few, memory, (size_t)1 << 31, BH_READ_ONLY, &at) == BH_ERROR_LIMIT);
    CHECK(!bh_instance_destroy(few) && !bh_shared_destroy(memory));
}

/* A guest makes the only free place for a share one inside its brk heap, and gives the heap back. */
static void test_share_inside_brk(void) {
    bh_instance *instance = new_instance(NULL);
    uint32_t *memory;
    bh_address at;
    uint64_t heap = (uint64_t)guest_call(instance, SYS_brk, 0, 0, 0), anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
    CHECK(guest_call(instance, SYS_brk, heap + 16 * PAGE, 0, 0) == (int64_t)(heap + 16 * PAGE));
    for (uint64_t size = BH_SLOT_SIZE / 2; size >= PAGE; size /= 2)
        while (guest_call6(instance, SYS_mmap, 0, size, PROT_NONE, anonymous, UINT64_MAX, 0) > 0)
            ;
    uint64_t hole = (heap + 4 * PAGE) & ~(uint64_t)(PAGE - 1);
    CHECK(!guest_call(instance, SYS_munmap, hole, SIZE, 0));
    REQUIRE(!bh_shared_create(SIZE, (void **)&memory) && !bh_share(instance, memory, SIZE, BH_READ_ONLY, &at));
    CHECK(at == hole);
    memory[0] = 4321;
    CHECK(guest_call(instance, SYS_brk, heap, 0, 0) == (int64_t)(heap + 16 * PAGE));
    CHECK(guest_loads(instance, at) == 4321);
    try_calls(instance, at, SIZE);
    CHECK(!bh_instance_reset(instance) && guest_loads(instance, at) == INT64_MIN);
    CHECK(!bh_instance_destroy(instance) && !bh_shared_destroy(memory));
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    open_module(argv[1], 4);
    one = new_instance(NULL);
    two = new_instance(NULL);
    test_read_only();
    test_read_write();
    test_refusals();
    test_descriptors(argv[2]);
    test_limits();
    test_share_inside_brk();
    CHECK(!bh_instance_destroy(one) && !bh_instance_destroy(two));
    CHECK(bh_engine_mappings(engine) == 0);
    close_module();
    printf(failures ? "%d checks failed\n" : "ok\n", failures);
    return failures != 0;
}
