/* See slot.h. */
#include "slot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"
#include "random.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON 1
#endif
#ifndef HWCAP2_FSGSBASE
#define HWCAP2_FSGSBASE (1 << 1)
#endif

enum { MAX_REGIONS = 16, MAX_WRITABLE = 128, STACK_SIZE = 1 << 18, CANARY_SIZE = 4096 };

struct slot_host slot_host;
static struct { uint64_t offset, size; } regions[MAX_REGIONS];
static unsigned region_count;
static struct { uintptr_t from, to; } writable[MAX_WRITABLE];
static unsigned writable_count;
static uint8_t *private_area; /* the guard, the canary, the stack, the signal stack, a guard */
static uint64_t context_copy[BH_PAGE_SIZE / 8];
static bool catches;

static void fail(const char *what)
{
    perror(what);
    exit(2);
}

static void *map(uint64_t address, uint64_t size, int protection, int flags, int fd)
{
    void *p = mmap((void *)address, size, protection, flags, fd, 0);
    if (p == MAP_FAILED)
        fail("mmap");
    return p;
}

static void fill_context(void)
{
    uint64_t *word = map(SLOT_BASE + BH_CONTEXT_OFFSET, BH_PAGE_SIZE, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1);
    word[0] = SLOT_BASE;
    word[1] = SLOT_BASE + BH_IMAGE_OFFSET;
    for (unsigned i = 0; i < BH_HOSTCALL_COUNT; i++)
        word[(BH_HOSTCALL_TABLE - BH_CONTEXT_BASE) / 8 + i] = (uint64_t)(uintptr_t)(probe_stubs + PROBE_STUB_SIZE * i);
    memcpy(context_copy, word, sizeof context_copy);
    if (mprotect(word, BH_PAGE_SIZE, PROT_READ))
        fail("mprotect");
}

bool slot_context_intact(void)
{
    return !memcmp(context_copy, (void *)(SLOT_BASE + BH_CONTEXT_OFFSET), sizeof context_copy);
}

