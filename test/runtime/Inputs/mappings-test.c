/* What a guest's memory costs the process: mappings and page tables. mappings-test LIBRARY LARGE-BSS DIRECTORY GAP; the library is made
 * of library.S, LARGE-BSS is the same with more bss than comes from the file, GAP with a gap between two segments. Prints what failed;
 * exit status 0 when nothing did.
 *
 * Every mapping of the kernel in the slot must begin where a piece of the runtime's map does, so that they are never more. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel-map.h"
/* which comes first: guest-calls.h declares variables */
#include "guest-calls.h"

#define PAGE 4096
#define REGION ((uint64_t)2 << 20) /* what one page of page tables maps */
#define FAR 0x40000000             /* an offset in the slot where nothing is */
#define ROUNDS 300

static bh_instance *guest;
static const char *directory;

static long page_tables(void) {
    long kilobytes = -1;
    char line[256];
    FILE *status = fopen("/proc/self/status", "re");
    REQUIRE(status);
    while (fgets(line, sizeof(line), status))
        sscanf(line, "VmPTE: %ld", &kilobytes);
    fclose(status);
    return kilobytes;
}

/* Checks that the engine counts what there is; how many that are. */
static unsigned check_counted(void) {
    unsigned unknown, kernel = kernel_mappings(guest, &unknown), counted = bh_space_mappings(&guest->slot.space);
    if (kernel > counted || kernel > bh_engine_mappings(engine))
        printf("the kernel has %u mappings, the map says %u, the engine %zu\n", kernel, counted, bh_engine_mappings(engine));
    CHECK(!unknown && kernel <= counted && kernel <= bh_engine_mappings(engine));
    return kernel;
}

static int64_t map_at(uint64_t at, uint64_t size, int protection) {
    return guest_call6(guest, SYS_mmap, at, size, (uint64_t)protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, UINT64_MAX, 0);
}

static int64_t protect(uint64_t at, uint64_t size, int protection) {
    return guest_call(guest, SYS_mprotect, at, size, (uint64_t)protection);
}

static int64_t unmap(uint64_t at, uint64_t size) {
    return guest_call(guest, SYS_munmap, at, size, 0);
}

static bool touch(uint64_t at) {
    return !bh_copy_in(guest, at, "x", 1);
}

/* ---- Histories; each leaves nothing mapped, as far as the guest goes ---- */

/* Pages with anon_vmas of their own become inaccessible beside unused space, and are given back. */
static void lonely_pages(uint64_t at) {
    for (unsigned n = 0; n < ROUNDS; n++)
        CHECK(map_at(at + 2 * n * PAGE, PAGE, PROT_READ | PROT_WRITE) > 0 && touch(at + 2 * n * PAGE));
    for (unsigned n = 0; n < ROUNDS; n++)
        CHECK(!protect(at + 2 * n * PAGE, PAGE, PROT_NONE));
    check_counted();
    for (unsigned n = 0; n < ROUNDS; n++)
        CHECK(!unmap(at + 2 * n * PAGE, PAGE));
}

/* The same within larger pieces, so that unused space grows towards such a page from one side, then from the other. */
static void lonely_middles(uint64_t at) {
    for (unsigned n = 0; n < ROUNDS; n++, at += 4 * PAGE) {
        CHECK(map_at(at, 3 * PAGE, PROT_READ) > 0 && !protect(at + PAGE, PAGE, PROT_READ | PROT_WRITE) && touch(at + PAGE));
        CHECK(!protect(at + PAGE, PAGE, PROT_NONE) && !unmap(at + 2 * PAGE, PAGE) && !unmap(at, 2 * PAGE));
    }
}

/* An mprotect that fails half-way, at a shared mapping of a file that is open for reading only: what it changed must be known as
 * changed: what it grows by is as it is, and new memory is not taken to join it. */
