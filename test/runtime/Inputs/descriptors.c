/* descriptors CASE MODULE DIRECTORY: which descriptors the runtime keeps, what can be done to their files, and what happens when the host
 * closes them or has another file of that number. Says what fails to the descriptor that stderr was. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"

#define MOST 64
#define FILES 6 /* context, gate, image, a buffer twice, a granted directory */

static bh_engine *engine;
static bh_module *module;
static bh_policy *policy;
static bh_instance *instance;
static void *shared;
static bh_address zeros;

static void create(const char *path, const char *directory) {
    REQUIRE(!bh_engine_create(&(bh_engine_options){.struct_size = sizeof(bh_engine_options), .unmap_slots = true}, &engine));
    REQUIRE(!bh_module_load(engine, path, NULL, &module) && !bh_policy_create(&policy));
    REQUIRE(!bh_policy_grant_directory(policy, directory, "/", BH_READ_WRITE));
    REQUIRE(!bh_instance_create(module, policy, &instance) && !bh_instance_symbol(instance, "zeros", &zeros));
    REQUIRE(!bh_shared_create(4096, &shared));
}

static int64_t guest(long number, const char *path, long b, long c) {
    bh_function call;
    bh_value result;
    REQUIRE(!bh_instance_function(instance, "call", "l(lmmm)", &call));
    uint64_t first = path ? zeros : (uint64_t)b;
    REQUIRE(!path || !bh_copy_in(instance, zeros, path, strlen(path) + 1));
    REQUIRE(!bh_invoke(instance, &call, &result, number, first, (uint64_t)(path ? b : c), (uint64_t)c));
    return result.as.l;
}

static void streams_stay_closed(void) {
    for (int fd = 0; fd < 3; fd++)
        CHECK(fcntl(fd, F_GETFD) == -1 && errno == EBADF);
}

/* With 0 to 2 closed nothing of the engine's and nothing that a guest opens gets these numbers. */
static void test_streams(const char *path, const char *directory) {
    bh_address address;
    create(path, directory);
    streams_stay_closed();
    int64_t file = guest(SYS_open, "/file", O_RDWR | O_CREAT, 0600), other = guest(SYS_open, "/", O_RDONLY | O_DIRECTORY, 0);
    int64_t copy = guest(SYS_dup, NULL, file, 0), same = guest(SYS_fcntl, NULL, file, F_DUPFD);
    CHECK(file >= 0 && other >= 0 && copy >= 0 && same >= 0);
    streams_stay_closed();
    CHECK(!bh_share(instance, shared, 4096, BH_READ_ONLY, &address));
    /* The host's own file gets 0, as it would without an engine. */
    int own = memfd_create("own", 0);
    CHECK(own == 0 && !ftruncate(own, 4096) && !bh_share_fd(instance, own, 0, 4096, BH_READ_ONLY, &address));
    close(own);
    streams_stay_closed();
}

/* Nor when there is no other number: then it is an error, which names the limit. */
static void test_no_numbers(const char *path, const char *directory) {
    for (unsigned most = 0; most < 5; most++) {
        REQUIRE(!setrlimit(RLIMIT_NOFILE, &(struct rlimit){most, 1024}));
        CHECK(bh_engine_create(NULL, &engine) == BH_ERROR_LIMIT && strstr(bh_last_error()->text, "RLIMIT_NOFILE"));
        streams_stay_closed();
    }
}

/* Who is the file of a number, as the kernel names it. */
static const char *name_of(int fd) {
    static char name[4096];
    char link[40];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, name, sizeof(name) - 1);
    name[length > 0 ? length : 0] = 0;
    return name;
}

