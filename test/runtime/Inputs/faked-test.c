/* faked-test MODULE DIRECTORY: under a seccomp filter that answers one call without making it, the host gets an error, and nothing is done to
 * what it did not make: its standard input is a file that would be written, cut or closed. Prints what failed. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest-calls.h"

static const char contents[] = "the host's own";
static const char *module_path, *directory;
static struct stat input;

/* Answers such calls, those with a bit of mask in an argument alone, with error; 0: as if they had succeeded. */
static void answer(long number, unsigned argument, unsigned mask, unsigned error) {
    struct sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                                 BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 3),
                                 BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + 8 * argument),
                                 BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, mask, 0, 1),
                                 BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {sizeof(code) / sizeof(*code), code};
    REQUIRE(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

static void check_input(const char *name) {
    struct stat now;
    char text[sizeof(contents)] = "";
    if (fstat(0, &now) || now.st_ino != input.st_ino || now.st_size != input.st_size ||
        pread(0, text, sizeof(text), 0) != sizeof(text) || memcmp(text, contents, sizeof(text))) {
        printf("%s: standard input is not what it was\n", name);
        failures++;
    }
}

/* What is made first, while nothing is faked. */
enum { NOTHING, ENGINE, MODULE, INSTANCE, GRANT };
#define ANY 0xffffffffu

static const struct {
    const char *name;
    long number;
    unsigned argument, mask;
    int made;
} calls[] = {
    /* memfd_create's flags are never 0. */
    {"memfd_create", SYS_memfd_create, 1, ANY, NOTHING},
    {"memfd_create, later", SYS_memfd_create, 1, ANY, ENGINE},
    {"memfd_create for a share", SYS_memfd_create, 1, ANY, INSTANCE},
    {"ftruncate", SYS_ftruncate, 1, ANY, NOTHING},
    {"ftruncate, later", SYS_ftruncate, 1, ANY, ENGINE},
    {"ftruncate for a share", SYS_ftruncate, 1, ANY, INSTANCE},
    {"F_ADD_SEALS", SYS_fcntl, 1, 0x400, NOTHING},
    {"F_ADD_SEALS, later", SYS_fcntl, 1, 0x400, ENGINE},
    {"F_ADD_SEALS for a share", SYS_fcntl, 1, 0x400, INSTANCE},
    {"mmap", SYS_mmap, 1, ANY, NOTHING},
    {"shared mmap", SYS_mmap, 3, MAP_SHARED, NOTHING},
    {"shared mmap, later", SYS_mmap, 3, MAP_SHARED, ENGINE},
    {"shared mmap for a share", SYS_mmap, 3, MAP_SHARED, INSTANCE},
    {"mmap into the slot", SYS_mmap, 3, MAP_FIXED, MODULE},
    {"openat2", SYS_openat2, 3, ANY, NOTHING},
    {"openat2, later", SYS_openat2, 3, ANY, GRANT},
};

/* True when everything succeeded. */
static bool use(int made, size_t which) {
    bh_policy *policy;
    bh_instance *instance;
    void *memory;
    bh_error error = BH_OK;
    REQUIRE(!bh_policy_create(&policy));
    if (made == NOTHING)
        answer(calls[which].number, calls[which].argument, calls[which].mask, 0);
    if (bh_policy_grant_directory(policy, directory, "/data", BH_READ_WRITE)) {
        CHECK(calls[which].number == SYS_openat2);
        return false;
    }
    error = bh_engine_create(&(bh_engine_options){.struct_size = sizeof(bh_engine_options), .slots = 2}, &engine);
    if (made == ENGINE && !error)
        answer(calls[which].number, calls[which].argument, calls[which].mask, 0);
    error = error ? error : bh_module_load(engine, module_path, NULL, &module);
    if (made == MODULE && !error)
        answer(calls[which].number, calls[which].argument, calls[which].mask, 0);
    error = error ? error : bh_instance_create(module, policy, &instance);
    if (error)
        return false;
    if (made == GRANT) {
        bh_address path = text(instance, "/data/file");
        answer(calls[which].number, calls[which].argument, calls[which].mask, 0);
        CHECK(guest_call(instance, SYS_open, path, O_RDWR, 0) < 0);
        CHECK(guest_call(instance, SYS_open, path, O_RDWR | O_CREAT | O_TRUNC, 0600) < 0);
        return false;
    }
    if (made == INSTANCE)
        answer(calls[which].number, calls[which].argument, calls[which].mask, 0);
    return !bh_shared_create(4096, &memory);
}

/* Without /proc, as it looks to the runtime, memory is shared for reading and writing, and an error says what the other takes. */
static void without_proc(void) {
    bh_instance *instance;
    bh_address guest;
    void *memory;
    open_module(module_path, 2);
    REQUIRE(!bh_instance_create(module, NULL, &instance));
    int fd = memfd_create("shared", MFD_CLOEXEC);
    REQUIRE(fd >= 0 && !ftruncate(fd, 4096));
    answer(SYS_openat, 0, ANY, ENOENT);
    CHECK(!bh_shared_create(4096, &memory) && !bh_share(instance, memory, 4096, BH_READ_WRITE, &guest) && !bh_unshare(instance, guest));
    CHECK(bh_share(instance, memory, 4096, BH_READ_ONLY, &guest) == BH_ERROR_SYSTEM && strstr(bh_last_error()->text, "mount /proc"));
    CHECK(bh_share_fd(instance, fd, 0, 4096, BH_READ_ONLY, &guest) == BH_ERROR_SYSTEM && strstr(bh_last_error()->text, "mount /proc"));
    CHECK(!bh_share_fd(instance, fd, 0, 4096, BH_READ_WRITE, &guest) && !bh_unshare(instance, guest));
    CHECK(!bh_shared_destroy(memory) && !bh_instance_destroy(instance));
    close_module();
}

int main(int argc, char **argv) {
    char name[4096];
    if (argc != 3)
        return 2;
    module_path = argv[1];
    directory = argv[2];
    snprintf(name, sizeof(name), "%s/file", directory);
    close(0);
    REQUIRE(open(name, O_RDWR | O_CREAT | O_TRUNC, 0600) == 0 && write(0, contents, sizeof(contents)) == sizeof(contents) && !fstat(0, &input));
    for (size_t n = 0; n <= sizeof(calls) / sizeof(*calls); n++) {
        int status;
        const char *which = n < sizeof(calls) / sizeof(*calls) ? calls[n].name : "no /proc";
        fflush(stdout);
        pid_t child = fork();
        if (!child) {
            failures = 0;
            if (n == sizeof(calls) / sizeof(*calls))
                without_proc();
            else
                CHECK(!use(calls[n].made, n));
            fflush(stdout);
            _exit(failures != 0);
        }
        REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
        if (status) {
            printf("%s: status 0x%x\n", which, status);
            failures++;
        }
        check_input(which);
    }
    return failures != 0;
}
