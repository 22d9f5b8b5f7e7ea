/* Many lives of instances: instances-test CASE LIBRARY [PROGRAM]. Resets, scrubbing, kept slots. LIBRARY is
 * made of library.S or exports the same names. Prints what failed; exit status 0 when nothing did. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fresh.h"

#define PAGE 4096
#define PATTERN 0x5ca1ab1e0ddba115

static const char *path, *program;

/* ---- What the kernel has mapped in a slot ---- */

struct mapping {
    uint64_t start, end;
    char permissions[5];
    char name[64];
};

/* The mappings that overlap the slot at base, at most `most`; CHECKs that they leave no hole. */
static unsigned mappings_at(uint64_t base, struct mapping *mapping, unsigned most) {
    uint64_t at = base;
    char line[512];
    unsigned count = 0;
    FILE *file = fopen("/proc/self/maps", "re");
    while (fgets(line, sizeof(line), file)) {
        struct mapping m = {0};
        int name = 0;
        unsigned long long start, end;
        sscanf(line, "%llx-%llx %4s %*s %*s %*s %n", &start, &end, m.permissions, &name);
        if (end <= base || start >= base + BH_SLOT_SIZE)
            continue;
        m.start = start < base ? base : start;
        m.end = end > base + BH_SLOT_SIZE ? base + BH_SLOT_SIZE : end;
        snprintf(m.name, sizeof(m.name), "%.*s", (int)strcspn(line + name, "\n"), line + name);
        CHECK(m.start == at);
        at = m.end;
        CHECK(!strchr(m.permissions, 'w') || !strchr(m.permissions, 'x'));
        if (count < most)
            mapping[count++] = m;
    }
    CHECK(at == base + BH_SLOT_SIZE);
    fclose(file);
    return count;
}

static unsigned slot_mappings(bh_instance *instance, struct mapping *mapping, unsigned most) {
    return mappings_at(bh_instance_base(instance), mapping, most);
}

static uint64_t executable_checksum(bh_instance *instance) {
    struct mapping mapping[200];
    unsigned count = slot_mappings(instance, mapping, 200);
    uint64_t sum = 0;
    for (unsigned n = 0; n < count; n++)
        if (strchr(mapping[n].permissions, 'x'))
            for (uint64_t at = mapping[n].start; at < mapping[n].end; at += 8)
                sum = sum * 31 + *(const uint64_t *)(uintptr_t)at;
    return sum;
}

/* Words of the pattern that can be read in the slot. */
static unsigned find_pattern(bh_instance *instance) {
    static struct mapping mapping[20000];
    unsigned count = slot_mappings(instance, mapping, 20000), found = 0;
    uint64_t *page = aligned_alloc(PAGE, PAGE);
    for (unsigned n = 0; n < count; n++) {
        if (mapping[n].permissions[0] != 'r')
            continue;
        for (uint64_t at = mapping[n].start; at < mapping[n].end; at += PAGE) {
            if (bh_copy_out(instance, page, at, PAGE))
                continue; /* behind the end of a file */
            for (unsigned w = 0; w < PAGE / 8; w++)
                found += page[w] == PATTERN;
        }
    }
    free(page);
    return found;
}

/* The same where an instance was. */
static unsigned find_pattern_at(uint64_t base) {
    static struct mapping mapping[20000];
    unsigned count = mappings_at(base, mapping, 20000), found = 0;
    uint64_t page[PAGE / 8];
    for (unsigned n = 0; n < count; n++) {
        for (uint64_t at = mapping[n].start; mapping[n].permissions[0] == 'r' && at < mapping[n].end; at += PAGE) {
            struct iovec to = {page, PAGE}, from = {(void *)(uintptr_t)at, PAGE};
            if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) != PAGE)
                continue; /* behind the end of a file */
            for (unsigned w = 0; w < PAGE / 8; w++)
                found += page[w] == PATTERN;
        }
    }
    return found;
}

/* Fills every page of the slot that can be written. */
static unsigned write_pattern(bh_instance *instance) {
    static struct mapping mapping[20000];
    unsigned count = slot_mappings(instance, mapping, 20000), pages = 0;
    static uint64_t page[PAGE / 8];
    for (unsigned w = 0; w < PAGE / 8; w++)
        page[w] = PATTERN;
    for (unsigned n = 0; n < count; n++)
        for (uint64_t at = mapping[n].start; mapping[n].permissions[1] == 'w' && at < mapping[n].end; at += PAGE)
            pages += !bh_copy_in(instance, at, page, PAGE);
    return pages;
}

