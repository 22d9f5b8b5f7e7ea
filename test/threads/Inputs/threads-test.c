/* The host side: threads-test CASE MODULE. Prints what failed; exit status 0 when nothing did. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../runtime/Inputs/check.h"
#include "../../runtime/Inputs/entries.h"

#define PROMPTLY 1.0 /* seconds; a machine that is busy otherwise is slow, and one that hangs never ends */

static const char *path;
static bh_engine *engine;
static bh_module *module;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static bh_instance *new_instance(unsigned threads) {
    bh_instance *instance;
    bh_policy *policy;
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_set_thread_limit(policy, threads) && !bh_policy_grant(policy, BH_GRANT_CLOCK));
    REQUIRE(!bh_instance_create(module, policy, &instance));
    bh_policy_destroy(policy);
    return instance;
}

static bh_error call(bh_instance *instance, const char *name, const char *signature, bh_value *result, uint64_t a, uint64_t b,
                     uint64_t c, uint64_t d, uint64_t e) {
    bh_function function;
    bh_error error = bh_instance_function(instance, name, signature, &function);
    return error ? error : bh_invoke(instance, &function, result, a, b, c, d, e);
}
#define CALL(instance, name, signature, result, ...) call(instance, name, signature, result, __VA_ARGS__)

static int threads_of_process(void) {
    return entries_of("/proc/self/task") - 2;
}

static int open_descriptors(void) {
    return entries_of("/proc/self/fd") - 3;
}

/* ---- several threads of the host in one instance ---- */

static bh_instance *shared;
static pthread_barrier_t barrier;

static void *caller(void *argument) {
    bh_value result = {0};
    long rounds = (long)argument, identity = 0;
    for (long n = 1; n <= rounds; n++) {
        pthread_barrier_wait(&barrier);
        CHECK(!CALL(shared, "work", "l(l)", &result, 50, 0, 0, 0, 0));
        /* Its own thread-local variable, which only it counts up. */
        CHECK(result.as.l == 1000 + 50 * n);
        CHECK(!CALL(shared, "identity", "l()", &result, 0, 0, 0, 0, 0));
        CHECK(!identity || identity == result.as.l);
        identity = result.as.l;
    }
    return (void *)identity;
}

static void test_callers(void) {
    enum { CALLERS = 6, ROUNDS = 40 };
    pthread_t thread[CALLERS];
    void *identity[CALLERS];
    bh_value result;
    int before = threads_of_process();
    shared = new_instance(0);
    pthread_barrier_init(&barrier, NULL, CALLERS);
    for (int n = 0; n < CALLERS; n++)
        pthread_create(&thread[n], NULL, caller, (void *)(long)ROUNDS);
    for (int n = 0; n < CALLERS; n++)
        pthread_join(thread[n], &identity[n]);
    for (int n = 0; n < CALLERS; n++)
        for (int m = 0; m < n; m++)
            CHECK(identity[n] != identity[m]);
    CHECK(!CALL(shared, "get_total", "l()", &result, 0, 0, 0, 0, 0) && result.as.l == CALLERS * ROUNDS * 50);
    pthread_barrier_destroy(&barrier);
    CHECK(!bh_instance_destroy(shared));
    CHECK(threads_of_process() == before);
}

static void *one_call(void *argument) {
    bh_value result;
    CHECK(!CALL(shared, "identity", "l()", &result, 0, 0, 0, 0, 0));
    return (void *)result.as.l;
}

/* Guest threads of host threads that are gone are used again: their stacks do not pile up. */
static void test_reuse(void) {
    pthread_t thread;
    void *first, *next;
    bh_usage before, after;
    shared = new_instance(0);
    pthread_create(&thread, NULL, one_call, NULL);
    pthread_join(thread, &first);
    bh_instance_get_usage(shared, &before);
    for (int n = 0; n < 200; n++) {
        pthread_create(&thread, NULL, one_call, NULL);
        pthread_join(thread, &next);
        CHECK(next == first);
    }
    bh_instance_get_usage(shared, &after);
    CHECK(after.mappings == before.mappings && after.mapped == before.mapped);
    CHECK(!bh_instance_destroy(shared));
}

/* ---- threads that outlive their call ---- */

