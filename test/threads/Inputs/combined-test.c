/* Callbacks, resets, shared memory and threads of the guest together: combined-test CASE MODULE [plain]. Prints what failed; exit
 * status 0 when nothing did. */
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../runtime/Inputs/guest-calls.h"

#define PATIENCE 20.0 /* seconds: longer only when it hangs */

static bh_instance *shared;
static bool built_for_threads;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static bh_instance *threaded(unsigned threads) {
    bh_policy *policy;
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_set_thread_limit(policy, threads) && !bh_policy_grant(policy, BH_GRANT_CLOCK));
    bh_instance *instance = new_instance(policy);
    bh_policy_destroy(policy);
    return instance;
}

static bh_error call(bh_instance *instance, const char *name, const char *signature, bh_value *result, uint64_t a, uint64_t b,
                     uint64_t c, uint64_t d) {
    bh_function function;
    bh_error error = bh_instance_function(instance, name, signature, &function);
    return error ? error : bh_invoke(instance, &function, result, a, b, c, d);
}

static long number(bh_instance *instance, const char *name) {
    bh_value result = {0};
    CHECK(!call(instance, name, "l()", &result, 0, 0, 0, 0));
    return result.as.l;
}

static int threads_of_process(void) {
    int count = 0;
    DIR *directory = opendir("/proc/self/task");
    while (readdir(directory))
        count++;
    closedir(directory);
    return count - 2;
}

static bh_address callback(bh_instance *instance, bh_callback_function *function, void *context) {
    bh_address address;
    REQUIRE(!bh_callback_create(instance, "l(l)", function, context, &address));
    return address;
}

/* ---- callbacks of several threads ---- */

static atomic_long called, elsewhere;
static pthread_t main_thread;

static int twice(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    called++;
    elsewhere += !pthread_equal(pthread_self(), main_thread);
    result->as.l = 2 * arguments[0].as.l + (context == &called ? 0 : 1000000);
    return 0;
}

static int twice_raw(void *context, bh_instance *instance, bh_registers *registers) {
    called++;
    elsewhere += !pthread_equal(pthread_self(), main_thread);
    registers->rax = 2 * registers->integer[0] + (context == &called ? 0 : 1000000);
    return 0;
}

static void test_callbacks(void) {
    enum { THREADS = 4, COUNT = 500 };
    bh_instance *instance = threaded(THREADS);
    bh_address address[2] = {callback(instance, twice, &called)};
    bh_value result;
    REQUIRE(!bh_callback_create_raw(instance, twice_raw, &called, &address[1]));
    for (int n = 0; n < 2; n++) {
        called = elsewhere = 0;
        CHECK(!call(instance, "call_back", "l(pl)", &result, address[n], 21, 0, 0) && result.as.l == 42);
        CHECK(called == 1 && elsewhere == 0);
        CHECK(!call(instance, "call_back_on_threads", "l(plll)", &result, address[n], 7, THREADS, COUNT));
        CHECK(result.as.l == THREADS * (2 * 7 * COUNT + COUNT * (COUNT - 1)));
        CHECK(called == 1 + THREADS * COUNT && elsewhere == THREADS * COUNT);
    }
    /* Callbacks come and go while other threads are in theirs. */
    for (int n = 0; n < 3; n++)
        CHECK(!call(instance, "start_calling", "i(p)", &result, address[n & 1], 0, 0, 0) && !result.as.i);
    for (int n = 0; n < 2000; n++) {
        bh_address other = callback(instance, twice, NULL);
        CHECK(!call(instance, "call_back", "l(pl)", &result, other, n, 0, 0) && result.as.l == 2 * n + 1000000);
        CHECK(!bh_callback_destroy(instance, other));
    }
    CHECK(!bh_instance_destroy(instance));
}

/* ---- nested calls ---- */

struct nesting {
    bh_instance *other; /* called in between */
    bh_address function;
    long identity, within;
    bh_address block;
};

