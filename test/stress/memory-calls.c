/* Random memory calls of a guest, and shares, blocks, resets and new instances by the host, with the map of the slot compared with the
 * kernel's after each few:
 *
 *     memory-calls [--seed N] [--steps N | --seconds N] LIBRARY DIRECTORY
 *
 * LIBRARY is made of test/runtime/Inputs/library.S, DIRECTORY is empty and stays so. Checked (docs/contract.md, section 9):
 *   - P1: the slot is covered without a hole; P2: what is executable is the code and the gate, and never writable;
 *   - what the kernel lets the guest read and write the runtime's map says, and guards are not mapped;
 *   - P5: a mapping of the kernel begins only where a piece does, there are never more than are counted, and bytes and page tables are
 *     counted right and within the limit;
 *   - P7: lives stain their memory with a number that no later life finds, whether reset or new in the same slot; and a reset leaves the
 *     mappings of a new instance.
 * By hand, for hours: --seconds 36000 --seed N. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../runtime/Inputs/kernel-map.h"
/* which comes first: the others declare variables of the same names */
#include "../runtime/Inputs/syscalls.h"
#include "history.h"

#define PAGE 4096
#define STAIN 0xa5c3f00dbadc0de5
#define MEMORY ((uint64_t)64 << 20)
#define SHARES 8
#define FILES 3
#define LOOK 4 /* steps between two looks at the kernel's map, on average */

static bh_policy *policy;
static int pagemap;
static unsigned fresh_mappings;
static void *buffers[2];
static const size_t buffer_size[2] = {64 * PAGE, 3 * PAGE};
static bh_address shares[SHARES], blocks[SHARES];
static unsigned share_count, block_count;
static int64_t files[FILES]; /* the guest's descriptors, -1: not open */
static uint64_t lives, ends;

/* ---- What must hold ---- */

static void check_access(const struct kernel_mapping *mapping) {
    const struct bh_space *space = &guest->slot.space;
    bool read = mapping->access[0] == 'r', write = mapping->access[1] == 'w', execute = mapping->access[2] == 'x';
    bool code = mapping->start >= space->code_start && mapping->end <= space->code_end;
    bool gate = mapping->start >= BH_GATE_OFFSET && mapping->end <= BH_IMAGE_OFFSET;
    if (execute && (write || !(code || gate)))
        wrong("executable: %llx to %llx", (unsigned long long)mapping->start, (unsigned long long)mapping->end);
    if (!(read || write) || (mapping->start >= BH_CONTEXT_OFFSET && mapping->end <= BH_IMAGE_OFFSET && !write))
        return;
    for (uint64_t at = mapping->start; at < mapping->end;) {
        unsigned index = bh_space_find(space, at);
        const struct bh_piece *piece = &space->piece[index];
        if (index == space->count || piece->start > at || piece->kind == BH_PIECE_GUARD || (write && !(piece->protection & PROT_WRITE)) ||
            !(piece->protection & (PROT_READ | PROT_WRITE)))
            wrong("the guest can reach %llx (%s), which its map does not say", (unsigned long long)at, mapping->access);
        at = piece->end;
    }
}

static void check_counts(void) {
    const struct bh_space *space = &guest->slot.space;
    uint64_t bytes = 0, tables = 0, next = 0;
    for (unsigned n = 0; n < space->count; n++) {
        const struct bh_piece *piece = &space->piece[n];
        bool memory = piece->kind == BH_PIECE_ANON || piece->kind == BH_PIECE_BRK;
        bytes += memory ? piece->end - piece->start : 0;
        for (uint64_t region = piece->start / BH_TABLE_REACH;
             (memory || piece->kind == BH_PIECE_FILE) && region * BH_TABLE_REACH < piece->end; region++) {
            tables += region >= next;
            next = region >= next ? region + 1 : next;
        }
        if (piece->start >= piece->end || (n && piece->start < piece[-1].end))
            wrong("piece %u is out of order", n);
    }
    if (bytes != space->bytes || tables != space->tables || bytes > space->byte_limit)
        wrong("%llu bytes and %llu tables are counted as %llu and %llu", (unsigned long long)bytes, (unsigned long long)tables,
              (unsigned long long)space->bytes, (unsigned long long)space->tables);
}