/* ---- Resets ---- */

static bh_policy *small_policy(void) {
    bh_policy *policy;
    REQUIRE(!bh_policy_create(&policy));
    REQUIRE(!bh_policy_grant_directory(policy, "/tmp", "/tmp", BH_READ_ONLY));
    REQUIRE(!bh_policy_set_stack_size(policy, 256 << 10));
    REQUIRE(!bh_policy_grant(policy, BH_GRANT_CLOCK));
    return policy;
}

/* Changes everything that a guest can. */
static void live(bh_instance *instance) {
    uint64_t junk[2] = {PATTERN, PATTERN};
    bh_address cell, pointer, zeros;
    REQUIRE(!bh_instance_symbol(instance, "cell", &cell) && !bh_instance_symbol(instance, "pointer", &pointer) &&
            !bh_instance_symbol(instance, "zeros", &zeros));
    bh_address name = text(instance, "/tmp");
    CHECK(guest_call(instance, SYS_open, name, O_RDONLY | O_DIRECTORY, 0) == 0);
    CHECK(guest_call(instance, SYS_chdir, name, 0, 0) == 0);
    uint64_t heap = (uint64_t)guest_call(instance, SYS_brk, 0, 0, 0);
    CHECK(guest_call(instance, SYS_brk, heap + 0x5000, 0, 0) == (int64_t)heap + 0x5000);
    int64_t map = guest_call6(instance, SYS_mmap, 0, 0x20000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, UINT64_MAX, 0);
    CHECK(map > 0);
    CHECK(guest_call(instance, SYS_mprotect, (uint64_t)map + 0x3000, 0x1000, PROT_READ) == 0);
    CHECK(guest_call(instance, SYS_arch_prctl, 0x1002, 0x1234, 0) == 0);
    CHECK(guest_call(instance, SYS_fork, 0, 0, 0) == -ENOSYS);
    CHECK(!bh_copy_in(instance, cell, junk, 8) && !bh_copy_in(instance, pointer, junk, 8) && !bh_copy_in(instance, zeros, junk, 16));
    CHECK(!bh_copy_in(instance, zeros + 60000, junk, 16));
    CHECK(write_pattern(instance) > 20 && find_pattern(instance) > 10000);
}

static unsigned count_descriptors(void) {
    unsigned count = 0;
    for (int fd = 0; fd < 1000; fd++)
        count += fcntl(fd, F_GETFD) != -1;
    return count;
}

static void test_reset(void) {
    bh_policy *policy = small_policy();
    bh_instance *instance = new_instance(policy);
    unsigned descriptors = count_descriptors();
    uint64_t code = executable_checksum(instance);
    size_t mappings = bh_engine_mappings(engine);
    struct mapping before[100], after[100];
    unsigned count = slot_mappings(instance, before, 100);
    check_fresh(instance);
    static const char *const ends[] = {NULL, "fault_null", "fault_overflow", "do_exit", "do_abort", "fault_halt", "loop_forever"};
    for (int round = 0; round < 60; round++) {
        const char *end = ends[round % 7];
        live(instance);
        if (end && !strcmp(end, "loop_forever"))
            CHECK(!bh_instance_set_deadline(instance, 20000000));
        if (end)
            CHECK(invoke(instance, end, "v()", NULL, 0, 0) != BH_OK);
        CHECK(!bh_instance_set_deadline(instance, 0));
        if (end)
            CHECK(invoke(instance, "add", "i(ii)", NULL, 0, 0) == BH_ERROR_DEAD);
        CHECK(!bh_instance_reset(instance));
        CHECK(!find_pattern(instance));
        check_fresh(instance);
        CHECK(count_descriptors() == descriptors && bh_engine_mappings(engine) == mappings);
        CHECK(executable_checksum(instance) == code);
        CHECK(slot_mappings(instance, after, 100) == count && !memcmp(before, after, count * sizeof(*before)));
    }
    CHECK(!bh_instance_destroy(instance));
    bh_policy_destroy(policy);
    CHECK(bh_instance_reset(NULL) == BH_ERROR_ARGUMENT);
}

