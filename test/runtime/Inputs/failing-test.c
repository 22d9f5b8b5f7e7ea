/* Whatever the kernel or libc refuse the runtime, once and anywhere: failing-test LIBRARY PROGRAM DIRECTORY KIND... LIBRARY is library.S,
 * PROGRAM files.S, DIRECTORY is empty; a KIND is a name in the table.
 *
 * A life of a host is lived again and again: an engine, modules, instances, calls, callbacks, shares, resets, system calls of a guest.
 * Each time another call of one kind fails. Then the host gets an error with a text and the errno of the failure, or the guest that errno;
 * no descriptor, mapping or block is left behind, and the same life without a failure succeeds. Each trial is a process of its own; the
 * life runs on a thread of its own, so that what belongs to threads is made again, too. Failures that nobody needs to hear of are counted:
 * the table says how many there are. */
#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failing.h"
#include "syscalls.h"

/* What the test does itself. */
int __real_open(const char *path, int flags, ...);
ssize_t __real_read(int fd, void *buffer, size_t size);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument);

static const char *library_path, *program_path, *top;

/* What one life met. */
struct outcome {
    bh_error error;        /* of the first step that failed */
    bh_error_detail detail;
    int64_t guest;         /* the first negative result of a system call of the guest */
    int step;
    const char *what;
};

static void note(struct outcome *seen, bh_error error, int line, const char *what) {
    *seen = (struct outcome){.error = error, .detail = *bh_last_error(), .guest = seen->guest, .step = line, .what = what};
}