static void check_maps(void) {
    struct kernel_mapping mapping;
    uint64_t at = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    REQUIRE(maps);
    while (next_mapping(maps, guest, &mapping)) {
        if (mapping.start != at)
            wrong("a hole at %llx", (unsigned long long)at);
        at = mapping.end;
        check_access(&mapping);
    }
    fclose(maps);
    if (at != BH_SLOT_SIZE)
        wrong("a hole at %llx", (unsigned long long)at);
    unsigned unknown, kernel = kernel_mappings(guest, &unknown), counted = bh_space_mappings(&guest->slot.space);
    if (unknown || kernel > counted || kernel > bh_engine_mappings(engine))
        wrong("%u mappings, %u by the map, %zu by the engine", kernel, counted, bh_engine_mappings(engine));
    check_counts();
}

/* ---- Stains ---- */

/* Whether the page exists: reading those that do not would make them. */
static bool present(uint64_t address) {
    uint64_t entry = 0;
    return pread(pagemap, &entry, sizeof(entry), (off_t)(address / PAGE * sizeof(entry))) == sizeof(entry) && entry >> 62;
}

static bool is_private(const struct bh_piece *piece) {
    return piece->kind != BH_PIECE_SHARED && piece->kind != BH_PIECE_FILE && piece->kind != BH_PIECE_GUARD;
}

/* Up to 40 pages of each piece that the guest can write. */
static void stain(void) {
    static uint64_t page[PAGE / 8];
    const struct bh_space *space = &guest->slot.space;
    for (size_t n = 0; n < sizeof(page) / sizeof(*page); n++)
        page[n] = STAIN;
    for (unsigned n = 0; n < space->count; n++) {
        const struct bh_piece *piece = &space->piece[n];
        uint64_t pages = (piece->end - piece->start) / PAGE;
        for (uint64_t k = 0; is_private(piece) && (piece->protection & PROT_WRITE) && k < 40 && k < pages; k++)
            bh_copy_in(guest, guest->slot.base + piece->start + (pages <= 40 ? k : below(pages)) * PAGE, page, sizeof(page));
    }
}

static void look_for_stains(const char *after) {
    static uint64_t page[PAGE / 8];
    const struct bh_space *space = &guest->slot.space;
    for (unsigned n = 0; n < space->count; n++) {
        const struct bh_piece *piece = &space->piece[n];
        for (uint64_t at = piece->start; is_private(piece) && at < piece->end; at += PAGE) {
            if (!present(guest->slot.base + at) || bh_copy_out(guest, page, guest->slot.base + at, sizeof(page)))
                continue;
            for (size_t word = 0; word < sizeof(page) / sizeof(*page); word++)
                if (page[word] == STAIN)
                    wrong("%s left a stain at %llx", after, (unsigned long long)(at + word * 8));
        }
    }
}

/* ---- Lives ---- */

static void begin_life(const char *after) {
    lives++;
    share_count = block_count = 0;
    for (int n = 0; n < FILES; n++)
        files[n] = -1;
    look_for_stains(after);
    unsigned unknown, kernel = kernel_mappings(guest, &unknown);
    if (!fresh_mappings)
        fresh_mappings = kernel;
    if (kernel != fresh_mappings)
        wrong("%u mappings after %s, %u at first", kernel, after, fresh_mappings);
    check_maps();
}

static void reset(void) {
    remember("reset");
    stain();
    if (bh_instance_reset(guest))
        wrong("no reset: %s", bh_last_error()->text);
    begin_life("a reset");
}

static void replace(void) {
    remember("destroyed, and another created");
    stain();
    if (bh_instance_destroy(guest))
        wrong("not destroyed: %s", bh_last_error()->text);
    start_guest(policy);
    begin_life("a destruction");
}

/* ---- Steps ---- */

/* Near something that matters, often a border of a piece, mostly on a page's. */
static uint64_t some_address(void) {
    const struct bh_space *space = &guest->slot.space;
    const uint64_t places[] = {space->code_start, space->code_end, BH_CONTEXT_OFFSET, BH_IMAGE_OFFSET, space->high, space->brk,
                               guest->slot.stack_bottom - guest->slot.base, guest->slot.stack_top - guest->slot.base, below(BH_SLOT_SIZE)};
    uint64_t at = places[below(sizeof(places) / sizeof(*places))];
    if (!one_in(3)) {
        const struct bh_piece *piece = &space->piece[below(space->count)];
        for (int n = 0; n < 4 && piece->kind == BH_PIECE_IMAGE; n++) /* without its data it can do nothing more */
            piece = &space->piece[below(space->count)];
        at = one_in(2) ? piece->start : piece->end;
    }
    at += (below(33) - 16) * PAGE + (one_in(8) ? below(PAGE) : 0);
    return one_in(60) ? draw() : guest->slot.base + at - (one_in(60) ? BH_SLOT_SIZE : 0);
}