static int innermost(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    struct nesting *nesting = context;
    nesting->within = number(shared, "identity");
    CHECK(number(shared, "next_mine") == 1002);
    result->as.l = 5;
    return 0;
}

static int nest(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    struct nesting *nesting = context;
    bh_value value = {0};
    nesting->identity = number(instance, "identity");
    CHECK(number(instance, "next_mine") == 1001);
    /* Through another instance, and back. */
    CHECK(!call(nesting->other, "call_back", "l(pl)", &value, nesting->function, 0, 0, 0) && value.as.l == 5);
    CHECK(nesting->identity == nesting->within && number(instance, "identity") == nesting->identity);
    CHECK(number(nesting->other, "identity") != nesting->identity);
    CHECK(!bh_allocate_string(instance, "text", &nesting->block) && !bh_free(instance, nesting->block));
    result->as.l = -7; /* a thread of the guest has counted its variable up meanwhile: it would say -1 */
    return 0;
}

static void test_nested(void) {
    struct nesting nesting = {0};
    bh_value result;
    shared = threaded(2);
    nesting.other = threaded(0);
    nesting.function = callback(nesting.other, innermost, &nesting);
    bh_address address = callback(shared, nest, &nesting);
    CHECK(!call(shared, "call_back_on_threads", "l(plll)", &result, address, 0, 1, 1) && result.as.l == -1);
    CHECK(nesting.identity && nesting.identity != number(shared, "identity"));
    /* The same on the host's own thread, whose variable is another one. */
    CHECK(!call(shared, "call_back", "l(pl)", &result, address, 0, 0, 0) && result.as.l == -7);
    CHECK(nesting.identity == number(shared, "identity") && number(shared, "next_mine") == 1003);
    CHECK(!bh_instance_destroy(shared) && !bh_instance_destroy(nesting.other));
}

/* ---- ends in callbacks ---- */

static int stop(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    return 77;
}

static void test_callback_ends(void) {
    bh_value result;
    shared = threaded(4);
    CHECK(!call(shared, "start_threads", "i(i)", &result, 3, 0, 0, 0) && result.as.i == 3);
    bh_address address = callback(shared, stop, NULL);
    CHECK(call(shared, "call_back_on_threads", "l(plll)", &result, address, 0, 1, 1) == BH_ERROR_CALLBACK);
    CHECK(bh_last_error()->callback_status == 77);
    CHECK(call(shared, "identity", "l()", &result, 0, 0, 0, 0) == BH_ERROR_DEAD);
    /* In the background, where no call learns it. */
    CHECK(!bh_instance_reset(shared));
    address = callback(shared, stop, NULL);
    CHECK(!call(shared, "start_calling", "i(p)", &result, address, 0, 0, 0) && !result.as.i);
    bh_error error;
    double until = now() + PATIENCE;
    while (!(error = call(shared, "identity", "l()", &result, 0, 0, 0, 0)) && now() < until)
        usleep(1000);
    CHECK(error == BH_ERROR_DEAD || error == BH_ERROR_CALLBACK);
    CHECK(!bh_instance_destroy(shared));
}

static bh_error nested_error;

static int crash(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    bh_value value;
    nested_error = call(instance, context, "v()", &value, 0, 0, 0, 0);
    CHECK(call(instance, "identity", "l()", &value, 0, 0, 0, 0) == BH_ERROR_DEAD);
    return 0;
}

static void *looping(void *argument) {
    bh_value result;
    *(bh_error *)argument = call(shared, "loop", "v()", &result, 0, 0, 0, 0);
    return NULL;
}