static void test_background(void) {
    bh_value result;
    bh_address ticks;
    int before = threads_of_process();
    bh_instance *instance = new_instance(8);
    CHECK(!CALL(instance, "start", "i(i)", &result, 8, 0, 0, 0, 0) && result.as.i == 8);
    REQUIRE(!bh_instance_symbol(instance, "ticks", &ticks));
    long first = 0, later = 0;
    CHECK(!bh_copy_out(instance, &first, ticks, sizeof(first)));
    double until = now() + 20;
    while (!bh_copy_out(instance, &later, ticks, sizeof(later)) && later == first && now() < until)
        sched_yield();
    CHECK(later != first);
    /* The limit holds for all of them together; calls go on beside them. */
    CHECK(!CALL(instance, "start", "i(i)", &result, 1, 0, 0, 0, 0) && result.as.i == 0);
    CHECK(!CALL(instance, "work", "l(l)", &result, 100, 0, 0, 0, 0) && result.as.l == 1100);
    CHECK(threads_of_process() == before + 8);
    double begin = now();
    CHECK(!bh_instance_destroy(instance));
    CHECK(now() - begin < PROMPTLY);
    CHECK(threads_of_process() == before);
    /* The same many times: a leak of mappings, of threads or of the slot would show. */
    size_t mappings = bh_engine_mappings(engine);
    for (int n = 0; n < 40; n++) {
        instance = new_instance(4);
        CHECK(!CALL(instance, "start", "i(i)", &result, 4, 0, 0, 0, 0) && result.as.i == 4);
        CHECK(!bh_instance_destroy(instance));
    }
    CHECK(bh_engine_mappings(engine) == mappings && threads_of_process() == before);
}

static void test_limit(void) {
    bh_value result;
    bh_instance *instance = new_instance(0);
    CHECK(!CALL(instance, "start", "i(i)", &result, 1, 0, 0, 0, 0) && result.as.i == 0);
    CHECK(!CALL(instance, "start_fault", "i(l)", &result, 0, 0, 0, 0, 0) && result.as.i == EAGAIN);
    CHECK(!bh_instance_destroy(instance));
    bh_policy *policy;
    REQUIRE(!bh_policy_create(&policy));
    CHECK(bh_policy_set_thread_limit(policy, 1000000) == BH_ERROR_ARGUMENT && bh_policy_set_thread_limit(NULL, 1) == BH_ERROR_ARGUMENT);
    bh_policy_destroy(policy);
}

/* ---- ends ---- */

struct blocked {
    bh_error error;
    bh_error_detail detail;
    atomic_int in;
    const char *function;
};

static void *blocked_caller(void *argument) {
    struct blocked *blocked = argument;
    bh_value result;
    CHECK(!CALL(shared, "identity", "l()", &result, 0, 0, 0, 0, 0));
    blocked->in = 1;
    blocked->error = CALL(shared, blocked->function, "i()", &result, 0, 0, 0, 0, 0);
    blocked->detail = *bh_last_error();
    return NULL;
}

static void start_blocked(struct blocked *blocked, pthread_t *thread, const char *function) {
    blocked->function = function;
    pthread_create(thread, NULL, blocked_caller, blocked);
    while (!blocked->in)
        sched_yield();
}

/* A thread of the guest ends everything: host threads that are in calls learn it, whatever they do there. */
static void test_ends(void) {
    static const struct {
        const char *start;
        bh_error error;
    } cases[] = {{"start_fault", BH_ERROR_FAULT}, {"start_exit", BH_ERROR_EXITED}};
    for (int n = 0; n < 2; n++) {
        struct blocked blocked[3] = {{0}};
        pthread_t thread[3];
        bh_value result;
        int before = threads_of_process();
        shared = new_instance(8);
        CHECK(!CALL(shared, "start", "i(i)", &result, 4, 0, 0, 0, 0) && result.as.i == 4);
        start_blocked(&blocked[0], &thread[0], "block");
        start_blocked(&blocked[1], &thread[1], "loop");
        start_blocked(&blocked[2], &thread[2], "block");
        CHECK(bh_instance_destroy(shared) == BH_ERROR_BUSY);
        CHECK(!CALL(shared, cases[n].start, "i(l)", &result, 20000000, 0, 0, 0, 0) && !result.as.i);
        for (int m = 0; m < 3; m++) {
            pthread_join(thread[m], NULL);
            CHECK(blocked[m].error == cases[n].error);
            if (n == 0) {
                CHECK(blocked[m].detail.fault == BH_FAULT_ACCESS);
                CHECK(blocked[m].detail.address == bh_instance_base(shared) + 16);
                CHECK(!strcmp(blocked[m].detail.symbol, "fault_later"));
            } else
                CHECK(blocked[m].detail.exit_status == 7);
        }
        CHECK(CALL(shared, "identity", "l()", &result, 0, 0, 0, 0, 0) == BH_ERROR_DEAD);
        CHECK(!bh_instance_destroy(shared));
        CHECK(threads_of_process() == before);
    }
}