static uint64_t some_size(void) {
    static const uint64_t most[] = {8, 8 * PAGE, 64 * PAGE, 1024 * PAGE, (uint64_t)8 << 20};
    return one_in(40) ? draw() : one_in(30) ? below((uint64_t)1 << 33) : 1 + below(most[below(sizeof(most) / sizeof(*most))]);
}

static uint64_t some_protection(void) {
    return one_in(40) ? draw() : one_in(20) ? below(8) : below(4);
}

/* Whether the guest would lose where its arguments lie, which ends its life. Now and then it may. */
static bool ends_life(uint64_t at, uint64_t size) {
    return at < zeros + 65536 && at + size > zeros && !one_in(50);
}

static void map_memory(void) {
    uint64_t at = some_address(), size = some_size(), protection = some_protection();
    uint64_t flags = (one_in(12) ? 0 : MAP_PRIVATE) | MAP_ANONYMOUS | (one_in(2) ? MAP_FIXED : one_in(4) ? MAP_FIXED_NOREPLACE : 0);
    remember("mmap(%llx, %llx, %llx, %llx)", (unsigned long long)(at - guest->slot.base), (unsigned long long)size,
             (unsigned long long)protection, (unsigned long long)flags);
    if (!ends_life(at, size))
        SYS(mmap, at, size, protection, flags, -1, 0);
}

static void map_file(void) {
    static const char *const names[FILES] = {"/rw/file", "/ro/file", "/rw/sparse"};
    unsigned which = (unsigned)below(FILES);
    if (files[which] < 0)
        files[which] = SYS(open, str(names[which]), which == 1 ? O_RDONLY : O_RDWR);
    uint64_t at = some_address(), size = some_size() % ((uint64_t)1 << 20), offset = below(80) * PAGE, protection = some_protection();
    uint64_t flags = (one_in(2) ? MAP_SHARED : MAP_PRIVATE) | (one_in(2) ? MAP_FIXED : 0);
    remember("mmap(%llx, %llx, %llx, %llx, %s, %llx)", (unsigned long long)(at - guest->slot.base), (unsigned long long)size,
             (unsigned long long)protection, (unsigned long long)flags, names[which], (unsigned long long)offset);
    if (!ends_life(at, size))
        SYS(mmap, at, size, protection, flags, files[which], offset);
}

static void unmap(void) {
    uint64_t at = some_address(), size = some_size();
    remember("munmap(%llx, %llx)", (unsigned long long)(at - guest->slot.base), (unsigned long long)size);
    if (!ends_life(at, size))
        SYS(munmap, at, size);
}

static void protect(void) {
    uint64_t at = some_address(), size = some_size(), protection = some_protection();
    remember("mprotect(%llx, %llx, %llx)", (unsigned long long)(at - guest->slot.base), (unsigned long long)size,
             (unsigned long long)protection);
    if (!ends_life(at, size))
        SYS(mprotect, at, size, protection);
}

static void remap(void) {
    uint64_t at = some_address(), old = some_size(), new = some_size(), flags = one_in(5) ? below(8) : below(2);
    remember("mremap(%llx, %llx, %llx, %llx)", (unsigned long long)(at - guest->slot.base), (unsigned long long)old, (unsigned long long)new,
             (unsigned long long)flags);
    SYS(mremap, at, old, new, flags, some_address());
}

static void advise(void) {
    uint64_t at = some_address(), size = some_size(), advice = one_in(6) ? below(30) : MADV_DONTNEED;
    remember("madvise(%llx, %llx, %llu)", (unsigned long long)(at - guest->slot.base), (unsigned long long)size, (unsigned long long)advice);
    SYS(madvise, at, size, advice);
}

static void move_brk(void) {
    uint64_t at = one_in(10) ? some_address() : guest->slot.base + guest->slot.space.brk + (below(200) - 100) * 1024;
    remember("brk(%llx)", (unsigned long long)(at - guest->slot.base));
    SYS(brk, at);
}

/* A page becomes one of its own for the kernel when it is written to. */
static void touch(void) {
    uint64_t at = some_address();
    remember("a write to %llx", (unsigned long long)(at - guest->slot.base));
    bh_copy_in(guest, at, "x", 1);
}

static void read_and_write(void) {
    uint64_t at = some_address(), size = below(30000);
    remember("pread and pwrite at %llx, %llx bytes", (unsigned long long)(at - guest->slot.base), (unsigned long long)size);
    SYS(pread64, files[0], at, size, 0);
    SYS(pwrite64, files[0], at, size % 9000, below(100000));
}