static void test_fault_in_callback(void) {
    bh_value result;
    bh_error other;
    pthread_t thread;
    int before = threads_of_process();
    shared = threaded(4);
    /* On the host's thread, while another thread of the host and some of the guest are inside. */
    for (int n = 0; n < 2; n++) {
        CHECK(!call(shared, "start_threads", "i(i)", &result, 3, 0, 0, 0) && result.as.i == 3);
        pthread_create(&thread, NULL, looping, &other);
        bh_address address = callback(shared, crash, "crash");
        nested_error = BH_OK;
        if (n == 0) {
            CHECK(call(shared, "call_back", "l(pl)", &result, address, 0, 0, 0) == BH_ERROR_FAULT);
            CHECK(strstr(bh_last_error()->text, "in a nested call"));
        } else {
            CHECK(call(shared, "call_back_on_threads", "l(plll)", &result, address, 0, 1, 1) == BH_ERROR_FAULT);
            CHECK(strstr(bh_last_error()->text, "on another thread"));
        }
        CHECK(bh_last_error()->fault == BH_FAULT_ACCESS && bh_last_error()->address == bh_instance_base(shared) + 16);
        CHECK(!strcmp(bh_last_error()->symbol, "crash"));
        pthread_join(thread, NULL);
        CHECK(other == BH_ERROR_FAULT || other == BH_ERROR_DEAD); /* it may have come too late */
        CHECK(!bh_instance_reset(shared)); /* waits for the callback that a thread of the guest is in */
        CHECK(nested_error == BH_ERROR_FAULT);
        CHECK(threads_of_process() == before);
    }
    /* A callback that nobody registered. */
    uint64_t nobody = bh_instance_base(shared) + BH_GATE_OFFSET + 64 + 32 * 500;
    CHECK(call(shared, "call_back_on_threads", "l(plll)", &result, nobody, 0, 2, 1) == BH_ERROR_FAULT);
    CHECK(bh_last_error()->fault == BH_FAULT_CALLBACK && bh_last_error()->address == 500);
    CHECK(!bh_instance_destroy(shared));
}

/* A fault of host code in a callback is the host's own, on a thread of the guest's, too. */
static char *forbidden;
static atomic_int handled;

static void on_fault(int signal, siginfo_t *info, void *context) {
    if (info->si_addr != forbidden || mprotect(forbidden, 4096, PROT_READ | PROT_WRITE))
        _exit(9);
    handled++;
}

static int touch(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    *(volatile char *)forbidden = 1;
    result->as.l = 3;
    return 0;
}

static void test_host_fault(void) {
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    bh_value result;
    forbidden = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(forbidden != MAP_FAILED && !sigaction(SIGSEGV, &action, NULL) && !bh_engine_check_signals(engine));
    shared = threaded(1);
    bh_address address = callback(shared, touch, NULL);
    CHECK(!call(shared, "call_back_on_threads", "l(plll)", &result, address, 0, 1, 1) && result.as.l == 3 && handled == 1);
    CHECK(call(shared, "crash", "v()", &result, 0, 0, 0, 0) == BH_ERROR_FAULT && handled == 1);
    CHECK(!bh_instance_destroy(shared));
}

/* The child of a fork in a callback: its call ends, on a thread of the guest's the thread and with it the process. */
static pid_t child;

static int fork_now(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    child = fork();
    if (!child)
        alarm((unsigned)PATIENCE);
    return 0;
}

static void test_fork(void) {
    bh_value result;
    shared = threaded(4);
    CHECK(!call(shared, "start_threads", "i(i)", &result, 3, 0, 0, 0) && result.as.i == 3);
    bh_address address = callback(shared, fork_now, NULL);
    bh_error error = call(shared, "call_back", "l(pl)", &result, address, 0, 0, 0);
    if (!child)
        _exit(error == BH_ERROR_FORKED && bh_instance_reset(shared) == BH_ERROR_FORKED &&
                      call(shared, "identity", "l()", &result, 0, 0, 0, 0) == BH_ERROR_FORKED
                  ? 3
                  : 4);
    int status = 0;
    CHECK(!error && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 3);
    CHECK(!call(shared, "call_back_on_threads", "l(plll)", &result, address, 0, 1, 1));
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(!bh_instance_reset(shared) && number(shared, "get_life") == 1);
    CHECK(!bh_instance_destroy(shared));
}