void slot_create(void)
{
    enum { GUARD = 0x10000 };
    if (!(getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE)) {
        fprintf(stderr, "this machine lacks FSGSBASE\n");
        exit(2);
    }
    map(SLOT_BASE - 2 * BH_SLOT_SIZE, 5 * BH_SLOT_SIZE, PROT_NONE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1);
    fill_context();
    size_t size = GUARD + CANARY_SIZE + GUARD + 2 * STACK_SIZE + GUARD;
    private_area = map(0, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (mprotect(private_area + GUARD, CANARY_SIZE, PROT_READ | PROT_WRITE) ||
        mprotect(private_area + GUARD + CANARY_SIZE + GUARD, 2 * STACK_SIZE, PROT_READ | PROT_WRITE))
        fail("mprotect");
    slot_host.none = (uint64_t)(uintptr_t)private_area + GUARD / 2;
    slot_host.canary = (uint64_t)(uintptr_t)private_area + GUARD + CANARY_SIZE / 2;
    slot_host.stack = (uint64_t)(uintptr_t)private_area + GUARD + CANARY_SIZE + GUARD + STACK_SIZE;
    slot_host.code = (uint64_t)(uintptr_t)probe_stubs;
    slot_host.read_only = (uint64_t)(uintptr_t)map(0, 16 * BH_PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1) +
                          8 * BH_PAGE_SIZE;
    slot_canary_restore();
    probe_install((void *)(slot_host.stack), STACK_SIZE);
    probe.slot = SLOT_BASE;
    probe_wrgs(SLOT_BASE);
}

static uint64_t canary_word(unsigned i)
{
    return 0xC0FFEE00C0FFEE00 ^ i * 0x0101010101010101;
}

bool slot_canary_intact(void)
{
    const uint64_t *word = (const uint64_t *)(slot_host.canary - CANARY_SIZE / 2);
    uint64_t difference = 0;
    for (unsigned i = 0; i < CANARY_SIZE / 8; i++)
        difference |= word[i] ^ canary_word(i);
    return !difference;
}

void slot_canary_restore(void)
{
    uint64_t *word = (uint64_t *)(slot_host.canary - CANARY_SIZE / 2);
    for (unsigned i = 0; i < CANARY_SIZE / 8; i++)
        word[i] = canary_word(i);
}

/* Words that do harm when they are loaded into a register: addresses of the host, of the neighbours, of code. */
static void fill(uint64_t offset, uint64_t size)
{
    uint64_t *word = (uint64_t *)(SLOT_BASE + offset), random = offset;
    for (uint64_t i = 0; i < size / 8; i++) {
        uint64_t r = random_next(&random);
        switch (r & 7) {
        case 0: word[i] = slot_host.none + (r >> 8 & 0xFF8); break;
        case 1: word[i] = slot_host.canary + (r >> 8 & 0x3F8); break;
        case 2: word[i] = SLOT_BASE + BH_SLOT_SIZE + (uint32_t)(r >> 8); break;
        case 3: word[i] = SLOT_BASE - (uint32_t)(r >> 8); break;
        case 4: word[i] = SLOT_BASE + BH_IMAGE_OFFSET + (r >> 8 & 0xFFFFF); break;
        case 5: word[i] = slot_host.code + (r >> 8 & 0xFF0); break;
        case 6: word[i] = r >> 8 & 1 ? UINT64_MAX : (uint64_t)INT64_MIN; break;
        default: word[i] = r;
        }
    }
}

void slot_map_data(uint64_t offset, uint64_t size)
{
    if (region_count == MAX_REGIONS) {
        fprintf(stderr, "too many regions\n");
        exit(2);
    }
    map(SLOT_BASE + offset, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1);
    map(SLOT_BASE - BH_SLOT_SIZE + offset, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1);
    map(SLOT_BASE + BH_SLOT_SIZE + offset, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1);
    regions[region_count].offset = offset;
    regions[region_count++].size = size;
    fill(offset, size);
}

void slot_refill(void)
{
    for (unsigned i = 0; i < region_count; i++)
        fill(regions[i].offset, regions[i].size);
}

uint8_t *slot_map_code(uint64_t offset, uint64_t size)
{
    int fd = memfd_create("code", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, (off_t)size))
        fail("memfd_create");
    uint8_t *alias = map(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
    map(SLOT_BASE + offset, size, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, fd);
    close(fd);
    memset(alias, 0xF4, size);
    return alias;
}

/* ---- lock -------------------------------------------------------------------------------------------------------- */

/* Adds [from, to) without what stays writable. */
static void add_writable(uintptr_t from, uintptr_t to, void *keep, size_t keep_size)
{
    const struct { uintptr_t from, to; } kept[] = {
        {(uintptr_t)&probe, (uintptr_t)(&probe + 1)},
        {(uintptr_t)keep, (uintptr_t)keep + keep_size},
        {(uintptr_t)private_area, (uintptr_t)slot_host.stack + STACK_SIZE},
        {SLOT_BASE, SLOT_BASE + BH_SLOT_SIZE},
    };
    for (unsigned i = 0; i < sizeof kept / sizeof *kept; i++)
        if (kept[i].from < to && from < kept[i].to) {
            if (from < kept[i].from)
                add_writable(from, kept[i].from, keep, keep_size);
            if (kept[i].to < to)
                add_writable(kept[i].to, to, keep, keep_size);
            return;
        }
    if (writable_count == MAX_WRITABLE) {
        fprintf(stderr, "too many writable mappings\n");
        exit(2);
    }
    writable[writable_count].from = from;
    writable[writable_count++].to = to;
}

void slot_prepare_lock(void *keep, size_t keep_size)
{
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    if (!maps)
        fail("/proc/self/maps");
    writable_count = 0;
    while (fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        char mode[5];
        if (sscanf(line, "%lx-%lx %4s", &from, &to, mode) == 3 && mode[1] == 'w')
            add_writable(from, to, keep, keep_size);
    }
    fclose(maps);
    /* The kernel writes to the thread's rseq area whenever it likes, and kills who makes that impossible. */
    if (__rseq_size)
        syscall(SYS_rseq, (char *)__builtin_thread_pointer() + __rseq_offset, 32, 1, 0x53053053);
    catches = !prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, SLOT_BASE + 3 * BH_SLOT_SIZE,
                     (1ul << 47) - (SLOT_BASE + 3 * BH_SLOT_SIZE), 0);
}

bool slot_catches_system_calls(void)
{
    return catches;
}

struct call {
    void (*function)(void *);
    void *context;
};

static void protect(int protection)
{
    for (unsigned i = 0; i < writable_count; i++)
        if (mprotect((void *)writable[i].from, writable[i].to - writable[i].from, protection)) {
            static const char text[] = "mprotect failed while locking the host\n";
            (void)!write(2, text, sizeof text - 1);
            _exit(2);
        }
}

static void call_locked(void *context)
{
    struct call call = *(const struct call *)context;
    protect(PROT_READ);
    call.function(call.context);
    protect(PROT_READ | PROT_WRITE);
}

void slot_locked(void (*function)(void *), void *context)
{
    struct call call = {function, context};
    probe_on_stack(call_locked, &call, (void *)slot_host.stack);
}
