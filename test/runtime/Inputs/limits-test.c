/* What the kernel and the engine limit: limits-test limits|slots LIBRARY, which is made of library.S. Prints what failed; exit status 0
 * when nothing did. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fresh.h"

#define PAGE 4096

static const char *path;

#define SAYS(words) CHECK(strstr(bh_last_error()->text, words))

/* Each in a process of its own. */
static void in_child(void (*run)(void)) {
    pid_t child = fork();
    if (!child) {
        failures = 0;
        run();
        fflush(stdout);
        _exit(failures != 0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static void limit_address_space(void) {
    struct rlimit old;
    getrlimit(RLIMIT_AS, &old);
    setrlimit(RLIMIT_AS, &(struct rlimit){(rlim_t)1 << 36, old.rlim_max});
    CHECK(bh_engine_create(&(bh_engine_options){.struct_size = sizeof(bh_engine_options), .slots = 100}, &engine) == BH_ERROR_LIMIT);
    SAYS("RLIMIT_AS");
    SAYS("68719476736");
    SAYS("ulimit -v");
    setrlimit(RLIMIT_AS, &old);
    open_module(path, 100);
    check_fresh(new_instance(NULL));
}

/* What is left to the process for memory that it may write is less than a guest's stack. */
static void limit_data(void) {
    struct rlimit old;
    bh_instance *instance;
    open_module(path, 5);
    bh_instance *good = new_instance(NULL);
    getrlimit(RLIMIT_DATA, &old);
    setrlimit(RLIMIT_DATA, &(struct rlimit){4 << 20, old.rlim_max});
    CHECK(bh_instance_create(module, NULL, &instance) == BH_ERROR_LIMIT);
    SAYS("RLIMIT_DATA");
    SAYS("4194304");
    SAYS("ulimit -d");
    check_fresh(good);
    /* What kept slots have is given back for it. */
    setrlimit(RLIMIT_DATA, &(struct rlimit){64 << 20, old.rlim_max});
    bh_module *other;
    bh_instance *many[2] = {NULL};
    unsigned made = 0;
    REQUIRE(!bh_module_load(engine, path, NULL, &other));
    while (made < 2 && !bh_instance_create(module, NULL, &many[made]))
        made++;
    CHECK(made == 2);
    setrlimit(RLIMIT_DATA, &(struct rlimit){28 << 20, old.rlim_max});
    while (made)
        CHECK(!bh_instance_destroy(many[--made]));
    REQUIRE(!bh_instance_create(other, NULL, &instance) && !bh_instance_destroy(instance) && !bh_module_destroy(other));
    setrlimit(RLIMIT_DATA, &old);
    REQUIRE(!bh_instance_create(module, NULL, &instance));
    check_fresh(instance);
    CHECK(!bh_instance_destroy(instance) && !bh_instance_destroy(good) && bh_engine_mappings(engine) == 0);
    close_module();
}

/* A process that locks all memory it maps, and may lock little. */
static void limit_locked(void) {
    bh_engine *another;
    bh_instance *instance;
    open_module(path, 4);
    bh_instance *good = new_instance(NULL);
    /* Who may lock anything has no limit. */
    if (getuid() == 0 && (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534)))
        return;
    setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){1 << 20, 1 << 20});
    REQUIRE(!mlockall(MCL_FUTURE));
    CHECK(bh_engine_create(NULL, &another) == BH_ERROR_LIMIT);
    SAYS("RLIMIT_MEMLOCK");
    SAYS("1048576");
    SAYS("mlockall");
    CHECK(bh_instance_create(module, NULL, &instance) == BH_ERROR_LIMIT);
    SAYS("RLIMIT_MEMLOCK");
    REQUIRE(!munlockall());
    check_fresh(good);
    REQUIRE(!bh_engine_create(NULL, &another) && !bh_engine_destroy(another));
    REQUIRE(!bh_instance_create(module, NULL, &instance));
    check_fresh(instance);
    CHECK(!bh_instance_destroy(instance) && !bh_instance_destroy(good) && bh_engine_mappings(engine) == 0);
    close_module();
}

static void limit_descriptors(void) {
    struct rlimit old;
    getrlimit(RLIMIT_NOFILE, &old);
    REQUIRE(!bh_engine_create(NULL, &engine));
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){20, old.rlim_max});
    while (dup(0) >= 0)
        ;
    bh_engine *other;
    CHECK(bh_engine_create(NULL, &other) == BH_ERROR_LIMIT);
    SAYS("RLIMIT_NOFILE");
    SAYS("20");
    void *memory;
    CHECK(bh_shared_create(1, &memory) == BH_ERROR_LIMIT);
    SAYS("RLIMIT_NOFILE");
    SAYS("ulimit -n");
    bh_policy *policy;
    CHECK(bh_module_load(engine, path, NULL, &module) == BH_ERROR_LIMIT);
    SAYS("RLIMIT_NOFILE");
    REQUIRE(!bh_policy_create(&policy));
    CHECK(bh_policy_grant_directory(policy, "/", "/", BH_READ_ONLY) == BH_ERROR_LIMIT);
    SAYS("RLIMIT_NOFILE");
    bh_policy_destroy(policy);
    CHECK(bh_policy_load("/dev/null", &policy) == BH_ERROR_LIMIT);
    SAYS("RLIMIT_NOFILE");
    setrlimit(RLIMIT_NOFILE, &old);
    CHECK(!bh_shared_create(1, &memory) && !bh_shared_destroy(memory));
    CHECK(!bh_engine_create(NULL, &other) && !bh_engine_destroy(other));
}