/* ---- what is refused in callbacks ---- */

static int try_ends(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    CHECK(bh_instance_reset(instance) == BH_ERROR_BUSY);
    CHECK(bh_instance_destroy(instance) == BH_ERROR_BUSY);
    CHECK(number(instance, "get_life") == 9);
    bh_address other = callback(instance, twice, &called);
    bh_value value;
    CHECK(!call(instance, "call_back", "l(pl)", &value, other, 4, 0, 0) && value.as.l == 8);
    CHECK(!bh_callback_destroy(instance, other));
    if (arguments[0].as.l > 0) { /* the same in a nested call's callback */
        CHECK(!call(instance, "call_back", "l(pl)", &value, *(bh_address *)context, 0, 0, 0) && value.as.l == 6);
    }
    result->as.l = 6;
    return 0;
}

static void test_refused(void) {
    bh_value result;
    bh_address address;
    shared = threaded(2);
    CHECK(!call(shared, "set_life", "l(l)", &result, 9, 0, 0, 0));
    address = callback(shared, try_ends, &address);
    CHECK(!call(shared, "call_back", "l(pl)", &result, address, 1, 0, 0) && result.as.l == 6);
    CHECK(!call(shared, "call_back_on_threads", "l(plll)", &result, address, 1, 1, 1));
    CHECK(result.as.l == (built_for_threads ? 6 : -2)); /* -2: pthread_create failed */
    CHECK(!bh_instance_reset(shared) && number(shared, "get_life") == 1);
    CHECK(!bh_instance_destroy(shared));
}

/* ---- resets ---- */

static void test_reset_callbacks(void) {
    bh_value result;
    shared = threaded(1);
    bh_address old[3];
    for (int n = 0; n < 3; n++)
        old[n] = callback(shared, twice, &called);
    CHECK(!call(shared, "call_back", "l(pl)", &result, old[1], 5, 0, 0) && result.as.l == 10);
    CHECK(!call(shared, "set_life", "l(l)", &result, 2, 0, 0, 0));
    CHECK(!bh_instance_reset(shared));
    for (int n = 0; n < 3; n++)
        CHECK(bh_callback_destroy(shared, old[n]) == BH_ERROR_NOT_FOUND);
    called = 0;
    CHECK(call(shared, "call_back", "l(pl)", &result, old[1], 5, 0, 0) == BH_ERROR_FAULT);
    CHECK(bh_last_error()->fault == BH_FAULT_CALLBACK && called == 0);
    CHECK(!bh_instance_reset(shared) && number(shared, "get_life") == 1);
    /* All of them are free again. */
    for (int n = 0; n < BH_CALLBACK_COUNT; n++)
        callback(shared, twice, &called);
    bh_address last;
    CHECK(bh_callback_create(shared, "l(l)", twice, NULL, &last) == BH_ERROR_LIMIT);
    CHECK(!bh_instance_reset(shared));
    last = callback(shared, twice, &called);
    CHECK(!call(shared, "call_back", "l(pl)", &result, last, 8, 0, 0) && result.as.l == 16);
    CHECK(!bh_instance_destroy(shared));
}

/* Threads that compute, sleep, wait and call back end with a reset; everything is as new. */
static void test_reset_threads(void) {
    enum { THREADS = 6 };
    bh_value result;
    bh_usage fresh, usage;
    int before = threads_of_process();
    shared = threaded(THREADS + 1);
    bh_instance_get_usage(shared, &fresh);
    size_t mappings = bh_engine_mappings(engine);
    for (int n = 0; n < 25; n++) {
        bh_address address = callback(shared, twice, &called);
        CHECK(number(shared, "get_life") == 1 && number(shared, "next_mine") == 1001);
        CHECK(!call(shared, "set_life", "l(l)", &result, 2, 0, 0, 0));
        CHECK(!call(shared, "start_calling", "i(p)", &result, address, 0, 0, 0) && !result.as.i);
        CHECK(!call(shared, "start_threads", "i(i)", &result, THREADS + 1, 0, 0, 0) && result.as.i == THREADS);
        CHECK(threads_of_process() == before + THREADS + 1);
        if (n % 5 == 4)
            CHECK(call(shared, "crash", "v()", &result, 0, 0, 0, 0) == BH_ERROR_FAULT);
        CHECK(!bh_instance_reset(shared));
        CHECK(threads_of_process() == before);
        bh_instance_get_usage(shared, &usage);
        CHECK(usage.mappings == fresh.mappings && usage.mapped == fresh.mapped);
        CHECK(bh_engine_mappings(engine) == mappings);
    }
    CHECK(!bh_instance_destroy(shared));
}