/* The same with nobody inside: the next call hears of it. */
static void test_background_fault(void) {
    bh_value result;
    shared = new_instance(8);
    CHECK(!CALL(shared, "start", "i(i)", &result, 4, 0, 0, 0, 0) && result.as.i == 4);
    CHECK(!CALL(shared, "start_fault", "i(l)", &result, 1000000, 0, 0, 0, 0) && !result.as.i);
    bh_error error;
    double until = now() + 20;
    while (!(error = CALL(shared, "identity", "l()", &result, 0, 0, 0, 0, 0)) && now() < until)
        usleep(1000);
    CHECK(error == BH_ERROR_DEAD || error == BH_ERROR_FAULT);
    CHECK(CALL(shared, "identity", "l()", &result, 0, 0, 0, 0, 0) == BH_ERROR_DEAD);
    CHECK(!bh_instance_destroy(shared));
    /* Destroyed right when it faults. */
    for (int n = 0; n < 40; n++) {
        shared = new_instance(8);
        CHECK(!CALL(shared, "start_fault", "i(l)", &result, (uint64_t)n * 20000, 0, 0, 0, 0) && !result.as.i);
        usleep((unsigned)n * 20);
        CHECK(!bh_instance_destroy(shared));
    }
    /* A thread of the host cannot be ended by the guest: the instance is. */
    shared = new_instance(1);
    CHECK(CALL(shared, "leave_thread", "i()", &result, 0, 0, 0, 0, 0) == BH_ERROR_EXITED);
    CHECK(!bh_instance_destroy(shared));
    shared = new_instance(1);
    CHECK(CALL(shared, "leave_raw", "i()", &result, 0, 0, 0, 0, 0) == BH_ERROR_EXITED && bh_last_error()->exit_status == 3);
    CHECK(!bh_instance_destroy(shared));
}

static void test_deadline(void) {
    static const char *const functions[] = {"loop", "block"};
    for (int n = 0; n < 2; n++) {
        struct blocked blocked = {0};
        pthread_t thread;
        bh_value result;
        int before = threads_of_process();
        shared = new_instance(4);
        CHECK(!CALL(shared, "start", "i(i)", &result, 4, 0, 0, 0, 0) && result.as.i == 4);
        start_blocked(&blocked, &thread, "block"); /* has none */
        bh_instance_set_deadline(shared, 50000000);
        double begin = now();
        CHECK(CALL(shared, functions[n], "i()", &result, 0, 0, 0, 0, 0) == BH_ERROR_DEADLINE);
        CHECK(now() - begin < PROMPTLY);
        pthread_join(thread, NULL);
        CHECK(blocked.error == BH_ERROR_DEADLINE);
        CHECK(!bh_instance_destroy(shared));
        CHECK(threads_of_process() == before);
    }
}

/* ---- what a guest might try ---- */

/* The runtime's. */
static bool no_memory;
void *__libc_calloc(size_t count, size_t size);
void *calloc(size_t count, size_t size) {
    return no_memory ? NULL : __libc_calloc(count, size);
}

