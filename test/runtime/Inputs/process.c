/* process CASE MODULE: hosts in processes that are not as others. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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

/* Engines with signals of their own: a thread that was made fit for one is made fit for the other, too. */
static void *use_both(void *path) {
    const bh_engine_options options = {.struct_size = sizeof(options), .deadline_signal = SIGRTMAX - 5};
    bh_engine *second;
    bh_module *copy;
    bh_function loop;
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    create(path);
    adds();
    CHECK(!bh_instance_set_deadline(instance, 20000000) && bh_invoke(instance, &forever, NULL) == BH_ERROR_DEADLINE);
    REQUIRE(!bh_engine_create(&options, &second) && !bh_module_load(second, path, NULL, &copy));
    CHECK(!bh_instance_destroy(instance) && !bh_instance_create(copy, NULL, &instance));
    REQUIRE(!bh_instance_function(instance, "loop_forever", "v()", &loop));
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    bh_instance *fresh;
    CHECK(!bh_instance_create(module, NULL, &fresh)); /* the first one's signal is unblocked again */
    CHECK(!bh_instance_destroy(fresh) && !bh_instance_destroy(other) && !bh_module_destroy(module) && !bh_engine_destroy(engine));
    signal(SIGRTMAX - 2, SIG_IGN); /* which the first one had */
    CHECK(!bh_instance_set_deadline(instance, 20000000) && bh_invoke(instance, &loop, NULL) == BH_ERROR_DEADLINE);
    return NULL;
}

static void test_engines(const char *path) {
    pthread_t thread;
    REQUIRE(!pthread_create(&thread, NULL, use_both, (void *)path) && !pthread_join(thread, NULL));
}

/* Deadlines leave a signal alone that has a handler, unless they were told to take it. */
static void test_taken(const char *path) {
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
    sigaction(SIGRTMAX - 2, &action, NULL);
    create(path);
    CHECK(!bh_instance_set_deadline(instance, 20000000) && bh_invoke(instance, &forever, NULL) == BH_ERROR_DEADLINE);
    CHECK(!signals);
    raise(SIGRTMAX - 2);
    CHECK(signals == 1);
    const bh_engine_options options = {.struct_size = sizeof(options), .deadline_signal = SIGRTMAX - 2};
    CHECK(bh_engine_create(&options, &(bh_engine *){NULL}) == BH_ERROR_SIGNALS);
}

/* A handler that interrupts a guest sees its errno unchanged by the deadline's signal, also when that cannot be sent again. */
static volatile sig_atomic_t seen_errno;

static void watch_errno(int signal) {
    struct timespec from, now;
    clock_gettime(CLOCK_MONOTONIC, &from);
    errno = ENOTTY;
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - from.tv_sec) * 1000000000 + now.tv_nsec - from.tv_nsec < 60000000);
    seen_errno = errno;
}

static void test_errno(const char *path) {
    const struct sigaction action = {.sa_handler = watch_errno, .sa_flags = SA_ONSTACK};
    create(path);
    sigaction(SIGALRM, &action, NULL);
    CHECK(!bh_instance_set_deadline(instance, 30000000) && bh_invoke(instance, &forever, NULL) == BH_ERROR_DEADLINE); /* has a timer */
    CHECK(!bh_instance_reset(instance));
    REQUIRE(!setrlimit(RLIMIT_SIGPENDING, &(struct rlimit){0, 0}));
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value.tv_usec = 10000}, NULL);
    CHECK(bh_invoke(instance, &forever, NULL) == BH_ERROR_DEADLINE);
    CHECK(seen_errno == ENOTTY);
}

/* A breakpoint of the host's ends the process where nobody handles it, as without an engine. */
static void test_breakpoint(const char *path) {
    int status;
    create(path);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (!child) {
        __asm__ volatile("int3");
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGTRAP);
}

/* The host's handler is not forgotten when a second one, which passes everything on to what it replaced, is found in front. */
static sigjmp_buf out;
static struct sigaction replaced;

static void first_handler(int signal) {
    signals++;
    siglongjmp(out, 1);
}

static void second_handler(int signal, siginfo_t *info, void *context) {
    signals += 100;
    replaced.sa_sigaction(signal, info, context);
}

static void fault_in_host(void) {
    if (!sigsetjmp(out, 1))
        __asm__ volatile("movl $0, (%0)" : : "r"(8l) : "memory");
}

static void test_passed_on(const char *path) {
    const struct sigaction first = {.sa_handler = first_handler, .sa_flags = SA_ONSTACK};
    const struct sigaction second = {.sa_sigaction = second_handler, .sa_flags = SA_ONSTACK | SA_SIGINFO};
    sigaction(SIGSEGV, &first, NULL);
    create(path);
    sigaction(SIGSEGV, &second, &replaced);
    for (int round = 1; round <= 3; round++) {
        CHECK(!bh_engine_check_signals(engine));
        signals = 0;
        fault_in_host();
        CHECK(signals == 101);
    }
    adds();
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(const char *path);
    } cases[] = {{"handler", test_handler}, {"thread", test_thread}, {"own-stack", test_own_stack},
                 {"mdwe", test_mdwe}, {"kernels-mdwe", test_kernels_mdwe}, {"sigpending", test_sigpending},
                 {"engines", test_engines}, {"taken", test_taken}, {"errno", test_errno}, {"breakpoint", test_breakpoint},
                 {"passed-on", test_passed_on}};
    REQUIRE(argc == 3);
    for (unsigned n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
        if (!strcmp(argv[1], cases[n].name)) {
            cases[n].run(argv[2]);
            return failures != 0;
        }
    }
    REQUIRE(!"a case of that name");
}