static void limit_mappings(void) {
    /* A limit that the engine believes and the kernel does not. */
    bh_engine_options options = {.struct_size = sizeof(options), .slots = 16, .mapping_limit = 1000000};
    REQUIRE(!bh_engine_create(&options, &engine) && !bh_module_load(engine, path, NULL, &module));
    bh_instance *instance, *good = new_instance(NULL), *shared = new_instance(NULL);
    bh_address address;
    void *buffer;
    unsigned long allowed = 0;
    REQUIRE(!bh_shared_create(PAGE, &buffer));
    FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
    REQUIRE(file && fscanf(file, "%lu", &allowed) == 1);
    fclose(file);
    if (allowed > 300000) {
        printf("vm.max_map_count is %lu: too many to use up here\n", allowed);
        return;
    }
    size_t size = (size_t)(allowed + 10) * PAGE;
    char *memory = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    for (size_t at = 0; at < size && !mprotect(memory + at, PAGE, PROT_NONE); at += 2 * PAGE)
        ;
    CHECK(bh_instance_create(module, NULL, &instance) == BH_ERROR_LIMIT);
    SAYS("vm.max_map_count");
    SAYS("sysctl -w");
    /* Whose slot the kernel refused to change has ended, and says so. */
    bh_error error = BH_OK;
    for (int n = 0; n < 8 && !error; n++) /* there may be room for one more */
        error = bh_share(shared, buffer, PAGE, BH_READ_ONLY, &address);
    CHECK(error == BH_ERROR_LIMIT);
    SAYS("vm.max_map_count");
    CHECK(invoke(shared, "add", "i(ii)", NULL, 1, 1) == BH_ERROR_DEAD);
    munmap(memory, size);
    CHECK(bh_instance_reset(shared) == BH_ERROR_DEAD && !bh_instance_destroy(shared) && !bh_shared_destroy(buffer));
    /* The slot that it happened in is given up, the others are fine. */
    REQUIRE(!bh_instance_create(module, NULL, &instance));
    check_fresh(good);
    check_fresh(instance);
    CHECK(!bh_instance_destroy(instance) && !bh_instance_destroy(good));
}

static void limit_of_engine(void) {
    bh_engine_options options = {.struct_size = sizeof(options), .slots = 100, .mapping_limit = 100};
    REQUIRE(!bh_engine_create(&options, &engine) && !bh_module_load(engine, path, NULL, &module));
    bh_instance *instance[100];
    unsigned made = 0;
    while (made < 100 && !bh_instance_create(module, NULL, &instance[made]))
        made++;
    CHECK(made >= 6 && made <= 12 && bh_last_error()->error == BH_ERROR_LIMIT);
    SAYS("100");
    SAYS("mapping_limit");
    CHECK(bh_engine_mappings(engine) <= 100);
    /* One of them cannot take what is left of the process either. */
    int64_t map = guest_call6(instance[0], SYS_mmap, 0, 0x100000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, UINT64_MAX, 0);
    int splits = 0;
    while (map > 0 && splits < 128 && !guest_call(instance[0], SYS_mprotect, (uint64_t)map + 0x2000 * (uint64_t)splits, PAGE, PROT_NONE))
        splits++;
    CHECK(splits < 20);
    while (made)
        CHECK(!bh_instance_destroy(instance[--made]));
    CHECK(bh_engine_mappings(engine) == 0);
}

static void test_limits(void) {
    in_child(limit_address_space);
    in_child(limit_descriptors);
    in_child(limit_mappings);
    in_child(limit_data);
    in_child(limit_locked);
    in_child(limit_of_engine);
}

/* 30,000 slots, of which one in a thousand is used: address space costs nothing. */
static void test_slots(void) {
    bh_engine_options options = {.struct_size = sizeof(options), .slots = 30000};
    REQUIRE(!bh_engine_create(&options, &engine) && !bh_module_load(engine, path, NULL, &module));
    bh_instance *instance[30];
    for (int n = 0; n < 30; n++)
        instance[n] = new_instance(NULL);
    for (int n = 0; n < 30; n++) {
        bh_value result;
        CHECK(!invoke(instance[n], "add", "i(ii)", &result, (uint64_t)n, 1) && result.as.i == n + 1);
        for (int other = 0; other < n; other++)
            CHECK(bh_instance_base(instance[n]) != bh_instance_base(instance[other]));
        CHECK(!bh_instance_destroy(instance[n]));
    }
    CHECK(!bh_module_destroy(module) && !bh_engine_destroy(engine));
    options.slots = 32701;
    CHECK(bh_engine_create(&options, &engine) == BH_ERROR_ARGUMENT);
}

int main(int argc, char **argv) {
    if (argc != 3 || (strcmp(argv[1], "limits") && strcmp(argv[1], "slots")))
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    path = argv[2];
    (strcmp(argv[1], "limits") ? test_slots : test_limits)();
    printf(failures ? "%d checks failed\n" : "ok\n", failures);
    return failures != 0;
}