/* The guest takes its own image and stack apart. Whatever it did, a reset puts them back. */
static void test_disturbed(void) {
    bh_policy *policy = small_policy();
    bh_instance *instance = new_instance(policy);
    bh_address zeros, base = bh_instance_base(instance);
    struct mapping before[100], after[100];
    unsigned count = slot_mappings(instance, before, 100);
    uint64_t code = executable_checksum(instance), image = base + BH_IMAGE_OFFSET;
    size_t mappings = bh_engine_mappings(engine);
    REQUIRE(!bh_instance_symbol(instance, "zeros", &zeros));
    bh_address page = (zeros + 0x8000) & ~(uint64_t)(PAGE - 1);
    const uint64_t anonymous = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    const struct {
        long number;
        uint64_t a, b, c, d;
    } tries[] = {{SYS_mprotect, page, PAGE, PROT_READ, 0},
                 {SYS_mprotect, page, PAGE, PROT_NONE, 0},
                 {SYS_munmap, page, 2 * PAGE, 0, 0},
                 {SYS_mmap, page, PAGE, PROT_READ | PROT_WRITE, anonymous},
                 {SYS_mmap, page + 0x6000, 0x40000, PROT_READ | PROT_WRITE, anonymous},
                 {SYS_munmap, image, PAGE, 0, 0},
                 {SYS_mmap, image, PAGE, PROT_READ | PROT_WRITE, anonymous},
                 {SYS_mprotect, image, PAGE, PROT_READ | PROT_WRITE, 0}};
    for (size_t n = 0; n < sizeof(tries) / sizeof(*tries); n++) {
        int64_t got = guest_call6(instance, tries[n].number, tries[n].a, tries[n].b, tries[n].c, tries[n].d, UINT64_MAX, 0);
        CHECK(got >= 0);
        write_pattern(instance);
        CHECK(!bh_instance_reset(instance));
        CHECK(!find_pattern(instance));
        check_fresh(instance);
        CHECK(slot_mappings(instance, after, 100) == count && !memcmp(before, after, count * sizeof(*before)));
        CHECK(executable_checksum(instance) == code && bh_engine_mappings(engine) == mappings);
    }
    /* Its whole stack, and everything else at once: the call cannot come back. */
    bh_error error = BH_OK;
    struct mapping stack = {0};
    for (unsigned n = 0; n < count; n++)
        if (!strcmp(before[n].permissions, "rw-p") && before[n].start > base + (1 << 20))
            stack = before[n];
    REQUIRE(stack.start);
    bh_function call;
    REQUIRE(!bh_instance_function(instance, "call", "l(llll)", &call));
    error = bh_invoke(instance, &call, NULL, (uint64_t)SYS_munmap, stack.start, stack.end - stack.start, 0ul);
    CHECK(error == BH_ERROR_FAULT);
    CHECK(!bh_instance_reset(instance));
    check_fresh(instance);
    CHECK(slot_mappings(instance, after, 100) == count && !memcmp(before, after, count * sizeof(*before)));
    CHECK(!bh_instance_destroy(instance));
    bh_policy_destroy(policy);
}

static void reset_in_log(void *context, const char *call, const char *detail, int number) {
    (void)call, (void)detail, (void)number;
    bh_instance *instance = *(bh_instance **)context;
    bh_address address;
    CHECK(bh_instance_reset(instance) == BH_ERROR_BUSY);
    CHECK(bh_instance_destroy(instance) == BH_ERROR_BUSY);
    CHECK(bh_unshare(instance, 0) == BH_ERROR_BUSY);
    void *memory;
    CHECK(!bh_shared_create(1, &memory) && bh_share(instance, memory, PAGE, BH_READ_ONLY, &address) == BH_ERROR_BUSY);
    CHECK(!bh_shared_destroy(memory));
}

/* A running instance is neither reset nor destroyed; a forked child does neither, and harms nothing by trying. */
static void test_busy(void) {
    bh_policy *policy;
    bh_instance *instance;
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_set_log(policy, reset_in_log, &instance));
    instance = new_instance(policy);
    CHECK(guest_call(instance, SYS_fork, 0, 0, 0) == -ENOSYS);
    check_fresh_usage(instance, 1);
    pid_t child = fork();
    if (!child)
        _exit(bh_instance_reset(instance) == BH_ERROR_FORKED && bh_instance_destroy(instance) == BH_ERROR_FORKED ? 0 : 1);
    int status;
    bh_value result;
    bh_address block;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(!invoke(instance, "add", "i(ii)", &result, 1, 2) && result.as.i == 3 && guest_call(instance, SYS_fork, 0, 0, 0) == -ENOSYS);
    /* It says so first, also of an instance that has ended. */
    CHECK(invoke(instance, "fault_null", "v()", NULL, 0, 0) == BH_ERROR_FAULT && bh_allocate(instance, 8, &block) == BH_ERROR_DEAD);
    child = fork();
    if (!child)
        _exit(bh_allocate(instance, 8, &block) == BH_ERROR_FORKED ? 0 : 1);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(!bh_instance_destroy(instance));
    bh_policy_destroy(policy);
}