static void test_clone(void) {
    static const unsigned long odd[] = {
        17,                         /* fork */
        0x4111,                     /* vfork */
        0x10000,                    /* CLONE_THREAD alone */
        0x10100,                    /* without signals and files */
        0x50f00 | 0x20000000,       /* CLONE_NEWPID */
        0x10f00 | 0x00002000,       /* CLONE_PTRACE */
        0x10f00 | 0x10000000,       /* CLONE_NEWUSER */
        0x10f00 | 0x00008000,       /* CLONE_PARENT */
        0x10f00 | 17,               /* with a signal */
        0x100010f00,                /* CLONE_CLEAR_SIGHAND */
    };
    bh_value result;
    int before = threads_of_process();
    shared = new_instance(4);
    uint64_t stack = bh_instance_base(shared) + 0x40000000;
    for (size_t n = 0; n < sizeof(odd) / sizeof(*odd); n++) {
        CHECK(!CALL(shared, "raw_clone", "i(ll)", &result, odd[n], stack, 0, 0, 0));
        CHECK(result.as.i == (odd[n] & 0x10000 ? EINVAL : ENOSYS));
    }
    CHECK(threads_of_process() == before && waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
    /* The host has no memory for another thread. */
    no_memory = true;
    CHECK(!CALL(shared, "raw_clone", "i(ll)", &result, 0x10f00, stack, 0, 0, 0) && result.as.i == EAGAIN);
    no_memory = false;
    int host = 0;
    CHECK(!CALL(shared, "raw_clone", "i(ll)", &result, 0x10f00, (uint64_t)(uintptr_t)&host, 0, 0, 0) && result.as.i == EFAULT);
    /* A thread pointer that is a host address: r14 is only one more value; the accesses stay in the slot. */
    CHECK(!CALL(shared, "odd_stack_top", "m()", &result, 0, 0, 0, 0, 0));
    stack = result.as.m;
    uint64_t image = bh_instance_base(shared) + BH_CONTEXT_OFFSET;
    bh_address told;
    int number = 0;
    REQUIRE(!bh_instance_symbol(shared, "ticks", &told));
    CHECK(!CALL(shared, "odd_thread", "l(mmm)", &result, stack, image, told, 0, 0) && result.as.l > 0);
    CHECK(!bh_copy_out(shared, &number, told, sizeof(number)) && number == result.as.l);
    usleep(20000);
    CHECK(!CALL(shared, "identity", "l()", &result, 0, 0, 0, 0, 0));
    uint64_t secret = (uint64_t)(uintptr_t)&host;
    /* Whether something is mapped where it points to is chance: the thread may fault, even before this call is back. */
    (void)CALL(shared, "odd_thread", "l(mmm)", &result, stack, secret & 0xffff0000ffffffff, 0, 0, 0);
    CHECK(!bh_instance_destroy(shared));
    /* A stack where nothing is mapped. */
    shared = new_instance(4);
    stack = bh_instance_base(shared) + 0x1000;
    bh_error error = CALL(shared, "odd_thread", "l(mmm)", &result, stack, 0, 0, 0, 0);
    double until = now() + 20;
    while (!error && now() < until)
        error = CALL(shared, "identity", "l()", &result, 0, 0, 0, 0, 0);
    CHECK(error == BH_ERROR_FAULT || error == BH_ERROR_DEAD);
    CHECK(!bh_instance_destroy(shared));
}

static void test_futex(void) {
    bh_value result;
    int word = 5;
    shared = new_instance(1);
    uint64_t base = bh_instance_base(shared), host = (uint64_t)(uintptr_t)&word;
    bh_address ticks;
    REQUIRE(!bh_instance_symbol(shared, "ticks", &ticks));
    const struct {
        uint64_t address, operation, value, timeout, second;
        int error;
    } cases[] = {
        {host, FUTEX_WAIT, 4, 0, 0, EFAULT},
        {host, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 5, 0, 0, EFAULT},
        {host, FUTEX_WAKE, 1, 0, 0, EFAULT},
        {base + BH_SLOT_SIZE, FUTEX_WAIT, 0, 0, 0, EFAULT},
        {base + BH_SLOT_SIZE - 2, FUTEX_WAIT, 0, 0, 0, EFAULT},
        {base - 4, FUTEX_WAKE, 1, 0, 0, EFAULT},
        {0, FUTEX_WAIT, 0, 0, 0, EFAULT},
        {base + 0x100, FUTEX_WAIT, 0, 0, 0, EFAULT}, /* never mapped */
        {ticks + 1, FUTEX_WAIT, 0, 0, 0, EINVAL},    /* not aligned */
        {ticks, FUTEX_WAIT, 77, 0, 0, EAGAIN},
        {ticks, FUTEX_WAIT, 0, host, 0, EFAULT},     /* the timeout is the host's */
        {ticks, FUTEX_REQUEUE, 1, 1, host, EFAULT},
        {ticks, FUTEX_CMP_REQUEUE, 1, 1, host, EFAULT},
        {ticks, FUTEX_CMP_REQUEUE, 1, 1, ticks, EAGAIN}, /* compares with a sixth argument of 0... */
        {ticks, FUTEX_WAKE_OP, 1, 1, ticks, ENOSYS},
        {ticks, FUTEX_LOCK_PI, 0, 0, 0, ENOSYS},
        {ticks, FUTEX_FD, 0, 0, 0, ENOSYS},
        {ticks, FUTEX_WAKE, 1, 0, 0, 0},
    };
    for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
        /* ... so the word is made another one for that case. */
        long one = cases[n].error == EAGAIN, zero = 0;
        CHECK(!bh_copy_in(shared, ticks, one ? &one : &zero, sizeof(one)));
        bh_error error = CALL(shared, "raw_futex", "i(mllmm)", &result, cases[n].address, cases[n].operation, cases[n].value,
                              cases[n].timeout, cases[n].second);
        CHECK(!error && result.as.i == cases[n].error);
        if (error || result.as.i != cases[n].error)
            printf("case %zu: %d\n", n, result.as.i);
    }
    CHECK(word == 5);
    CHECK(!bh_instance_destroy(shared));
}

