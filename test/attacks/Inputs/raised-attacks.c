/* raised-attacks MODULE DIRECTORY: system calls for which the kernel sends a signal to the thread that makes them: files beyond RLIMIT_FSIZE,
 * pipes that nobody reads. MODULE is library.S, whose system calls this host makes. Prints what failed; most failures kill it. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../../runtime/Inputs/guest-calls.h"

#define LIMIT 65536
#define BIG (1 << 20)

static const char *directory, *path;

static void limit_files(rlim_t bytes) {
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    REQUIRE(!setrlimit(RLIMIT_FSIZE, &limit));
}

/* The host's handlers and mask are as they were, and nothing is pending. */
static void check_host(void) {
    struct sigaction action;
    sigset_t set;
    CHECK(!sigaction(SIGXFSZ, NULL, &action) && action.sa_handler == SIG_DFL);
    CHECK(!sigaction(SIGPIPE, NULL, &action) && action.sa_handler == SIG_DFL);
    CHECK(!pthread_sigmask(SIG_SETMASK, NULL, &set) && !sigismember(&set, SIGXFSZ) && !sigismember(&set, SIGPIPE));
    CHECK(!sigpending(&set) && !sigismember(&set, SIGXFSZ) && !sigismember(&set, SIGPIPE));
}

static bh_address zeros(bh_instance *instance) {
    bh_address at;
    REQUIRE(!bh_instance_symbol(instance, "zeros", &at));
    return at;
}

/* What the guest does about a signal: 1 ignores it; another address is a handler's. */
static void act_on(bh_instance *instance, int signal, uint64_t handler) {
    const uint64_t action[4] = {handler};
    bh_address at = zeros(instance) + 4096;
    CHECK(!bh_copy_in(instance, at, action, sizeof(action)));
    CHECK(guest_call6(instance, SYS_rt_sigaction, (uint64_t)signal, at, 0, 8, 0, 0) == 0);
}

/* ---- Files beyond RLIMIT_FSIZE ---- */

static bh_instance *with_directory(void) {
    bh_policy *policy;
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_grant_directory(policy, directory, "/", BH_READ_WRITE));
    bh_instance *instance = new_instance(policy);
    bh_policy_destroy(policy);
    return instance;
}

static void test_files(void) {
    bh_instance *instance = with_directory();
    int64_t fd = guest_call(instance, SYS_open, text(instance, "/file"), O_CREAT | O_RDWR, 0600);
    CHECK(fd >= 0);
    uint64_t at = zeros(instance), file = (uint64_t)fd;
    const struct iovec vector[2] = {{(void *)(uintptr_t)at, 8}, {(void *)(uintptr_t)at, 8}};
    CHECK(!bh_copy_in(instance, at + 8192, vector, sizeof(vector)));
    limit_files(LIMIT);
    CHECK(guest_call6(instance, SYS_pwrite64, file, at, 1, BIG, 0, 0) == -EFBIG);
    CHECK(guest_call6(instance, SYS_pwritev, file, at + 8192, 2, BIG, 0, 0) == -EFBIG);
    CHECK(guest_call(instance, SYS_lseek, file, BIG, SEEK_SET) == BIG);
    CHECK(guest_call(instance, SYS_write, file, at, 1) == -EFBIG);
    CHECK(guest_call(instance, SYS_writev, file, at + 8192, 2) == -EFBIG);
    CHECK(guest_call(instance, SYS_ftruncate, file, BIG, 0) == -EFBIG);
    CHECK(guest_call(instance, SYS_truncate, text(instance, "/file"), BIG, 0) == -EFBIG);
    CHECK(guest_call6(instance, SYS_fallocate, file, 0, 0, BIG, 0, 0) == -EFBIG);
    /* What fits is written. */
    CHECK(guest_call6(instance, SYS_pwrite64, file, at, 4096, LIMIT - 1, 0, 0) == 1);
    const int64_t places[2] = {0, BIG};
    CHECK(!bh_copy_in(instance, at + 8192, places, sizeof(places)));
    CHECK(guest_call6(instance, SYS_sendfile, file, file, at + 8192, 1, 0, 0) == -EFBIG);
    CHECK(guest_call6(instance, SYS_copy_file_range, file, at + 8192, file, at + 8200, 1, 0) == -EFBIG);
    check_host();
    /* A handler of the guest is told: this one is nowhere. */
    act_on(instance, SIGXFSZ, bh_instance_base(instance) + 32);
    CHECK(guest_call6(instance, SYS_pwrite64, file, at, 1, BIG, 0, 0) == INT64_MIN && bh_last_error()->error == BH_ERROR_FAULT);
    check_host();
    limit_files(RLIM_INFINITY);
    CHECK(!bh_instance_destroy(instance));
}