static void half_protected(uint64_t at) {
    int64_t file = guest_call(guest, SYS_open, text(guest, "/file"), O_RDONLY, 0);
    CHECK(file >= 0);
    for (unsigned n = 0; n < ROUNDS; n++) {
        uint64_t first = at + 4 * n * PAGE, second = first + PAGE, third = second + PAGE;
        CHECK(map_at(second, PAGE, PROT_READ) > 0);
        CHECK(guest_call6(guest, SYS_mmap, third, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, (uint64_t)file, 0) > 0);
        CHECK(protect(second, 2 * PAGE, PROT_READ | PROT_WRITE) == -EACCES && touch(second));
        CHECK(!unmap(third, PAGE) && guest_call6(guest, SYS_mremap, second, PAGE, 2 * PAGE, 0, 0, 0) == (int64_t)second && touch(third));
        CHECK(map_at(third, PAGE, PROT_READ) > 0 && map_at(first, PAGE, PROT_READ) > 0);
    }
    check_counted();
    for (unsigned n = 0; n < ROUNDS; n++)
        CHECK(!unmap(at + 4 * n * PAGE, 3 * PAGE));
    CHECK(!guest_call(guest, SYS_close, (uint64_t)file, 0, 0));
}

/* New memory between two pieces of which each has an anon_vma: the kernel joins it with the lower one, which for the engine is of
 * another kind (brk), and not with the upper one. */
static void between_two(uint64_t unused) {
    uint64_t brk = (uint64_t)guest_call(guest, SYS_brk, 0, 0, 0), at = (brk + PAGE - 1) & ~(uint64_t)(PAGE - 1);
    (void)unused;
    CHECK(guest_call(guest, SYS_brk, at + 4 * ROUNDS * PAGE, 0, 0) == (int64_t)(at + 4 * ROUNDS * PAGE));
    for (unsigned n = 0; n < ROUNDS; n++)
        CHECK(!unmap(at + (4 * n + 1) * PAGE, 3 * PAGE));
    for (unsigned n = 0; n < ROUNDS; n++) {
        uint64_t low = at + 4 * n * PAGE, high = low + 2 * PAGE;
        CHECK(touch(low) && map_at(high, PAGE, PROT_READ | PROT_WRITE) > 0 && touch(high));
        CHECK(map_at(low + PAGE, PAGE, PROT_READ | PROT_WRITE) > 0 && !protect(low, PAGE, PROT_READ));
    }
    check_counted();
    CHECK(!unmap(at, 4 * ROUNDS * PAGE) && guest_call(guest, SYS_brk, brk, 0, 0) == (int64_t)brk);
}

/* Memory that was writable once, and some that never was, side by side. */
static void once_writable(uint64_t at) {
    for (unsigned n = 0; n < ROUNDS; n++) {
        CHECK(map_at(at + n * PAGE, PAGE, n % 2 ? PROT_READ : PROT_READ | PROT_WRITE) > 0);
        CHECK(n % 2 || (touch(at + n * PAGE) && !protect(at + n * PAGE, PAGE, PROT_READ)));
    }
    check_counted();
    CHECK(!unmap(at, ROUNDS * PAGE));
}

static void run_histories(void) {
    static void (*const histories[])(uint64_t) = {lonely_pages, lonely_middles, half_protected, between_two, once_writable};
    unsigned fresh = check_counted();
    size_t counted = bh_engine_mappings(engine);
    for (unsigned n = 0; n < sizeof(histories) / sizeof(*histories); n++) {
        for (unsigned round = 0; round < 2; round++) {
            histories[n](bh_instance_base(guest) + FAR + round * 0x8000000);
            check_counted();
            CHECK(check_counted() <= fresh + 2); /* brk may have come and gone */
        }
        CHECK(!bh_instance_reset(guest) && check_counted() == fresh && bh_engine_mappings(engine) == counted);
    }
}

static void open_guest(const char *path, uint64_t memory) {
    bh_policy *policy;
    open_module(path, 1);
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_grant_directory(policy, directory, "/", BH_READ_ONLY) &&
            !bh_policy_set_memory_limit(policy, memory));
    guest = new_instance(policy);
    bh_policy_destroy(policy);
}

static void close_guest(void) {
    CHECK(!bh_instance_destroy(guest) && bh_engine_mappings(engine) == 0);
    close_module();
}