struct sleeper {
    int word;
    atomic_int tid;
};

static void *sleep_on_word(void *argument) {
    struct sleeper *sleeper = argument;
    sleeper->tid = gettid();
    syscall(SYS_futex, &sleeper->word, FUTEX_WAIT_PRIVATE, 5, NULL, NULL, 0);
    return NULL;
}

static bool sleeps(int tid) {
    char name[64], text[256] = "";
    snprintf(name, sizeof(name), "/proc/self/task/%d/stat", tid);
    FILE *file = fopen(name, "r");
    REQUIRE(file && fgets(text, sizeof(text), file) && strrchr(text, ')'));
    fclose(file);
    return strrchr(text, ')')[2] == 'S';
}

/* The end of a thread that wants it told to the host is told to nobody. */
static void test_told(void) {
    struct sleeper sleeper = {.word = 5};
    pthread_t thread;
    bh_value result;
    int before = threads_of_process();
    shared = new_instance(1);
    REQUIRE(!pthread_create(&thread, NULL, sleep_on_word, &sleeper));
    while (!sleeper.tid || !sleeps(sleeper.tid))
        sched_yield();
    CHECK(!CALL(shared, "start_telling", "i(m)", &result, (uint64_t)(uintptr_t)&sleeper.word, 0, 0, 0, 0) && !result.as.i);
    while (threads_of_process() > before + 1)
        sched_yield();
    CHECK(sleeper.word == 5 && syscall(SYS_futex, &sleeper.word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) == 1);
    pthread_join(thread, NULL);
    CHECK(!bh_instance_destroy(shared));
}

static void *tell_number(void *number) {
    bh_value result;
    CHECK(!CALL(shared, "number", "i()", &result, 0, 0, 0, 0, 0));
    *(int *)number = result.as.i;
    return NULL;
}

/* A thread of the host that is not inside takes no signals. */
static void test_outside(void) {
    pthread_t thread;
    bh_value result;
    shared = new_instance(1);
    CHECK(!CALL(shared, "identity", "l()", &result, 0, 0, 0, 0, 0));
    int number = 0;
    REQUIRE(!pthread_create(&thread, NULL, tell_number, &number));
    pthread_join(thread, NULL);
    CHECK(!CALL(shared, "ask_for", "i(i)", &result, (uint64_t)number, 0, 0, 0, 0) && result.as.i == ESRCH);
    CHECK(!CALL(shared, "is_pending", "i()", &result, 0, 0, 0, 0, 0) && result.as.i);
    CHECK(!bh_instance_destroy(shared));
}