/* What the host holds back itself stays pending. */
static void test_pending(void) {
    sigset_t set, old, pending;
    bh_instance *instance = with_directory();
    int64_t fd = guest_call(instance, SYS_open, text(instance, "/file"), O_CREAT | O_RDWR, 0600);
    sigemptyset(&set);
    sigaddset(&set, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &set, &old);
    pthread_kill(pthread_self(), SIGXFSZ);
    limit_files(LIMIT);
    CHECK(guest_call6(instance, SYS_pwrite64, (uint64_t)fd, zeros(instance), 1, BIG, 0, 0) == -EFBIG);
    limit_files(RLIM_INFINITY);
    CHECK(!sigpending(&pending) && sigismember(&pending, SIGXFSZ));
    CHECK(sigtimedwait(&set, NULL, &(struct timespec){0}) == SIGXFSZ);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    check_host();
    CHECK(!bh_instance_destroy(instance));
}

/* What the runtime keeps in files of its own counts as well. */
static void test_own_files(void) {
    bh_engine *other;
    bh_module *again;
    bh_engine_options options = {.struct_size = sizeof(options), .slots = 64};
    limit_files(4096);
    CHECK(bh_engine_create(&options, &other) == BH_ERROR_LIMIT && strstr(bh_last_error()->text, "RLIMIT_FSIZE"));
    CHECK(bh_module_load(engine, path, NULL, &again) == BH_ERROR_LIMIT && strstr(bh_last_error()->text, "RLIMIT_FSIZE"));
    limit_files(RLIM_INFINITY);
    check_host();
}

/* ---- Pipes that nobody reads ---- */

static int channel[2];

static bh_instance *with_stream(int fd) {
    bh_policy *policy;
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_grant_stream(policy, 1, fd));
    bh_instance *instance = new_instance(policy);
    bh_policy_destroy(policy);
    return instance;
}

static void *read_some(void *argument) {
    char bytes[4096];
    CHECK(read(channel[0], bytes, sizeof(bytes)) == sizeof(bytes));
    close(channel[0]);
    return argument;
}

/* The reader goes while the guest writes: part of it is written, and the signal comes all the same. */
static int64_t write_to_leaving_reader(bh_instance *instance) {
    pthread_t thread;
    REQUIRE(!pthread_create(&thread, NULL, read_some, NULL));
    bh_address memory = (bh_address)guest_call6(instance, SYS_mmap, 0, BIG, 3, 0x22, UINT64_MAX, 0);
    int64_t result = guest_call(instance, SYS_write, 1, memory, BIG);
    pthread_join(thread, NULL);
    close(channel[1]);
    return result;
}

static void test_pipes(void) {
    REQUIRE(!pipe(channel));
    bh_instance *instance = with_stream(channel[1]);
    act_on(instance, SIGPIPE, 1);
    int64_t written = write_to_leaving_reader(instance);
    CHECK(written > 0 && written < BIG);
    check_host();
    CHECK(!bh_instance_destroy(instance));
    REQUIRE(!pipe(channel));
    instance = with_stream(channel[1]);
    CHECK(write_to_leaving_reader(instance) == INT64_MIN && bh_last_error()->fault == BH_FAULT_SIGNAL);
    check_host();
    CHECK(!bh_instance_destroy(instance));
}

/* A stream that was no pipe when the instance was made. */
static void test_replaced(void) {
    int stream = open("/dev/null", O_WRONLY | O_CLOEXEC);
    bh_instance *instance = with_stream(stream);
    REQUIRE(!pipe(channel) && dup2(channel[1], stream) == stream);
    close(channel[0]);
    close(channel[1]);
    act_on(instance, SIGPIPE, 1);
    CHECK(guest_call(instance, SYS_write, 1, zeros(instance), 1) == -EPIPE);
    check_host();
    CHECK(!bh_instance_destroy(instance));
    close(stream);
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    path = argv[1];
    directory = argv[2];
    setvbuf(stdout, NULL, _IONBF, 0);
    open_module(path, 4);
    test_files();
    test_pending();
    test_own_files();
    test_pipes();
    test_replaced();
    close_module();
    return failures != 0;
}