static void test_mappings(const char *path) {
    open_guest(path, (uint64_t)64 << 20);
    check_counted();
    unsigned fresh = check_counted();
    run_histories();
    /* In the middle of each, destruction and the next instance, which gets the kept slot or a new one. */
    lonely_pages(bh_instance_base(guest) + FAR);
    CHECK(map_at(bh_instance_base(guest) + FAR, PAGE, PROT_READ | PROT_WRITE) > 0 && touch(bh_instance_base(guest) + FAR));
    CHECK(!protect(bh_instance_base(guest) + FAR, PAGE, PROT_NONE));
    CHECK(!bh_instance_destroy(guest));
    guest = new_instance(NULL);
    CHECK(check_counted() == fresh);
    check_counted();
    close_guest();
}

/* ---- Page tables ---- */

/* One page in each region, given back at once: nothing may be left. */
static void test_tables_freed(void) {
    uint64_t at = bh_instance_base(guest) + FAR;
    long before = page_tables();
    for (unsigned n = 0; n < 1000; n++)
        CHECK(map_at(at + n * REGION, PAGE, PROT_READ | PROT_WRITE) > 0 && touch(at + n * REGION) && !unmap(at + n * REGION, PAGE));
    /* Shrunk by mremap first, so that it goes in two steps. */
    for (unsigned n = 0; n < 100; n++)
        CHECK(map_at(at + n * REGION, REGION / 4, PROT_READ | PROT_WRITE) > 0 && touch(at + n * REGION) &&
              guest_call6(guest, SYS_mremap, at + n * REGION, REGION / 4, PAGE, 0, 0, 0) > 0 && !unmap(at + n * REGION, PAGE));
    CHECK(page_tables() <= before + 40);
}

/* What stays mapped counts with its page tables: the guest gets half as many lonely pages as pages side by side. */
static void test_tables_counted(uint64_t limit) {
    uint64_t at = bh_instance_base(guest) + FAR, pages = limit / PAGE;
    CHECK(map_at(at, limit, PROT_READ | PROT_WRITE) > 0 && map_at(at + limit, PAGE, PROT_READ) == -ENOMEM);
    CHECK(!unmap(at, limit));
    long before = page_tables();
    unsigned count = 0;
    int64_t error = 0;
    while (count < 1000 && (error = map_at(at + count * REGION, PAGE, PROT_READ | PROT_WRITE)) > 0 && touch(at + count * REGION))
        count++;
    CHECK(error == -ENOMEM && count >= pages / 2 && count <= pages / 2 + 20);
    CHECK(page_tables() <= before + 4 * (count + 4));
    /* An mprotect takes nothing back, and what replaces memory of the guest costs nothing more. */
    CHECK(!protect(at, PAGE, PROT_NONE) && map_at(at + count * REGION, PAGE, PROT_READ) == -ENOMEM);
    CHECK(map_at(at, PAGE, PROT_READ) > 0);
    CHECK(!unmap(at, PAGE) && map_at(at + count * REGION, PAGE, PROT_READ) > 0);
    int64_t brk = guest_call(guest, SYS_brk, 0, 0, 0);
    CHECK(brk > 0 && guest_call(guest, SYS_brk, (uint64_t)brk + 2 * PAGE, 0, 0) == brk);
    CHECK(!bh_instance_reset(guest) && page_tables() <= before + 40);
}

/* The pages of a file are not the guest's memory, their page tables are. */
static void test_tables_of_files(uint64_t limit) {
    int64_t file = guest_call(guest, SYS_open, text(guest, "/file"), O_RDONLY, 0), error = 0;
    unsigned count = 0;
    char byte;
    for (; count < 1000; count++) {
        uint64_t at = bh_instance_base(guest) + FAR + count * REGION;
        error = guest_call6(guest, SYS_mmap, at, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, (uint64_t)file, 0);
        if (error < 0)
            break;
        CHECK(!bh_copy_out(guest, &byte, at, 1));
    }
    CHECK(error == -ENOMEM && count >= limit / PAGE && count <= limit / PAGE + 40);
    CHECK(!bh_instance_reset(guest));
}