/* A program runs once in each life. */
static void test_program(void) {
    bh_module *module_of_program;
    bh_instance *instance;
    bh_policy *policy;
    int status;
    REQUIRE(!bh_module_load(engine, program, NULL, &module_of_program));
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_grant_stream(policy, 1, open("/dev/null", O_WRONLY | O_CLOEXEC)));
    REQUIRE(!bh_instance_create(module_of_program, policy, &instance));
    for (int n = 0; n < 100; n++) {
        status = -1;
        CHECK(!bh_instance_run(instance, 0, NULL, &status) && status == 7);
        CHECK(bh_instance_run(instance, 0, NULL, &status) == BH_ERROR_DEAD);
        CHECK(!bh_instance_reset(instance));
    }
    CHECK(!bh_instance_destroy(instance) && !bh_module_destroy(module_of_program));
    bh_policy_destroy(policy);
}

/* Holes that a guest makes count, however it makes them. */
static void test_counted(void) {
    struct mapping mapping[300];
    bh_policy *policy = small_policy();
    bh_instance *instance = new_instance(policy);
    int64_t block[24];
    for (int n = 0; n < 24; n++) {
        block[n] = guest_call6(instance, SYS_mmap, 0, 3 * PAGE, n % 2 ? PROT_READ : PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                               UINT64_MAX, 0);
        CHECK(block[n] > 0);
    }
    for (int n = 0; n < 24; n++) {
        CHECK(guest_call(instance, SYS_munmap, (uint64_t)block[n] + (n % 3 ? 2 * PAGE : 0), PAGE, 0) == 0);
        /* What lies before and behind the slot's own mappings may be one with its neighbours'. */
        CHECK(slot_mappings(instance, mapping, 300) <= bh_engine_mappings(engine) + 1);
    }
    CHECK(!bh_instance_destroy(instance));
    bh_policy_destroy(policy);
}

/* ---- Scrubbing: nothing of one instance in the next one of the same slot ---- */

static void test_scrub(void) {
    bh_policy *policy = small_policy();
    for (int round = 0; round < 5; round++) {
        bh_instance *instance = new_instance(policy);
        bh_address base = bh_instance_base(instance);
        live(instance);
        if (round == 3) /* it changed its image: its slot is not kept */
            CHECK(!guest_call(instance, SYS_mprotect, base + BH_IMAGE_OFFSET, PAGE, PROT_READ | PROT_WRITE) && write_pattern(instance));
        if (round == 4)
            CHECK(invoke(instance, "fault_null", "v()", NULL, 0, 0) == BH_ERROR_FAULT);
        CHECK(!bh_instance_destroy(instance));
        /* It is gone with the instance, not only when the next one needs the slot. */
        CHECK(!find_pattern_at(base));
        instance = new_instance(policy);
        CHECK(bh_instance_base(instance) == base); /* else the test would look at the wrong place */
        CHECK(!find_pattern(instance));
        check_fresh(instance);
        CHECK(!bh_instance_destroy(instance));
    }
    bh_policy_destroy(policy);
}

static uint64_t stack_offset, stack_size; /* of every instance of the module */

static void find_stack(void) {
    bh_instance *instance = new_instance(NULL);
    struct mapping mapping[100];
    unsigned count = slot_mappings(instance, mapping, 100);
    for (unsigned n = 0; n < count; n++)
        if (!strcmp(mapping[n].permissions, "rw-p") && mapping[n].end - mapping[n].start > stack_size) {
            stack_offset = mapping[n].start - bh_instance_base(instance);
            stack_size = mapping[n].end - mapping[n].start;
        }
    CHECK(stack_size >= 1 << 20 && !bh_instance_destroy(instance));
}