/* A descriptor that is closed while a read of another thread waits on it stays open until that read is over. */
static void test_close(void) {
    int ends[2];
    bh_value result;
    bh_policy *policy;
    REQUIRE(!pipe(ends));
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_set_thread_limit(policy, 2) && !bh_policy_grant(policy, BH_GRANT_CLOCK) &&
            !bh_policy_grant_stream(policy, 0, ends[0]));
    REQUIRE(!bh_instance_create(module, policy, &shared));
    bh_policy_destroy(policy);
    int before = open_descriptors();
    CHECK(!CALL(shared, "start_reader", "i()", &result, 0, 0, 0, 0, 0) && !result.as.i);
    CHECK(open_descriptors() == before + 1);
    CHECK(write(ends[1], "A", 1) == 1);
    double until = now() + 20;
    do
        CHECK(!CALL(shared, "reader_got", "i()", &result, 0, 0, 0, 0, 0));
    while (result.as.i == -1 && now() < until);
    CHECK(result.as.i == 'A' && open_descriptors() == before);
    /* And when the instance ends meanwhile. */
    CHECK(!CALL(shared, "start_reader", "i()", &result, 0, 0, 0, 0, 0) && !result.as.i);
    CHECK(!bh_instance_destroy(shared));
    CHECK(open_descriptors() == before);
    close(ends[0]);
    close(ends[1]);
}

static uint64_t mapped(void) {
    bh_usage usage;
    bh_instance_get_usage(shared, &usage);
    return usage.mapped;
}

/* A file in memory that is closed while a thread copies it counts until that is over. */
static void test_sender(void) {
    bh_value end, result = {.as.i = EBADF};
    shared = new_instance(2);
    CHECK(!CALL(shared, "start_sender", "i()", &end, 0, 0, 0, 0, 0) && !CALL(shared, "stop_sender", "i(i)", &result, end.as.u, 0, 0, 0, 0));
    uint64_t before, during;
    do { /* the thread may come too late */
        double until = now() + 20;
        do
            CHECK(!CALL(shared, "sender_error", "i()", &result, 0, 0, 0, 0, 0));
        while (!result.as.i && now() < until);
        before = mapped();
        CHECK(!CALL(shared, "start_sender", "i()", &end, 0, 0, 0, 0, 0) && end.as.i > 0);
        during = mapped();
        CHECK(!CALL(shared, "stop_sender", "i(i)", &result, end.as.u, 0, 0, 0, 0) && !result.as.i);
        until = now() + 20;
        do
            CHECK(!CALL(shared, "sender_error", "i()", &result, 0, 0, 0, 0, 0));
        while (!result.as.i && now() < until);
    } while (result.as.i == EBADF);
    CHECK(result.as.i == EPIPE && during >= before + (1 << 20) && mapped() < during);
    /* And when the instance ends meanwhile. */
    int open = open_descriptors();
    CHECK(!CALL(shared, "start_sender", "i()", &end, 0, 0, 0, 0, 0) && end.as.i > 0);
    CHECK(!bh_instance_reset(shared) && open_descriptors() == open);
    CHECK(!bh_instance_destroy(shared));
}

/* The runtime's. Whatever it closes while the host is busy opening files is the host's at once. */
static int taken_by = -1, taken[64];
static atomic_int taken_count;
int close(int fd) {
    int result = (int)syscall(SYS_close, fd);
    if (taken_by >= 0 && !result) {
        taken[taken_count++] = fd;
        REQUIRE(taken_count < 64 && dup3(taken_by, fd, O_CLOEXEC) == fd);
    }
    return result;
}

/* Files that are closed, or replaced, within one of several pieces of a call: the call ends with that piece, and what has their
 * numbers by then is left alone. */