struct caller {
    sem_t go, done;
    bool stop;
};

static void *repeated_caller(void *argument) {
    struct caller *caller = argument;
    bh_value result;
    while (!sem_wait(&caller->go) && !caller->stop) {
        for (int n = 1; n < 4; n++)
            CHECK(!call(shared, "next_mine", "l()", &result, 0, 0, 0, 0) && result.as.l == 1000 + n);
        sem_post(&caller->done);
    }
    return NULL;
}

/* Threads of the host have new guest threads after a reset, and it is refused while one is inside. */
static void test_reset_callers(void) {
    enum { CALLERS = 3 };
    struct caller caller[CALLERS] = {0};
    pthread_t thread[CALLERS];
    bh_value result;
    bh_usage fresh, usage;
    shared = threaded(0);
    bh_instance_get_usage(shared, &fresh);
    for (int n = 0; n < CALLERS; n++) {
        sem_init(&caller[n].go, 0, 0);
        sem_init(&caller[n].done, 0, 0);
        pthread_create(&thread[n], NULL, repeated_caller, &caller[n]);
    }
    for (int round = 0; round < 20; round++) {
        for (int n = 0; n < CALLERS; n++)
            sem_post(&caller[n].go);
        CHECK(number(shared, "next_mine") == 1001);
        for (int n = 0; n < CALLERS; n++)
            sem_wait(&caller[n].done);
        CHECK(!bh_instance_reset(shared));
        bh_instance_get_usage(shared, &usage);
        CHECK(usage.mappings == fresh.mappings && usage.mapped == fresh.mapped);
    }
    for (int n = 0; n < CALLERS; n++) {
        caller[n].stop = true;
        sem_post(&caller[n].go);
        pthread_join(thread[n], NULL);
    }
    bh_error error;
    pthread_create(&thread[0], NULL, looping, &error);
    bh_address ticks;
    long value = 0;
    REQUIRE(!bh_instance_symbol(shared, "ticks", &ticks));
    double until = now() + PATIENCE;
    while (!bh_copy_out(shared, &value, ticks, sizeof(value)) && !value && now() < until)
        sched_yield();
    CHECK(value);
    CHECK(bh_instance_reset(shared) == BH_ERROR_BUSY);
    CHECK(call(shared, "crash", "v()", &result, 0, 0, 0, 0) == BH_ERROR_FAULT);
    pthread_join(thread[0], NULL);
    CHECK(error == BH_ERROR_FAULT);
    CHECK(!bh_instance_reset(shared) && number(shared, "get_life") == 1);
    CHECK(!bh_instance_destroy(shared));
}

/* ---- a reset waits for callbacks of the guest's threads ---- */

static sem_t inside, go_on;
static atomic_int finished;

static int wait_inside(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    if (arguments[0].as.l)
        return 0;
    sem_post(&inside);
    while (sem_wait(&go_on))
        continue;
    usleep(20000);
    finished++;
    return 0;
}

static void *release_later(void *argument) {
    usleep(30000);
    CHECK(finished == 0);
    sem_post(&go_on);
    return NULL;
}