static void share(void) {
    unsigned which = (unsigned)below(2);
    size_t size = (1 + below(buffer_size[which] / PAGE)) * PAGE;
    if (share_count == SHARES || one_in(2)) {
        if (share_count && bh_unshare(guest, shares[--share_count]))
            wrong("not unshared: %s", bh_last_error()->text);
        remember("unshared");
    } else if (!bh_share(guest, buffers[which], size, one_in(2) ? BH_READ_ONLY : BH_READ_WRITE, &shares[share_count])) {
        remember("shared %zx bytes at %llx", size, (unsigned long long)(shares[share_count++] - guest->slot.base));
    }
}

static void allocate(void) {
    remember("the host's blocks");
    if (block_count < SHARES && one_in(2))
        block_count += !bh_allocate(guest, 1 + below(100000), &blocks[block_count]);
    else if (block_count)
        bh_free(guest, blocks[--block_count]);
}

static void step(void) {
    static void (*const steps[])(void) = {map_memory, map_memory, map_memory, map_file, unmap, unmap, protect, protect, protect, remap,
                                          advise, move_brk, touch, touch, touch, read_and_write, share, allocate};
    /* Its arguments lie in its data, which it may have unmapped or protected. */
    if (guest->state != BH_INSTANCE_READY || bh_copy_in(guest, zeros + 32768, "", 1) || bh_copy_in(guest, zeros + 40000, "", 1)) {
        ends++;
        reset();
    } else if (one_in(400)) {
        (one_in(4) ? replace : reset)();
    } else {
        steps[below(sizeof(steps) / sizeof(*steps))]();
    }
    if (one_in(LOOK))
        check_maps();
}

/* ---- The whole ---- */

static const char *in_directory(const char *directory, const char *name) {
    static char path[1024];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static void grant(const char *directory, const char *name, int mode, off_t size) {
    char guest_name[16], file[64];
    REQUIRE(!mkdir(in_directory(directory, name), 0700));
    snprintf(guest_name, sizeof(guest_name), "/%s", name);
    REQUIRE(!bh_policy_grant_directory(policy, in_directory(directory, name), guest_name, mode));
    snprintf(file, sizeof(file), "%s/file", name);
    int fd = open(in_directory(directory, file), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    REQUIRE(fd >= 0 && !ftruncate(fd, 300000) && !close(fd));
    if (size) {
        snprintf(file, sizeof(file), "%s/sparse", name);
        fd = open(in_directory(directory, file), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
        REQUIRE(fd >= 0 && !ftruncate(fd, size) && !close(fd));
    }
}

static void clean_up(const char *directory) {
    static const char *const files_made[] = {"rw/file", "rw/sparse", "ro/file"}, *const directories_made[] = {"rw", "ro"};
    for (size_t n = 0; n < sizeof(files_made) / sizeof(*files_made); n++)
        unlink(in_directory(directory, files_made[n]));
    for (size_t n = 0; n < sizeof(directories_made) / sizeof(*directories_made); n++)
        rmdir(in_directory(directory, directories_made[n]));
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    int rest = history_start(argc, argv);
    if (!rest || argc - rest != 2) {
        fprintf(stderr, "usage: memory-calls [--seed N] [--steps N | --seconds N] LIBRARY DIRECTORY\n");
        return 2;
    }
    const char *directory = argv[rest + 1];
    pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    REQUIRE(pagemap >= 0);
    open_module(argv[rest], 1);
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_set_memory_limit(policy, MEMORY) && !bh_policy_set_mapping_limit(policy, 200) &&
            !bh_policy_set_stack_size(policy, 256 << 10));
    grant(directory, "rw", BH_READ_WRITE, 200000000);
    grant(directory, "ro", BH_READ_ONLY, 0);
    for (int n = 0; n < 2; n++)
        REQUIRE(!bh_shared_create(buffer_size[n], &buffers[n]));
    start_guest(policy);
    begin_life("its creation");
    while (history_goes_on())
        step();
    check_maps();
    CHECK(!bh_instance_destroy(guest) && bh_engine_mappings(engine) == 0);
    for (int n = 0; n < 2; n++)
        CHECK(!bh_shared_destroy(buffers[n]));
    bh_policy_destroy(policy);
    close_module();
    clean_up(directory);
    printf("%llu steps, %llu lives, %llu ended before; %d failures\n", (unsigned long long)history.done, (unsigned long long)lives,
           (unsigned long long)ends, failures);
    return failures != 0;
}