static void *many_lives(void *argument) {
    uint64_t word = PATTERN;
    for (int n = 0; n < 300; n++) {
        bh_instance *instance = new_instance(NULL);
        bh_address zeros;
        REQUIRE(!bh_instance_symbol(instance, "zeros", &zeros));
        for (int life = 0; life < 4; life++) {
            for (int at = 0; at < 65536; at += 16384) {
                uint64_t found = 1;
                CHECK(!bh_copy_out(instance, &found, zeros + (uint64_t)at, 8) && found == 0);
                CHECK(!bh_copy_in(instance, zeros + (uint64_t)at, &word, 8));
            }
            /* The top of the stack, of which start code wrote some pages, and places far down. */
            int place = 0;
            for (uint64_t down = 16; down <= stack_size; down += down < 16 * PAGE ? PAGE : stack_size / 5 / 8 * 8, place++) {
                uint64_t found = 1, address = bh_instance_base(instance) + stack_offset + stack_size - down;
                CHECK(!bh_copy_out(instance, &found, address, 8) && found != word);
                if (life == 0 || (life == 1 && place == n % 20)) /* all, one, none */
                    CHECK(!bh_copy_in(instance, address, &word, 8));
            }
            if (life % 2)
                CHECK(invoke(instance, "fault_null", "v()", NULL, 0, 0) == BH_ERROR_FAULT);
            CHECK(!bh_instance_reset(instance));
        }
        CHECK(!bh_instance_destroy(instance));
    }
    return argument;
}

static void test_threads(void) {
    pthread_t thread[4];
    find_stack();
    for (int n = 0; n < 4; n++)
        pthread_create(&thread[n], NULL, many_lives, NULL);
    for (int n = 0; n < 4; n++)
        pthread_join(thread[n], NULL);
    CHECK(bh_engine_mappings(engine) == 0);
}

/* ---- Slots that are kept for the next instance ---- */

/* Whether anything can be read in the slot at base. */
static bool mapped_at(uint64_t base) {
    struct mapping mapping[100];
    unsigned count = mappings_at(base, mapping, 100);
    bool some = false;
    for (unsigned n = 0; n < count; n++)
        some |= mapping[n].permissions[0] == 'r';
    return some;
}

static unsigned count_maps(void) {
    FILE *file = fopen("/proc/self/maps", "re");
    unsigned lines = 0;
    for (int c; (c = fgetc(file)) != EOF;)
        lines += c == '\n';
    fclose(file);
    return lines;
}

static uint64_t make_and_destroy(bh_module *of, const bh_policy *policy) {
    bh_instance *instance;
    REQUIRE(!bh_instance_create(of, policy, &instance));
    uint64_t base = bh_instance_base(instance);
    CHECK(!bh_instance_destroy(instance) && bh_engine_mappings(engine) == 0);
    return base;
}

/* Kept, used by the same module with the same stack alone, and given up for whoever needs slots. */
static void parked_slots(void) {
    bh_module *other;
    bh_policy *policy = small_policy();
    bh_instance *instance[3], *extra;
    open_module(path, 3);
    REQUIRE(!bh_module_load(engine, path, NULL, &other));
    make_and_destroy(module, NULL); /* this thread's alternate stack, allocations */
    while (bh_module_destroy(other))
        CHECK(false);
    REQUIRE(!bh_module_load(engine, path, NULL, &other));
    uint64_t base = make_and_destroy(module, NULL);
    CHECK(mapped_at(base) && make_and_destroy(module, NULL) == base);
    CHECK(make_and_destroy(other, NULL) != base && make_and_destroy(module, NULL) == base);
    CHECK(make_and_destroy(module, policy) != base && make_and_destroy(module, NULL) == base);
    /* All three slots are parked now, and none is lost. */
    for (int round = 0; round < 4; round++) {
        for (int n = 0; n < 3; n++) {
            REQUIRE(!bh_instance_create(round % 2 ? other : module, n ? policy : NULL, &instance[n]));
            check_fresh(instance[n]);
        }
        CHECK(bh_instance_create(module, NULL, &extra) == BH_ERROR_NO_SLOT);
        for (int n = 0; n < 3; n++)
            CHECK(!bh_instance_destroy(instance[n]));
    }
    CHECK(!bh_module_destroy(other));
    base = make_and_destroy(module, NULL);
    CHECK(mapped_at(base) && !bh_module_destroy(module) && !mapped_at(base) && !bh_engine_destroy(engine));
    bh_policy_destroy(policy);
}

/* At most 32 in the process, whatever was alive before. */
static void parked_bound(void) {
    enum { MANY = 200 };
    static bh_instance *instance[MANY];
    static uint64_t base[MANY];
    unsigned mapped = 0;
    open_module(path, MANY);
    for (int n = 0; n < MANY; n++) {
        instance[n] = new_instance(NULL);
        base[n] = bh_instance_base(instance[n]);
    }
    for (int n = 0; n < MANY; n++)
        CHECK(!bh_instance_destroy(instance[n]));
    for (int n = 0; n < MANY; n++)
        mapped += mapped_at(base[n]);
    CHECK(mapped == 32 && bh_engine_mappings(engine) == 0);
    close_module();
}