static void test_pieces(void) {
    static char bytes[65536];
    bh_value result;
    struct stat info;
    bh_policy *policy;
    int ends[2];
    REQUIRE(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) && !bh_policy_create(&policy));
    REQUIRE(!bh_policy_set_thread_limit(policy, 1) && !bh_policy_grant(policy, BH_GRANT_CLOCK) &&
            !bh_policy_grant_stream(policy, 1, ends[1]) && !bh_instance_create(module, policy, &shared));
    bh_policy_destroy(policy);
    for (unsigned way = 0; way < 4; way++) {
        int own = memfd_create("own", MFD_CLOEXEC);
        int64_t sent = 1;
        REQUIRE(own >= 0 && pwrite(own, "the host's", 10, 0) == 10);
        CHECK(!CALL(shared, "start_copying", "i()", &result, 0, 0, 0, 0, 0) && !result.as.i);
        REQUIRE(read(ends[0], bytes, 1) == 1); /* a piece has begun, and has no room */
        taken_by = own;
        CHECK(!CALL(shared, "interfere", "i(ii)", &result, way & 1, way & 2, 0, 0, 0) && !result.as.i);
        do {
            ssize_t got = recv(ends[0], bytes, sizeof(bytes), MSG_DONTWAIT);
            sent += got > 0 ? got : 0;
            CHECK(!CALL(shared, "copied", "i()", &result, 0, 0, 0, 0, 0));
        } while (!result.as.i || sent < result.as.i);
        taken_by = -1;
        CHECK(result.as.i == 1 << 20 && taken_count && !fstat(own, &info) && info.st_size == 10 && !lseek(own, 0, SEEK_CUR));
        while (taken_count)
            close(taken[--taken_count]);
        close(own);
        CHECK(!bh_instance_reset(shared));
    }
    for (unsigned replace = 0; replace < 2; replace++) {
        int tries = 0;
        do /* it may have been done before */
            CHECK(!CALL(shared, "read_in_part", "i(i)", &result, replace, 0, 0, 0, 0));
        while ((result.as.i == 1024 || result.as.i < 0) && ++tries < 20);
        CHECK(result.as.i >= 0 && result.as.i < 1024);
    }
    CHECK(!bh_instance_destroy(shared));
    close(ends[0]);
    close(ends[1]);
}

/* Threads that wait for descriptors: what is closed meanwhile stays open until they are done with it, and every end
 * reaches them. */
static void test_waits(void) {
    enum { WAITERS = 10 };
    bh_value result;
    int ends[2];
    bh_policy *policy;
    REQUIRE(!pipe(ends) && !bh_policy_create(&policy) && !bh_policy_set_thread_limit(policy, WAITERS) &&
            !bh_policy_grant(policy, BH_GRANT_CLOCK) && !bh_policy_grant_stream(policy, 0, ends[0]));
    REQUIRE(!bh_instance_create(module, policy, &shared));
    bh_policy_destroy(policy);
    int before = open_descriptors();
    CHECK(!CALL(shared, "start_waiters", "i(i)", &result, WAITERS, 0, 0, 0, 0) && result.as.i == WAITERS);
    CHECK(open_descriptors() == before + 4);
    CHECK(!CALL(shared, "close_waited", "i()", &result, 0, 0, 0, 0, 0) && result.as.i == 0);
    /* poll, select and read, twice each: all of them waited for the pipe that the number was at first. */
    double until = now() + 20;
    do
        CHECK(!CALL(shared, "woken_waiters", "i()", &result, 0, 0, 0, 0, 0));
    while (result.as.i < 6 && now() < until);
    CHECK(result.as.i == 6);
    CHECK(!bh_instance_destroy(shared));
    CHECK(open_descriptors() == before);
    /* Ends while they wait: the host's, a deadline, a fault, an exit. */
    static const char *const how[] = {"reset", "deadline", "start_fault", "start_exit"};
    static const bh_error error[] = {BH_OK, BH_ERROR_DEADLINE, BH_ERROR_FAULT, BH_ERROR_EXITED};
    for (int n = 0; n < 4; n++) {
        int threads = threads_of_process();
        shared = new_instance(WAITERS + 1);
        CHECK(!CALL(shared, "start_waiters", "i(i)", &result, WAITERS, 0, 0, 0, 0) && result.as.i == WAITERS);
        if (n == 1)
            bh_instance_set_deadline(shared, 30000000);
        double begin = now();
        if (n > 1)
            CHECK(!CALL(shared, how[n], "i(l)", &result, 1000000, 0, 0, 0, 0));
        if (n)
            CHECK(CALL(shared, "block", "i()", &result, 0, 0, 0, 0, 0) == error[n]);
        CHECK(now() - begin < PROMPTLY);
        CHECK(!bh_instance_reset(shared) && open_descriptors() == before && threads_of_process() == threads);
        CHECK(now() - begin < 2 * PROMPTLY && !bh_instance_destroy(shared));
    }
    close(ends[0]);
    close(ends[1]);
}

/* ---- While a thread of the guest is in a refused call, and the host's log takes its time ---- */

static sem_t logged, go_on;

static void take_time(void *context, const char *name, const char *detail, int number) {
    struct timespec until;
    (void)context, (void)name, (void)detail, (void)number;
    sem_post(&logged);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 5; /* who waits for this thread, and should not, is found out */
    sem_timedwait(&go_on, &until);
}