static void test_reset_in_callback(void) {
    bh_value result;
    int before = threads_of_process();
    sem_init(&inside, 0, 0);
    sem_init(&go_on, 0, 0);
    shared = threaded(2);
    for (int n = 0; n < 2; n++) {
        pthread_t thread;
        finished = 0;
        bh_address address = callback(shared, wait_inside, NULL);
        CHECK(!call(shared, "start_calling", "i(p)", &result, address, 0, 0, 0) && !result.as.i);
        while (sem_wait(&inside))
            continue;
        /* Other calls go on, and one that ends the instance does not wait for the callback. */
        CHECK(number(shared, "get_life") == 1);
        CHECK(call(shared, "crash", "v()", &result, 0, 0, 0, 0) == BH_ERROR_FAULT && finished == 0);
        pthread_create(&thread, NULL, release_later, NULL);
        CHECK(!(n ? bh_instance_destroy(shared) : bh_instance_reset(shared)));
        CHECK(finished == 1);
        pthread_join(thread, NULL);
        CHECK(threads_of_process() == before);
    }
}

/* ---- shared memory that comes and goes under running threads ---- */

static void test_share(void) {
    void *memory;
    bh_value result;
    bh_address guest, read_only;
    shared = threaded(2);
    REQUIRE(!bh_shared_create(8192, &memory));
    CHECK(!call(shared, "start_threads", "i(i)", &result, 1, 0, 0, 0) && result.as.i == 1);
    REQUIRE(!bh_share(shared, memory, 4096, BH_READ_WRITE, &guest));
    CHECK(!call(shared, "start_counting", "i(p)", &result, guest, 0, 0, 0) && !result.as.i);
    volatile long *seen = memory;
    double until = now() + PATIENCE;
    while (*seen < 1000 && now() < until)
        sched_yield();
    CHECK(*seen >= 1000);
    CHECK(!bh_share(shared, (char *)memory + 4096, 4096, BH_READ_ONLY, &read_only) && !bh_unshare(shared, read_only));
    CHECK(bh_shared_destroy(memory) == BH_ERROR_BUSY);
    CHECK(!bh_unshare(shared, guest));
    bh_error error;
    while (!(error = call(shared, "identity", "l()", &result, 0, 0, 0, 0)) && now() < until)
        usleep(1000);
    CHECK(error == BH_ERROR_DEAD || (error == BH_ERROR_FAULT && bh_last_error()->address == guest));
    /* A reset takes away what is shared, too. */
    CHECK(!bh_instance_reset(shared));
    REQUIRE(!bh_share(shared, memory, 4096, BH_READ_WRITE, &guest));
    CHECK(!call(shared, "start_counting", "i(p)", &result, guest, 0, 0, 0) && !result.as.i);
    CHECK(!bh_instance_reset(shared));
    long still = *seen;
    usleep(20000);
    CHECK(*seen == still && !bh_shared_destroy(memory));
    CHECK(!bh_instance_destroy(shared));
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*function)(void);
    } tests[] = {{"callbacks", test_callbacks},
                 {"nested", test_nested},
                 {"callback-ends", test_callback_ends},
                 {"fault-in-callback", test_fault_in_callback},
                 {"host-fault", test_host_fault},
                 {"fork", test_fork},
                 {"refused", test_refused},
                 {"reset-callbacks", test_reset_callbacks},
                 {"reset-threads", test_reset_threads},
                 {"reset-callers", test_reset_callers},
                 {"reset-in-callback", test_reset_in_callback},
                 {"share", test_share}};
    REQUIRE(argc == 3 || (argc == 4 && !strcmp(argv[3], "plain")));
    built_for_threads = argc == 3;
    main_thread = pthread_self();
    open_module(argv[2], 0);
    bool found = false;
    for (size_t n = 0; n < sizeof(tests) / sizeof(*tests); n++) {
        if (strcmp(argv[1], tests[n].name))
            continue;
        found = true;
        tests[n].function();
    }
    REQUIRE(found);
    close_module();
    return failures ? 1 : 0;
}