/* What grows counts, where it is and where it moves. */
static void test_growth(uint64_t limit) {
    uint64_t at = bh_instance_base(guest) + FAR;
    CHECK(map_at(at, PAGE, PROT_READ | PROT_WRITE) > 0);
    /* A move that fails leaves nothing behind: here the host took a page away, of which the engine does not know. */
    bh_usage before, after;
    bh_address moved = (bh_address)guest_call6(guest, SYS_mmap, 0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, UINT64_MAX, 0);
    CHECK(guest_call6(guest, SYS_mmap, moved + 2 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, UINT64_MAX, 0) > 0);
    bh_instance_get_usage(guest, &before);
    CHECK(!mprotect((void *)(uintptr_t)moved, PAGE, PROT_NONE));
    CHECK(guest_call6(guest, SYS_mremap, moved, 2 * PAGE, 8 * PAGE, MREMAP_MAYMOVE, 0, 0) == -EFAULT);
    CHECK(!mprotect((void *)(uintptr_t)moved, PAGE, PROT_READ | PROT_WRITE));
    bh_instance_get_usage(guest, &after);
    CHECK(after.mapped == before.mapped && after.mappings == before.mappings && touch(moved) && !unmap(moved, 4 * PAGE));
    CHECK(guest_call6(guest, SYS_mremap, at, PAGE, limit + PAGE, 0, 0, 0) == -ENOMEM);
    CHECK(guest_call6(guest, SYS_mremap, at, PAGE, limit, 0, 0, 0) == (int64_t)at);
    CHECK(guest_call6(guest, SYS_mremap, at, limit, 2 * PAGE, 0, 0, 0) == (int64_t)at);
    /* Something in the way: it has to move. */
    CHECK(map_at(at + 2 * PAGE, PAGE, PROT_READ) > 0);
    CHECK(guest_call6(guest, SYS_mremap, at, 2 * PAGE, limit, MREMAP_MAYMOVE, 0, 0) == -ENOMEM);
    CHECK(guest_call6(guest, SYS_mremap, at, 2 * PAGE, limit - PAGE, MREMAP_MAYMOVE, 0, 0) > 0);
    bh_usage usage;
    bh_instance_get_usage(guest, &usage);
    CHECK(usage.mapped == limit && !bh_instance_reset(guest));
}

static void test_tables(const char *path) {
    uint64_t limit = (uint64_t)1 << 20;
    open_guest(path, limit);
    test_tables_freed();
    CHECK(!bh_instance_reset(guest));
    test_tables_counted(limit);
    test_tables_of_files(limit);
    test_growth(limit);
    close_guest();
}

static void test_large_bss(const char *path) {
    open_guest(path, (uint64_t)1 << 20);
    check_counted();
    CHECK(check_counted() == bh_engine_mappings(engine));
    close_guest();
}

/* Memory that the guest maps between its segments is gone after a reset, and for the next instance in the slot. */
static void test_gap(const char *path) {
    open_guest(path, (uint64_t)1 << 20);
    unsigned fresh = check_counted();
    char byte;
    for (int round = 0; round < 2; round++) {
        uint64_t gap = bh_instance_base(guest) + BH_IMAGE_OFFSET + 0x100000;
        CHECK(map_at(gap, 2 * PAGE, PROT_READ | PROT_WRITE) == (int64_t)gap && touch(gap));
        if (round == 0) {
            CHECK(!bh_instance_reset(guest));
        } else {
            CHECK(!bh_instance_destroy(guest));
            guest = new_instance(NULL);
        }
        CHECK(bh_copy_out(guest, &byte, gap, 1) == BH_ERROR_RANGE && check_counted() == fresh);
    }
    close_guest();
}

int main(int argc, char **argv) {
    if (argc != 5)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    directory = argv[3];
    test_mappings(argv[1]);
    test_tables(argv[1]);
    test_large_bss(argv[2]);
    test_gap(argv[4]);
    printf(failures ? "%d checks failed\n" : "ok\n", failures);
    return failures != 0;
}