struct other {
    bool resets;
    atomic_int tid;
    bh_error error;
};

static int do_nothing(void *context, bh_instance *instance, bh_registers *registers) {
    (void)context, (void)instance, (void)registers;
    return 0;
}

static void *visit_or_reset(void *argument) {
    struct other *other = argument;
    bh_address callback;
    other->tid = gettid();
    other->error = other->resets ? bh_instance_reset(shared) : bh_callback_create_raw(shared, do_nothing, NULL, &callback);
    return NULL;
}

/* Neither reset nor destroyed while another thread resets it, or waits for its turn to change it. */
static void test_busy(void) {
    REQUIRE(!sem_init(&logged, 0, 0) && !sem_init(&go_on, 0, 0));
    for (int resets = 0; resets < 2; resets++) {
        struct other other = {.resets = resets};
        pthread_t thread;
        bh_policy *policy;
        bh_value result;
        bh_address callback, may_call;
        REQUIRE(!bh_policy_create(&policy) && !bh_policy_set_thread_limit(policy, 2) && !bh_policy_set_log(policy, take_time, NULL));
        REQUIRE(!bh_instance_create(module, policy, &shared));
        bh_policy_destroy(policy);
        CHECK(!CALL(shared, "start_refused", "i()", &result, 0, 0, 0, 0, 0) && !result.as.i);
        REQUIRE(!bh_instance_symbol(shared, "may_call", &may_call) && !bh_copy_in(shared, may_call, &(int){1}, sizeof(int)));
        sem_wait(&logged);
        REQUIRE(!pthread_create(&thread, NULL, visit_or_reset, &other));
        while (!other.tid || !sleeps(other.tid))
            sched_yield();
        REQUIRE(bh_instance_reset(shared) == BH_ERROR_BUSY && bh_instance_destroy(shared) == BH_ERROR_BUSY);
        if (resets) {
            CHECK(bh_callback_create_raw(shared, do_nothing, NULL, &callback) == BH_ERROR_BUSY);
            CHECK(CALL(shared, "identity", "l()", &result, 0, 0, 0, 0, 0) == BH_ERROR_BUSY);
        }
        sem_post(&go_on);
        pthread_join(thread, NULL);
        CHECK(!other.error && !CALL(shared, "identity", "l()", &result, 0, 0, 0, 0, 0));
        CHECK(!bh_instance_destroy(shared));
    }
}

/* Signals that nobody meant for the guest, while its threads run: nothing happens. */
static void test_stray_signals(void) {
    bh_value result;
    shared = new_instance(4);
    CHECK(!CALL(shared, "start", "i(i)", &result, 4, 0, 0, 0, 0) && result.as.i == 4);
    for (int n = 0; n < 200; n++) {
        kill(getpid(), SIGRTMAX - 2);
        CHECK(!CALL(shared, "work", "l(l)", &result, 10, 0, 0, 0, 0));
    }
    CHECK(!bh_instance_destroy(shared));
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*function)(void);
    } tests[] = {{"callers", test_callers},   {"reuse", test_reuse}, {"background", test_background},
                 {"waits", test_waits},
                 {"sender", test_sender},     {"pieces", test_pieces},
                 {"told", test_told},         {"outside", test_outside},
                 {"limit", test_limit},       {"ends", test_ends},   {"background-fault", test_background_fault},
                 {"deadline", test_deadline}, {"clone", test_clone}, {"futex", test_futex},
                 {"close", test_close},       {"stray-signals", test_stray_signals},
                 {"busy", test_busy}};
    REQUIRE(argc == 3);
    path = argv[2];
    REQUIRE(!bh_engine_create(NULL, &engine) && !bh_module_load(engine, path, NULL, &module));
    bool found = false;
    for (size_t n = 0; n < sizeof(tests) / sizeof(*tests); n++) {
        if (strcmp(argv[1], tests[n].name) && strcmp(argv[1], "all"))
            continue;
        found = true;
        if (!strcmp(argv[1], "all"))
            printf("%s\n", tests[n].name), fflush(stdout);
        tests[n].function();
    }
    REQUIRE(found);
    CHECK(!bh_module_destroy(module) && !bh_engine_destroy(engine));
    return failures ? 1 : 0;
}