static void test_seals(const char *path, const char *directory) {
    const int text = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
    const struct {
        const char *name;
        int seals;
        bool writable;
    } files[] = {{"/memfd:bulkhead-context", F_SEAL_FUTURE_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL, false},
                 {"/memfd:bulkhead-gate", text, false},
                 {"/memfd:bulkhead-image", text, false},
                 {"/memfd:bulkhead-shared", F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL, true}};
    unsigned found = 0;
    create(path, directory);
    for (int fd = 0; fd < MOST; fd++) {
        const char *name = name_of(fd);
        for (unsigned n = 0; n < sizeof(files) / sizeof(*files); n++) {
            if (strncmp(name, files[n].name, strlen(files[n].name)))
                continue;
            found |= 1u << n;
            CHECK(fd > 2 && (fcntl(fd, F_GETFD) & FD_CLOEXEC));
            CHECK((fcntl(fd, F_GET_SEALS) & files[n].seals) == files[n].seals);
            bool writes = (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
            CHECK(!writes || (pwrite(fd, "x", 1, 0) == 1) == files[n].writable);
            CHECK(ftruncate(fd, 1 << 20) == -1 && ftruncate(fd, 0) == -1);
        }
    }
    CHECK(found == 15);
    CHECK(guest(SYS_getpid, NULL, 0, 0) == 2);
}

/* Puts the file into the place of each descriptor whose name begins so; the old one's copy, or -1. */
static int replace(int fd, const char *beginning, int file) {
    if (strncmp(name_of(fd), beginning, strlen(beginning)))
        return -1;
    int old = fcntl(fd, F_DUPFD, MOST);
    REQUIRE(old >= 0 && dup2(file, fd) == fd);
    return old;
}

/* The host closed everything, and has files of its own under these numbers: nothing is mapped from them, or opened beneath them, and
 * they are not closed. */
static void test_replaced(const char *path, const char *directory) {
    static const char *const names[] = {"/memfd:bulkhead-context", "/memfd:bulkhead-gate", "/memfd:bulkhead-image"};
    bh_instance *more;
    bh_address address;
    char page[4096] = {0};
    create(path, directory);
    int file = memfd_create("own", 0), number[FILES], count = 0;
    for (int n = 0; n < 64; n++)
        REQUIRE(write(file, page, sizeof(page)) == sizeof(page));
    for (int n = 0; n < 3; n++) {
        int fd = 0, old = -1;
        while (fd < MOST && (old = replace(fd, names[n], file)) < 0)
            fd++;
        REQUIRE(old >= 0);
        CHECK(bh_instance_create(module, policy, &more) == BH_ERROR_HOST && strstr(bh_last_error()->text, "closefrom"));
        close(fd);
        CHECK(bh_instance_create(module, policy, &more) == BH_ERROR_HOST && strstr(bh_last_error()->text, "closefrom"));
        REQUIRE(dup2(old, fd) == fd && !close(old));
        CHECK(!bh_instance_create(module, policy, &more) && !bh_instance_destroy(more));
    }
    for (int fd = 0; fd < MOST; fd++) {
        if (replace(fd, "/memfd:bulkhead", file) < 0 && replace(fd, directory, file) < 0)
            continue;
        REQUIRE(count < FILES);
        number[count++] = fd;
    }
    CHECK(count == FILES);
    CHECK(bh_share(instance, shared, 4096, BH_READ_ONLY, &address) == BH_ERROR_HOST);
    CHECK(bh_share(instance, shared, 4096, BH_READ_WRITE, &address) == BH_ERROR_HOST);
    CHECK(guest(SYS_open, "/file", O_RDWR | O_CREAT, 0600) == -EIO && guest(SYS_mkdir, "/new", 0700, 0) == -EIO);
    CHECK(!bh_instance_destroy(instance) && !bh_module_destroy(module) && !bh_shared_destroy(shared));
    bh_policy_destroy(policy);
    CHECK(!bh_engine_destroy(engine));
    for (int n = 0; n < count; n++)
        CHECK(fcntl(number[n], F_GETFD) >= 0);
}

/* Something else in the process writes into the gate pages before they are sealed: linked with --wrap=pwrite. */
static bool disturbing;

ssize_t __real_pwrite(int fd, const void *bytes, size_t size, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t size, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t size, off_t offset) {
    ssize_t done = __real_pwrite(fd, bytes, size, offset);
    if (disturbing && size == BH_GATE_SIZE)
        __real_pwrite(fd, "\x90", 1, BH_GATE_SIZE - 1);
    return done;
}

static void test_disturbed(const char *path, const char *directory) {
    disturbing = true;
    CHECK(bh_engine_create(NULL, &engine) == BH_ERROR_HOST && strstr(bh_last_error()->text, "gate pages"));
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(const char *path, const char *directory);
        bool closed; /* without streams */
    } cases[] = {{"streams", test_streams, true}, {"no-numbers", test_no_numbers, true},
                 {"seals", test_seals, false}, {"replaced", test_replaced, false},
                 {"disturbed", test_disturbed, false}};
    char directory[PATH_MAX];
    REQUIRE(argc == 4 && realpath(argv[3], directory));
    for (unsigned n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
        if (strcmp(argv[1], cases[n].name))
            continue;
        int out = fcntl(1, F_DUPFD, 100);
        if (cases[n].closed)
            for (int fd = 0; fd < 3; fd++)
                close(fd);
        cases[n].run(argv[2], directory);
        dup2(out, 1);
        return failures != 0;
    }
    REQUIRE(!"a case of that name");
}