#define STEP(call)                                                                                                             \
    do {                                                                                                                       \
        bh_error error_ = (call);                                                                                              \
        if (error_) {                                                                                                          \
            note(seen, error_, __LINE__, #call);                                                                               \
            return;                                                                                                            \
        }                                                                                                                      \
    } while (0)

/* ---- The guest's part ---- */

/* False when the guest has ended. */
static bool guest_does(struct outcome *seen, int line, const char *what, int64_t result) {
    if (result == INT64_MIN)
        note(seen, bh_last_error()->error, line, what);
    else if (result < 0 && !seen->guest)
        seen->guest = result, seen->step = line, seen->what = what;
    return result != INT64_MIN;
}

#define DOES(call) DOES_CHECKED(call, true)
#define DOES_CHECKED(call, condition)                                                                                          \
    do {                                                                                                                       \
        result = (call);                                                                                                       \
        CHECK(condition);                                                                                                      \
        if (!guest_does(seen, __LINE__, #call, result))                                                                        \
            return;                                                                                                            \
    } while (0)

static void use_files(struct outcome *seen) {
    const struct timespec times[2] = {{1, 0}, {2, 0}};
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 4};
    int64_t result;
    DOES(SYS(umask, 0));
    DOES(SYS(mkdir, str("/data/sub"), 0777));
    DOES(SYS(open, str("/data/sub/file"), O_RDWR | O_CREAT, 0666));
    DOES(SYS(close, 0));
    DOES(SYS(open, str("/data/sub/file"), O_RDWR | O_TRUNC));
    DOES(SYS(write, 0, str("contents"), 8));
    DOES(SYS(fsync, 0));
    DOES(SYS(fstat, 0, BUFFER));
    DOES(SYS(fchmod, 0, 0600));
    DOES(SYS(fchown, 0, 1000, -1));
    DOES(SYS(ftruncate, 0, 3 << 20));
    DOES(SYS(ftruncate, 0, 4096));
    DOES(SYS(fstatfs, 0, BUFFER));
    DOES(SYS(statfs, str("/data"), BUFFER));
    DOES(SYS(fallocate, 0, 0, 0, 8192));
    DOES(SYS(utimensat, 0, 0, buffer(times, sizeof(times)), 0));
    DOES(SYS(fcntl, 0, F_SETFL, O_APPEND));
    DOES(SYS(fcntl, 0, F_GETFL));
    DOES(SYS(fcntl, 0, F_SETLK, buffer(&lock, sizeof(lock))));
    DOES(SYS(open, str("/data/sub"), O_RDONLY | O_DIRECTORY));
    DOES(SYS(dup, 1));
    DOES(SYS(fcntl, 1, F_DUPFD, 99));
    DOES(SYS(dup2, 1, 100));
    DOES(SYS(openat, 100, str("file"), O_RDONLY));
    DOES(SYS(fchdir, 1));
    DOES(SYS(chdir, str("/data/sub")));
    DOES(SYS(stat, str("file"), BUFFER));
    DOES(SYS(access, str("file"), R_OK));
    DOES(SYS(chmod, str("file"), 0644));
    DOES(SYS(utimensat, -100, str("file"), 0, 0));
    DOES(SYS(truncate, str("file"), 4096));
    DOES(SYS(getrandom, BUFFER, 16, 0));
    DOES(SYS(chdir, str("/data")));
    DOES(SYS(unlink, str("/data/sub/file")));
    DOES(SYS(rmdir, str("/data/sub")));
    DOES(SYS(memfd_create, str("file"), 0));
    DOES(SYS(write, result, zeros, 8));
    DOES(SYS(alarm, 0));
}

/* The guest is not told that something was done which was not, though it would end soon. undone: what says so. */
#define CHANGES(call, undone)                                                                                                  \
    do {                                                                                                                       \
        bool fired_ = fail_refused();                                                                                          \
        DOES_CHECKED(call, fired_ || !fail_refused() || (undone));                                                             \
    } while (0)

static void use_memory(struct outcome *seen) {
    uint64_t anonymous = MAP_PRIVATE | MAP_ANONYMOUS, rw = PROT_READ | PROT_WRITE;
    int64_t result;
    CHANGES(SYS(mmap, 0, 0x4000, rw, anonymous, -1, 0), result < 0);
    uint64_t at = (uint64_t)result;
    if (result > 0) {
        CHANGES(SYS(mprotect, at, 0x1000, PROT_READ), result < 0);
        CHANGES(SYS(madvise, at + 0x2000, 0x1000, MADV_DONTNEED), result < 0);
        CHANGES(SYS(munmap, at, 0x2000), result < 0);
        CHANGES(SYS(mremap, at + 0x2000, 0x2000, 0x100000, MREMAP_MAYMOVE), result < 0);
        if (result > 0) { /* where it was there is something again */
            CHANGES(SYS(mmap, result + 0x100000, 0x1000, PROT_READ, anonymous | MAP_FIXED, -1, 0), result < 0);
            CHANGES(SYS(mremap, result - 0x100000, 0x100000, 0x101000, MREMAP_MAYMOVE), result < 0);
        }
    }
    DOES(SYS(brk, 0));
    at = (uint64_t)result;
    CHANGES(SYS(brk, at + 0x4000), result < 0 || (uint64_t)result == at);
    if ((uint64_t)result == at)
        seen->guest = seen->guest ? seen->guest : -1; /* brk has no error: the old end says it */
    CHANGES(SYS(brk, at), (uint64_t)result != at);
    DOES(SYS(open, str("/data/mapped"), O_RDWR));
    int64_t fd = result;
    if (fd >= 0) {
        CHANGES(SYS(mmap, 0, 4096, PROT_READ, MAP_PRIVATE, fd, 0), result < 0);
        CHANGES(SYS(mmap, 0, 4096, rw, MAP_SHARED, fd, 0), result < 0);
        DOES(SYS(close, fd));
    }
}

/* ---- The host's part ---- */

static int add(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    (void)context, (void)instance;
    result->as.i = arguments[0].as.i + 1;
    return 0;
}

static void *shared;

static void use_instance(struct outcome *seen, int file) {
    bh_value result;
    bh_address at;
    void *memory = NULL;
    const void *view;
    STEP(bh_instance_set_deadline(guest, 10000000000));
    STEP(invoke(guest, "add", "i(ii)", &result, 2, 3));
    STEP(bh_callback_create(guest, "i(i)", add, NULL, &at));
    STEP(bh_callback_destroy(guest, at));
    STEP(bh_allocate_string(guest, "text", &at));
    STEP(bh_view_open(guest, at, 4, 1, 4, &view));
    bh_view_close(view);
    STEP(bh_free(guest, at));
    STEP(bh_allocate(guest, 100, &at)); /* is there when the instance goes */
    STEP(bh_share_fd(guest, file, 0, 4096, BH_READ_ONLY, &at));
    STEP(bh_unshare(guest, at));
    bh_error error = bh_shared_create(8192, &memory);
    if (!error)
        error = bh_share(guest, memory, 4096, BH_READ_WRITE, &at);
    if (!error)
        error = bh_unshare(guest, at);
    bh_error_detail detail = *bh_last_error();
    if (!bh_shared_destroy(memory))
        memory = NULL;
    shared = memory; /* still shared when it could not be unshared */
    CHECK(error || !shared);
    if (error) {
        *seen = (struct outcome){.error = error, .detail = detail, .step = __LINE__, .what = "a shared buffer"};
        return;
    }
    use_files(seen);
    if (!seen->error)
        use_memory(seen);
}

static void use_module(struct outcome *seen, int file, const bh_policy *policy, bool again) {
    STEP(bh_instance_create(module, policy, &guest));
    STEP(bh_instance_symbol(guest, "zeros", &zeros));
    use_instance(seen, file);
    if (seen->error)
        return;
    STEP(bh_instance_reset(guest));
    bh_value result;
    STEP(invoke(guest, "add", "i(ii)", &result, 2, 3));
    CHECK(result.as.i == 5);
    if (again)
        return;
    /* From the parked slot. */
    STEP(bh_instance_destroy(guest));
    guest = NULL;
    STEP(bh_instance_create(module, policy, &guest));
    STEP(invoke(guest, "add", "i(ii)", &result, 3, 3));
    CHECK(result.as.i == 6);
}

static void run_program(struct outcome *seen, bh_module **program, bh_instance **running) {
    const char *argv[] = {"program", "/nothing"};
    int status = 0;
    STEP(bh_module_load(engine, program_path, NULL, program));
    STEP(bh_instance_create(*program, NULL, running));
    STEP(bh_instance_run(*running, 2, argv, &status));
    CHECK(status == ENOENT);
}

static void make_policy(struct outcome *seen, bh_policy **policy) {
    char path[4096];
    STEP(bh_policy_create(policy));
    snprintf(path, sizeof(path), "%s/data", top);
    STEP(bh_policy_grant_directory(*policy, path, "/data", BH_READ_WRITE));
    STEP(bh_policy_add_environment(*policy, "NAME=value"));
    STEP(bh_policy_grant(*policy, BH_GRANT_CLOCK | BH_GRANT_RANDOM));
    bh_policy *loaded;
    snprintf(path, sizeof(path), "%s/policy", top);
    STEP(bh_policy_load(path, &loaded));
    bh_policy_destroy(loaded);
}

static void load_modules(struct outcome *seen) {
    bh_engine_options options = {.struct_size = sizeof(options), .slots = 4};
    static uint8_t bytes[1 << 20];
    STEP(bh_engine_create(&options, &engine));
    STEP(bh_module_load(engine, library_path, NULL, &module));
    int fd = __real_open(library_path, O_RDONLY);
    size_t size = (size_t)__real_read(fd, bytes, sizeof(bytes));
    close(fd);
    bh_module *copy;
    STEP(bh_module_load_memory(engine, bytes, size, "copy", NULL, &copy));
    STEP(bh_module_destroy(copy));
}

/* The whole life. What was made is taken down whatever happened, and that succeeds. */
static void *live(void *argument) {
    struct outcome *seen = argument;
    bh_policy *policy = NULL;
    bh_module *program = NULL;
    bh_instance *running = NULL;
    char path[4096];
    snprintf(path, sizeof(path), "%s/data/mapped", top);
    int file = __real_open(path, O_RDWR | O_CLOEXEC);
    engine = NULL;
    module = NULL;
    guest = NULL;
    shared = NULL;
    make_policy(seen, &policy);
    if (!seen->error)
        load_modules(seen);
    if (!seen->error)
        use_module(seen, file, policy, false);
    if (!seen->error)
        run_program(seen, &program, &running);
    CHECK(!bh_instance_destroy(running) && !bh_module_destroy(program));
    CHECK(!bh_instance_destroy(guest) && !bh_module_destroy(module) && !bh_engine_destroy(engine));
    CHECK(!bh_shared_destroy(shared));
    bh_policy_destroy(policy);
    close(file);
    /* A guest that was refused something may have left these. */
    snprintf(path, sizeof(path), "%s/data/sub/file", top);
    unlink(path);
    snprintf(path, sizeof(path), "%s/data/sub", top);
    rmdir(path);
    return NULL;
}

static struct outcome life(void) {
    struct outcome seen = {0};
    pthread_t thread;
    REQUIRE(!__real_pthread_create(&thread, NULL, live, &seen));
    pthread_join(thread, NULL);
    return seen;
}

/* ---- Trials ---- */

struct trial {
    const char *name;
    enum wrapped what;
    int error;
    int silent; /* how many failures make no difference that anybody sees */
};
enum { SOME = -1, ALL = -2 };
static const struct trial trials[] = {
    /* In each life: address space for slots and for an alternate stack is looked for elsewhere, and the slots of two parked instances are
     * not unmapped, so that nobody gets them any more. */
    {"mmap", MMAP, ENODEV, 8},
    {"mprotect", MPROTECT, ENODEV, 0},
    {"madvise", MADVISE, ENODEV, SOME}, /* a slot is unmapped instead of parked; the guest hears of its own */
    {"memfd_create", MEMFD, EMFILE, 0},
    {"ftruncate", FTRUNCATE, EDQUOT, 0},
    {"fcntl", FCNTL, EDQUOT, 0},
    {"open", OPEN, ENFILE, 4}, /* what the kernel tells of pages, and the limit of mappings: resets and limits do without */
    {"fstat", FSTAT, EOVERFLOW, SOME}, /* closing, whether a file has a size, and whether a stream is a pipe */
    {"fstatfs", FSTATFS, EOVERFLOW, 0},
    {"read", READ, EIO, 2}, /* the limit of mappings */
    {"read, interrupted", READ, EINTR, ALL},
    {"pread", PREAD, EIO, 6}, /* which pages start code writes */
    {"pread, interrupted", PREAD, EINTR, ALL},
    {"pwrite", PWRITE, EDQUOT, 0},
    {"pwrite, interrupted", PWRITE, EINTR, ALL},
    {"malloc", MALLOC, ENOMEM, 6}, /* a slot is unmapped instead of parked */
    {"calloc", CALLOC, ENOMEM, 6}, /* which pages start code writes, and the first record of an error */
    {"realloc", REALLOC, ENOMEM, 0},
    {"strdup", STRDUP, ENOMEM, 0},
    {"timer_create", TIMER_CREATE, EAGAIN, 0},
    {"timer_settime", TIMER_SETTIME, EOVERFLOW, SOME}, /* setting it back */
    {"sigaltstack", SIGALTSTACK, EPERM, 4}, /* of a thread that ends */
    {"personality", PERSONALITY, EPERM, ALL}, /* a file tells it, too */
    {"getrandom", GETRANDOM, ENOSYS, 0},
    {"sysconf", SYSCONF, EINVAL, 0},
    {"pthread_setspecific", SETSPECIFIC, ENOMEM, 2}, /* the record of an error */
    {"pthread_key_create", KEY_CREATE, EAGAIN, 1}, /* the same; once in a process */
    {"faccessat", FACCESSAT, EROFS, 0},
    {"chmod", CHMOD, EDQUOT, 0},
    {"fchmod", FCHMOD, EDQUOT, 0},
    {"futimens", FUTIMENS, EDQUOT, 0},
    {"utimensat", UTIMENSAT, EDQUOT, 0},
    {"sync_file_range", SYNC_FILE_RANGE, EDQUOT, 0},
    {"sync_file_range, missing", SYNC_FILE_RANGE, ENOSYS, ALL}, /* fsync does it all */
    {"fsync", FSYNC, EDQUOT, 0},
    {"fallocate", FALLOCATE, EDQUOT, 0},
    {"unlinkat", UNLINKAT, EBUSY, 0},
    {"mkdirat", MKDIRAT, EDQUOT, 0},
};

struct resources {
    unsigned descriptors, mappings;
    long blocks;
};

static struct resources count(void) {
    struct resources now = {.blocks = fail_live_blocks()};
    DIR *directory = opendir("/proc/self/fd");
    while (directory && readdir(directory))
        now.descriptors++;
    closedir(directory);
    FILE *maps = fopen("/proc/self/maps", "re");
    for (int c; maps && (c = getc(maps)) != EOF;)
        now.mappings += c == '\n';
    fclose(maps);
    return now;
}

static void check_error(const struct trial *trial, const struct outcome *seen) {
    if (seen->error) {
        CHECK(seen->detail.error == seen->error && seen->detail.text[0]);
        CHECK(!seen->detail.system_errno || seen->detail.system_errno == trial->error);
        CHECK(trial->error != ENOMEM || seen->error == BH_ERROR_MEMORY);
        CHECK(trial->error != EINTR);
    } else if (seen->guest < 0 && seen->guest != -1) {
        /* What cannot be looked at is not opened. */
        CHECK(-seen->guest == trial->error || (trial->what == FSTAT && (seen->guest == -EIO || seen->guest == -EACCES)));
    }
}

enum { HEARD, SILENT, OVER, WRONG };

/* One trial, in a process of its own: its exit status says how it went. */
static int attempt(const struct trial *trial, unsigned nth, bool warm) {
    alarm(60);
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    for (int n = 0; n < 2 && warm; n++) {
        struct outcome good = life();
        CHECK(!good.error && !good.guest);
    }
    struct resources before = count();
    fail_arm(trial->what, nth, trial->error);
    struct outcome seen = life();
    if (!fail_disarm())
        return failures ? WRONG : OVER;
    if (warm) {
        struct resources after = count();
        /* A descriptor that cannot be looked at may be somebody else's by now, and stays open. */
        bool kept = trial->what == FSTAT && !seen.error && !seen.guest;
        CHECK(after.descriptors == before.descriptors + kept || after.descriptors == before.descriptors);
        CHECK(after.blocks == before.blocks && after.mappings == before.mappings);
        if (failures)
            printf("descriptors %u, %u; blocks %ld, %ld; mappings %u, %u\n", before.descriptors, after.descriptors, before.blocks,
                   after.blocks, before.mappings, after.mappings);
    }
    check_error(trial, &seen);
    struct outcome good = life();
    if (trial->what != KEY_CREATE) /* that is tried once in a process */
        CHECK(!good.error && !good.guest);
    if (failures || getenv("VERBOSE"))
        printf("%s %u (%s): line %d, %s: error %d, '%s', errno %d, guest's result %lld\n", trial->name, nth, warm ? "again" : "first life",
               seen.step, seen.what ? seen.what : "nothing", seen.error, seen.detail.text, seen.detail.system_errno, (long long)seen.guest);
    return failures ? WRONG : seen.error || seen.guest ? HEARD : SILENT;
}

static int run(const struct trial *trial, unsigned nth, bool warm) {
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        failures = 0;
        status = attempt(trial, nth, warm);
        fflush(stdout);
        _exit(status);
    }
    waitpid(child, &status, 0);
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    printf("%s %u: signal %d ends the host\n", trial->name, nth, WTERMSIG(status));
    return WRONG;
}

static void try(const struct trial *trial) {
    unsigned calls = 0, silent = 0;
    int before = failures;
    for (int warm = 0; warm < 2 && failures < before + 3; warm++) {
        for (unsigned nth = 1; failures < before + 3; nth++) {
            int result = run(trial, nth, warm);
            if (result == OVER)
                break;
            calls++;
            silent += result == SILENT;
            failures += result == WRONG;
        }
    }
    bool right = trial->silent == ALL ? silent == calls : trial->silent == SOME ? silent && silent < calls : (int)silent == trial->silent;
    if (!right || !calls) {
        printf("%s: %u failures of %u are not heard of\n", trial->name, silent, calls);
        failures++;
    }
}

static void write_file(const char *name, const char *content, size_t size) {
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", top, name);
    int fd = __real_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    REQUIRE(fd >= 0 && write(fd, content, size) == (ssize_t)size && !close(fd));
}

int main(int argc, char **argv) {
    char path[4096];
    static const char page[8192], policy[] = "bulkhead-policy 1\nclock\nenvironment A=B\nstream stdout\n";
    if (argc < 4)
        return 2;
    umask(022); /* not the guest's, so that the mode of what it makes is set afterwards */
    library_path = argv[1];
    program_path = argv[2];
    top = argv[3];
    snprintf(path, sizeof(path), "%s/data", top);
    mkdir(path, 0777);
    write_file("data/mapped", page, sizeof(page));
    write_file("policy", policy, sizeof(policy) - 1);
    for (int word = 4; word < argc && !failures; word++) {
        bool known = false;
        for (size_t n = 0; n < sizeof(trials) / sizeof(*trials) && !failures; n++) {
            if (strcmp(argv[word], trials[n].name))
                continue;
            known = true;
            try(&trials[n]);
        }
        REQUIRE(known);
    }
    return failures != 0;
}