/* They do not use up an engine's mappings: as many instances fit as without. */
static void parked_mappings(void) {
    bh_engine_options options = {.struct_size = sizeof(options), .slots = 100, .mapping_limit = 100};
    bh_instance *instance[2][100];
    bh_module *modules[2];
    unsigned made[2] = {0};
    REQUIRE(!bh_engine_create(&options, &engine) && !bh_module_load(engine, path, NULL, &modules[0]) &&
            !bh_module_load(engine, path, NULL, &modules[1]));
    for (int m = 0; m < 2; m++) {
        while (!bh_instance_create(modules[m], NULL, &instance[m][made[m]]))
            made[m]++;
        CHECK(bh_last_error()->error == BH_ERROR_LIMIT);
        /* What was half made is not kept. */
        for (unsigned n = 0; n < 3; n++)
            CHECK(bh_instance_create(modules[m], NULL, &instance[m][made[m]]) == BH_ERROR_LIMIT);
        check_fresh(instance[m][0]);
        for (unsigned n = 0; n < made[m]; n++)
            CHECK(!bh_instance_destroy(instance[m][n]));
    }
    CHECK(made[0] > 5 && made[0] == made[1]);
    CHECK(!bh_module_destroy(modules[0]) && !bh_module_destroy(modules[1]) && !bh_engine_destroy(engine));
}

/* A host that wants everything back gets it. */
static void parked_never(void) {
    bh_engine_options options = {.struct_size = sizeof(options), .slots = 2, .unmap_slots = true};
    REQUIRE(!bh_engine_create(&options, &engine) && !bh_module_load(engine, path, NULL, &module));
    make_and_destroy(module, NULL);
    unsigned maps = count_maps();
    for (int n = 0; n < 20; n++)
        CHECK(!mapped_at(make_and_destroy(module, NULL)) && count_maps() == maps);
    close_module();
}

/* Two modules that take each other's slots away, by several threads. */
static bh_module *rivals[2];

static void *rival(void *argument) {
    for (int n = 0; n < 400; n++) {
        bh_instance *instance;
        bh_value result;
        bh_error error = bh_instance_create(rivals[(n / 5 + (argument != NULL)) % 2], NULL, &instance);
        CHECK(!error || error == BH_ERROR_NO_SLOT);
        if (error)
            continue;
        CHECK(word_at(instance, "zeros") == 0 && word_at(instance, "cell") == 0x1122334455667788);
        CHECK(!invoke(instance, "add", "i(ii)", &result, (uint64_t)n, 1) && result.as.i == n + 1);
        CHECK(!bh_instance_destroy(instance));
    }
    return NULL;
}

static void parked_rivals(void) {
    pthread_t thread[4];
    open_module(path, 4);
    rivals[0] = module;
    REQUIRE(!bh_module_load(engine, path, NULL, &rivals[1]));
    for (int n = 0; n < 4; n++)
        pthread_create(&thread[n], NULL, rival, n % 2 ? &rivals : NULL);
    for (int n = 0; n < 4; n++)
        pthread_join(thread[n], NULL);
    CHECK(bh_engine_mappings(engine) == 0 && !bh_module_destroy(rivals[1]));
    close_module();
}

static void test_parked(void) {
    parked_slots();
    parked_bound();
    parked_mappings();
    parked_never();
    parked_rivals();
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
        unsigned slots; /* 0: the case makes its own engine */
    } cases[] = {{"reset", test_reset, 1},     {"disturbed", test_disturbed, 1}, {"counted", test_counted, 1},
                 {"busy", test_busy, 1},       {"program", test_program, 1},     {"parked", test_parked, 0},
                 {"scrub", test_scrub, 3},     {"threads", test_threads, 8}};
    if (argc < 3)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    path = argv[2];
    program = argc > 3 ? argv[3] : NULL;
    for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
        if (strcmp(cases[n].name, argv[1]))
            continue;
        if (cases[n].slots)
            open_module(path, cases[n].slots);
        cases[n].run();
        if (cases[n].slots)
            close_module();
        printf(failures ? "%d checks failed\n" : "ok\n", failures);
        return failures != 0;
    }
    printf("no case '%s'\n", argv[1]);
    return 2;
}
