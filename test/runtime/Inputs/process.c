/* process CASE MODULE: hosts in processes that are not as others. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "check.h"

static bh_engine *engine;
static bh_module *module;
static bh_instance *instance, *other;
static bh_function add, forever;
static volatile sig_atomic_t signals;
static volatile bh_error in_handler;

static void create(const char *path) {
    REQUIRE(!bh_engine_create(NULL, &engine) && !bh_module_load(engine, path, NULL, &module));
    REQUIRE(!bh_instance_create(module, NULL, &instance) && !bh_instance_create(module, NULL, &other));
    REQUIRE(!bh_instance_function(other, "add", "i(ii)", &add) && !bh_instance_function(instance, "loop_forever", "v()", &forever));
}

static void adds(void) {
    bh_value sum;
    CHECK(!bh_invoke(other, &add, &sum, 2, 3) && sum.as.i == 5);
}

static void on_signal(int signal) {
    bh_value sum;
    in_handler = bh_invoke(other, &add, &sum, 2, 3);
    signals++;
}

/* A signal handler runs no guests, whether it interrupts the host or a guest, which goes on where it was. */
static void *handle(void *unused) {
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
    adds();
    sigaction(SIGALRM, &action, NULL);
    raise(SIGALRM);
    CHECK(signals == 1 && in_handler == BH_ERROR_HOST && strstr(bh_last_error()->text, "signal handler"));
    CHECK(!bh_instance_set_deadline(instance, 300000000));
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value.tv_usec = 50000}, NULL);
    in_handler = BH_OK;
    CHECK(bh_invoke(instance, &forever, NULL) == BH_ERROR_DEADLINE);
    CHECK(signals == 2 && in_handler == BH_ERROR_HOST);
    adds();
    return NULL;
}

static void test_handler(const char *path) {
    create(path);
    handle(NULL);
}

/* On a thread that got its alternate stack by its first call. */
static void test_thread(const char *path) {
    pthread_t thread;
    sigset_t alarm;
    create(path);
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    REQUIRE(!pthread_create(&thread, NULL, handle, NULL) && !pthread_sigmask(SIG_BLOCK, &alarm, NULL));
    pthread_join(thread, NULL);
}

/* The same on an alternate stack of the host's. */
static void test_own_stack(const char *path) {
    const size_t size = 1 << 18;
    void *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(stack != MAP_FAILED && !sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = size}, NULL));
    test_handler(path);
}

/* Nothing becomes executable that was not when it was mapped: what prctl(PR_SET_MDWE) asks for, and systemd by a filter. */
static void test_mdwe(const char *path) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof(filter) / sizeof(*filter), .filter = filter};
    REQUIRE(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
    create(path);
    adds();
    CHECK(!bh_instance_reset(other));
    adds();
}

static void test_kernels_mdwe(const char *path) {
    if (prctl(65 /* PR_SET_MDWE */, 1l /* PR_MDWE_REFUSE_EXEC_GAIN */, 0l, 0l, 0l)) {
        CHECK(errno == EINVAL); /* before Linux 6.3 */
        return;
    }
    create(path);
    adds();
}

static void test_sigpending(const char *path) {
    create(path);
    REQUIRE(!setrlimit(RLIMIT_SIGPENDING, &(struct rlimit){0, 0}));
    adds();
    CHECK(!bh_instance_set_deadline(instance, 50000000));
    CHECK(bh_invoke(instance, &forever, NULL) == BH_ERROR_LIMIT && strstr(bh_last_error()->text, "RLIMIT_SIGPENDING"));
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(const char *path);
    } cases[] = {{"handler", test_handler}, {"thread", test_thread}, {"own-stack", test_own_stack},
                 {"mdwe", test_mdwe}, {"kernels-mdwe", test_kernels_mdwe}, {"sigpending", test_sigpending}};
    REQUIRE(argc == 3);
    for (unsigned n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
        if (!strcmp(argv[1], cases[n].name)) {
            cases[n].run(argv[2]);
            return failures != 0;
        }
    }
    REQUIRE(!"a case of that name");
}
