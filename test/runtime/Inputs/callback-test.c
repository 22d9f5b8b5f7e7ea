/* callback-test MODULE: callbacks, nested calls, and everything that can go wrong on each level of them. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

#define SECOND 1000000000ull

static const char *self, *path;
static bh_engine *engine;
static bh_module *module;

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

static bh_instance *new_instance(void) {
    bh_instance *instance;
    REQUIRE(!bh_instance_create(module, NULL, &instance));
    return instance;
}

static bh_error invoke(bh_instance *instance, const char *name, const char *signature, int *result, uint64_t a, uint64_t b) {
    bh_function function;
    bh_value value = {0};
    REQUIRE(!bh_instance_function(instance, name, signature, &function));
    bh_error error = bh_invoke(instance, &function, &value, a, b);
    if (result)
        *result = value.as.i;
    return error;
}

static bh_address callback(bh_instance *instance, bh_callback_function *function, void *context) {
    bh_address address;
    REQUIRE(!bh_callback_create(instance, "i(i)", function, context, &address));
    return address;
}

/* ---- Plain callbacks ---- */

static int add_context(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    (void)instance;
    result->as.i = arguments[0].as.i + *(int *)context;
    return 0;
}

static int add_raw(void *context, bh_instance *instance, bh_registers *registers) {
    (void)instance;
    registers->rax = registers->integer[0] + (uint64_t)*(int *)context;
    return 0;
}

static int compare(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    int a, b;
    ++*(int *)context;
    if (bh_copy_out(instance, &a, arguments[0].as.p, sizeof(a)) || bh_copy_out(instance, &b, arguments[1].as.p, sizeof(b)))
        return 1;
    result->as.i = a < b ? -1 : a > b;
    return 0;
}

static void test_plain(void) {
    bh_instance *instance = new_instance();
    int ten = 10, result, calls = 0, numbers[1000];
    bh_address typed = callback(instance, add_context, &ten), raw, comparison, block;
    CHECK(!bh_callback_create_raw(instance, add_raw, &ten, &raw));
    CHECK(typed % BH_BUNDLE_SIZE == 0 && raw != typed && typed - bh_instance_base(instance) < BH_IMAGE_OFFSET);
    for (int n = 0; n < 1000; n++)
        CHECK(!invoke(instance, "apply", "i(pi)", &result, n % 2 ? typed : raw, (uint64_t)n) && result == n + 10);
    CHECK(!bh_callback_create(instance, "i(pp)", compare, &calls, &comparison));
    for (int n = 0; n < 1000; n++)
        numbers[n] = (n * 7919 + 13) % 1000;
    CHECK(!bh_allocate_copy(instance, numbers, sizeof(numbers), &block));
    bh_function sort;
    CHECK(!bh_instance_function(instance, "sort", "i(pmp)", &sort) &&
          !bh_invoke(instance, &sort, NULL, block, 1000ul, comparison) && calls > 1000);
    CHECK(!bh_copy_out(instance, numbers, block, sizeof(numbers)));
    for (int n = 0; n < 1000; n++)
        CHECK(numbers[n] == n);
    CHECK(!bh_free(instance, block));

    bh_registers registers = {.integer = {raw, 5}};
    bh_function apply;
    CHECK(!bh_instance_function(instance, "apply", "i(pi)", &apply));
    CHECK(!bh_call_registers(instance, apply.address, &registers) && registers.rax == 15);
    CHECK(bh_call_registers(instance, apply.address, NULL) == BH_ERROR_ARGUMENT);

    /* The library can keep the pointer. Once destroyed it is a fault, and the thread's numbers stay apart from instances'. */
    CHECK(!invoke(instance, "keep", "v(p)", NULL, typed, 0) && !invoke(instance, "call_kept", "i(i)", &result, 1, 0) && result == 11);
    CHECK(!bh_callback_destroy(instance, typed) && bh_callback_destroy(instance, typed) == BH_ERROR_NOT_FOUND);
    CHECK(bh_callback_destroy(instance, typed + 8) == BH_ERROR_NOT_FOUND && bh_callback_destroy(instance, 0) == BH_ERROR_NOT_FOUND);
    bh_instance *other = new_instance();
    CHECK(bh_callback_destroy(other, raw) == BH_ERROR_NOT_FOUND);
    CHECK(!bh_instance_destroy(other));
    CHECK(invoke(instance, "call_kept", "i(i)", &result, 1, 0) == BH_ERROR_FAULT);
    CHECK(bh_last_error()->fault == BH_FAULT_CALLBACK && bh_last_error()->address == 0);
    CHECK(!bh_instance_destroy(instance));
}

static void test_limit(void) {
    static bh_address address[BH_CALLBACK_COUNT];
    bh_instance *instance = new_instance();
    int value = 1, result;
    bh_address extra;
    for (int n = 0; n < BH_CALLBACK_COUNT; n++)
        address[n] = callback(instance, add_context, &value);
    CHECK(bh_callback_create(instance, "i(i)", add_context, &value, &extra) == BH_ERROR_LIMIT && strstr(bh_last_error()->text, "1022"));
    CHECK(!invoke(instance, "apply", "i(pi)", &result, address[BH_CALLBACK_COUNT - 1], 1) && result == 2);
    CHECK(!bh_callback_destroy(instance, address[500]) && !bh_callback_destroy(instance, address[3]));
    int two = 2;
    extra = callback(instance, add_context, &two);
    CHECK(extra == address[3] || extra == address[500]);
    CHECK(!invoke(instance, "apply", "i(pi)", &result, extra, 1) && result == 3);
    for (int n = 0; n < BH_CALLBACK_COUNT; n++)
        CHECK(extra == address[n] || n == 3 || n == 500 || !bh_callback_destroy(instance, address[n]));
    /* A number that was given back rests as long as possible. */
    bh_address first = callback(instance, add_context, &two);
    CHECK(!bh_callback_destroy(instance, first) && callback(instance, add_context, &two) != first);
    CHECK(!bh_instance_destroy(instance));
}

static int destroy_itself(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    bh_address *mine = context;
    int one = 1;
    CHECK(!bh_callback_destroy(instance, *mine));
    *mine = callback(instance, add_context, &one);
    result->as.i = arguments[0].as.i * 2;
    return 0;
}

static int give_up(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    (void)context, (void)instance, (void)result;
    return arguments[0].as.i;
}

static void test_ends(void) {
    bh_instance *instance = new_instance();
    int result;
    bh_address mine = callback(instance, destroy_itself, &mine);
    CHECK(!invoke(instance, "apply", "i(pi)", &result, mine, 21) && result == 42);
    bh_address ending = callback(instance, give_up, NULL);
    CHECK(!invoke(instance, "apply", "i(pi)", &result, ending, 0));
    CHECK(invoke(instance, "apply", "i(pi)", &result, ending, (uint64_t)-5) == BH_ERROR_CALLBACK);
    CHECK(bh_last_error()->callback_status == -5 && bh_last_error()->fault == BH_FAULT_NONE);
    CHECK(invoke(instance, "apply", "i(pi)", &result, ending, 0) == BH_ERROR_DEAD);
    CHECK(bh_allocate(instance, 10, &mine) == BH_ERROR_DEAD);
    CHECK(!bh_instance_destroy(instance));
}

/* ---- Nesting ---- */

struct nested {
    const char *name;       /* what to call on the way down */
    const char *signature;
    uint64_t argument;
    bh_instance *instance;  /* NULL: the caller's */
    bh_error error;         /* what came out */
    bh_error_detail detail;
    int result, calls, depth;
    bh_address pointer;
};

static int go_deeper(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    struct nested *nested = context;
    nested->calls++;
    nested->error = invoke(nested->instance ? nested->instance : instance, nested->name, nested->signature, &nested->result,
                           nested->argument, 0);
    nested->detail = *bh_last_error();
    result->as.i = arguments[0].as.i + nested->result;
    return 0;
}

/* sum(n) calls back, which calls sum(n - 1), ... */
static int recurse(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    struct nested *nested = context;
    int n = arguments[0].as.i;
    nested->depth = nested->depth > n ? nested->depth : n;
    if (!n)
        return 0;
    nested->calls++;
    bh_error error = invoke(instance, "sum", "i(pi)", &result->as.i, nested->pointer, (uint64_t)(n - 1));
    if (error == BH_ERROR_LIMIT) {
        nested->error = error;
        result->as.i = 1000;
        return 0;
    }
    result->as.i += n;
    return error ? 1 : 0;
}

static void test_nesting(void) {
    bh_instance *instance = new_instance(), *other = new_instance();
    struct nested nested = {0};
    int result;
    nested.pointer = callback(instance, recurse, &nested);
    CHECK(!invoke(instance, "sum", "i(pi)", &result, nested.pointer, 30) && result == 30 * 31 / 2 && nested.calls == 30);
    CHECK(!nested.error);
    /* At the limit the innermost call is refused, and everybody else goes on. */
    CHECK(!invoke(instance, "sum", "i(pi)", &result, nested.pointer, 200) && result > 1000 && nested.error == BH_ERROR_LIMIT);

    /* Back and forth between two instances, each with data of its own. */
    int hundred = 100;
    struct nested there = {.name = "apply", .signature = "i(pi)", .instance = other};
    there.argument = callback(other, add_context, &hundred);
    CHECK(!invoke(instance, "set_own", "v(i)", NULL, 1000, 0) && !invoke(other, "set_own", "v(i)", NULL, 20000, 0));
    CHECK(!invoke(instance, "apply", "i(pi)", &result, callback(instance, go_deeper, &there), 7));
    CHECK(!there.error && there.result == 20100 && result == 7 + 20100 + 1000);
    CHECK(!bh_instance_destroy(other) && !bh_instance_destroy(instance));
}

static void nested_end(const char *name, uint64_t argument, bh_error error, const char *text) {
    bh_instance *instance = new_instance();
    struct nested nested = {.name = name, .signature = "i(i)", .argument = argument};
    int result;
    CHECK(invoke(instance, "apply", "i(pi)", &result, callback(instance, go_deeper, &nested), 1) == error);
    CHECK(strstr(bh_last_error()->text, text) && strstr(bh_last_error()->text, "nested call"));
    CHECK(nested.error == error && strstr(nested.detail.text, text) && !strstr(nested.detail.text, "nested call"));
    CHECK(bh_last_error()->fault == nested.detail.fault && bh_last_error()->pc == nested.detail.pc && nested.calls == 1);
    CHECK(invoke(instance, "apply", "i(pi)", &result, 0, 1) == BH_ERROR_DEAD);
    CHECK(!bh_instance_destroy(instance));
}

static void test_nested_ends(void) {
    nested_end("crash", 0, BH_ERROR_FAULT, "invalid memory access");
    nested_end("crash", 1, BH_ERROR_FAULT, "illegal instruction");
    nested_end("crash", 2, BH_ERROR_FAULT, "breakpoint");
    nested_end("crash", 3, BH_ERROR_FAULT, "general protection");
    nested_end("crash", 4, BH_ERROR_FAULT, "arithmetic");
    nested_end("crash", 5, BH_ERROR_FAULT, "ended by its own signal");
    nested_end("overflow", 0, BH_ERROR_FAULT, "stack overflow");
    nested_end("quit", 3, BH_ERROR_EXITED, "exited with status 3");

    /* What happens to another instance is its own affair. */
    bh_instance *instance = new_instance(), *other = new_instance();
    struct nested nested = {.name = "crash", .signature = "i(i)", .instance = other};
    int result;
    CHECK(!invoke(instance, "apply", "i(pi)", &result, callback(instance, go_deeper, &nested), 1) && nested.error == BH_ERROR_FAULT);
    CHECK(!invoke(instance, "apply", "i(pi)", &result, callback(instance, go_deeper, &nested), 1) && nested.error == BH_ERROR_DEAD);
    CHECK(!bh_instance_destroy(other) && !bh_instance_destroy(instance));

    /* longjmp on this side of all boundaries works; over one it ends the innermost call, and the rest is the guest's problem. */
    instance = new_instance();
    int one = 1;
    CHECK(!invoke(instance, "jump_inside", "i(pi)", &result, callback(instance, add_context, &one), 1) && result == -1);
    struct nested over = {.name = "jump", .signature = "i(i)"};
    bh_error error = invoke(instance, "jump_outside", "i(pi)", &result, callback(instance, go_deeper, &over), 1);
    CHECK(over.calls == 1 && !over.error && over.result == 7);
    CHECK(!error || error == BH_ERROR_FAULT);
    CHECK(!bh_instance_destroy(instance));
}

/* ---- Who else may use the instance meanwhile ---- */

static void *call_from_elsewhere(void *argument) {
    struct nested *nested = argument;
    nested->error = invoke(nested->instance, "set_own", "v(i)", NULL, 1, 0);
    return NULL;
}

static int try_everything(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    struct nested nested = {.instance = instance};
    pthread_t thread;
    bh_address block;
    (void)context;
    REQUIRE(!pthread_create(&thread, NULL, call_from_elsewhere, &nested) && !pthread_join(thread, NULL));
    CHECK(nested.error == BH_ERROR_BUSY);
    CHECK(bh_instance_destroy(instance) == BH_ERROR_BUSY);
    CHECK(!bh_allocate(instance, 10000, &block) && !bh_fill(instance, block, 7, 10000) && !bh_free(instance, block));
    result->as.i = arguments[0].as.i;
    return 0;
}

static void test_busy(void) {
    bh_instance *instance = new_instance();
    int result;
    CHECK(!invoke(instance, "apply", "i(pi)", &result, callback(instance, try_everything, NULL), 5) && result == 5);
    CHECK(!bh_instance_destroy(instance));
}

/* ---- Deadlines ---- */

static int sleep_a_little(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    struct timespec time = {0, *(long *)context};
    (void)instance, (void)arguments, (void)result;
    while (nanosleep(&time, &time) && errno == EINTR)
        ;
    return 0;
}

static void test_deadlines(void) {
    bh_instance *instance = new_instance();
    int result;
    /* How late: reported, and only what no load explains is an error. */
    uint64_t worst = 0;
    for (int n = 0; n < 5; n++) {
        CHECK(!bh_instance_set_deadline(instance, SECOND / 50));
        uint64_t start = now();
        CHECK(invoke(instance, "spin", "v()", NULL, 0, 0) == BH_ERROR_DEADLINE);
        CHECK(!strcmp(bh_last_error()->symbol, "spin") && bh_last_error()->backtrace_count >= 1);
        uint64_t late = now() - start - SECOND / 50;
        CHECK(now() - start >= SECOND / 50);
        worst = late > worst ? late : worst;
        CHECK(!bh_instance_destroy(instance));
        instance = new_instance();
    }
    printf("deadlines were at most %.2f ms late\n", (double)worst / 1e6);
    CHECK(worst < 2 * SECOND);

    /* A callback that takes too long is not cut off; the guest does not run on after it. */
    long nanoseconds = 60000000;
    CHECK(!bh_instance_set_deadline(instance, SECOND / 50));
    CHECK(invoke(instance, "apply", "i(pi)", &result, callback(instance, sleep_a_little, &nanoseconds), 1) == BH_ERROR_DEADLINE);
    CHECK(!bh_instance_destroy(instance));

    /* The loop of a nested call: by its own deadline, the other instance goes on. */
    instance = new_instance();
    bh_instance *other = new_instance();
    struct nested nested = {.name = "spin", .signature = "v(i)", .instance = other};
    CHECK(!bh_instance_set_deadline(other, SECOND / 50));
    CHECK(!invoke(instance, "apply", "i(pi)", &result, callback(instance, go_deeper, &nested), 1) && nested.error == BH_ERROR_DEADLINE);
    CHECK(!bh_instance_destroy(other));
    /* By the deadline of the outer call, which comes first: both end. */
    other = new_instance();
    nested.instance = other;
    nested.error = BH_OK;
    CHECK(!bh_instance_set_deadline(other, 1000 * SECOND) && !bh_instance_set_deadline(instance, SECOND / 50));
    CHECK(invoke(instance, "apply", "i(pi)", &result, callback(instance, go_deeper, &nested), 1) == BH_ERROR_DEADLINE);
    CHECK(nested.error == BH_ERROR_DEADLINE);
    CHECK(!bh_instance_destroy(other) && !bh_instance_destroy(instance));
    /* Nothing of it is left: a call without a deadline may take its time. */
    instance = new_instance();
    CHECK(!invoke(instance, "apply", "i(pi)", &result, callback(instance, sleep_a_little, &nanoseconds), 1));
    CHECK(!bh_instance_destroy(instance));
}

/* ---- Faults of the host in a callback ---- */

static _Thread_local sigjmp_buf escape;
static volatile sig_atomic_t host_faults;

static void on_host_fault(int signal) {
    (void)signal;
    host_faults++;
    siglongjmp(escape, 1);
}

/* Reads NULL, and recovers inside the callback. */
static int fault_in_host(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    (void)context, (void)instance;
    if (!sigsetjmp(escape, 1))
        result->as.i = *(volatile int *)16;
    else
        result->as.i = arguments[0].as.i;
    return 0;
}

static void *fault_on_thread(void *argument) {
    volatile sig_atomic_t *stop = argument;
    while (!*stop) {
        if (!sigsetjmp(escape, 1))
            (void)*(volatile int *)16;
    }
    return NULL;
}

static void test_host_faults(void) {
    struct sigaction action = {.sa_handler = on_host_fault, .sa_flags = SA_ONSTACK | SA_NODEFER}, old;
    int result;
    /* The handler from before the engine. */
    CHECK(!bh_module_destroy(module) && !bh_engine_destroy(engine));
    REQUIRE(!sigaction(SIGSEGV, &action, &old));
    REQUIRE(!bh_engine_create(NULL, &engine) && !bh_module_load(engine, path, NULL, &module));
    bh_instance *instance = new_instance();
    bh_address pointer = callback(instance, fault_in_host, NULL);
    for (int n = 0; n < 50; n++)
        CHECK(!invoke(instance, "apply", "i(pi)", &result, pointer, (uint64_t)n) && result == n);
    CHECK(host_faults == 50);
    /* One that came after it. */
    REQUIRE(!sigaction(SIGSEGV, &action, NULL));
    CHECK(!bh_engine_check_signals(engine));
    CHECK(!invoke(instance, "apply", "i(pi)", &result, pointer, 3) && result == 3 && host_faults == 51);
    /* The guest's own faults are still the guest's, and the host's handler hears nothing of them. */
    CHECK(invoke(instance, "crash", "i(i)", &result, 0, 0) == BH_ERROR_FAULT && host_faults == 51);
    CHECK(!bh_instance_destroy(instance));

    /* The host faults on one thread while a guest runs and faults on another. */
    volatile sig_atomic_t stop = 0;
    pthread_t thread;
    REQUIRE(!pthread_create(&thread, NULL, fault_on_thread, (void *)&stop));
    /* At least until that thread has got a processor. */
    for (int n = 0; n < 50 || (host_faults <= 51 && n < 1000000); n++) {
        instance = new_instance();
        CHECK(invoke(instance, "crash", "i(i)", &result, n % 2 ? 0 : 3, 0) == BH_ERROR_FAULT);
        CHECK(bh_last_error()->fault == (n % 2 ? BH_FAULT_ACCESS : BH_FAULT_PROTECTION));
        CHECK(!bh_instance_destroy(instance));
    }
    stop = 1;
    pthread_join(thread, NULL);
    CHECK(host_faults > 51);
    signal(SIGSEGV, SIG_DFL);

    /* With nobody to handle it the process dies of it as ever. */
    pid_t child = fork();
    int status;
    if (!child) {
        execl(self, self, path, "crash", (char *)NULL);
        _exit(1);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static int die_here(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    (void)context, (void)instance, (void)arguments;
    result->as.i = *(volatile int *)16;
    return 0;
}

static void crash_in_callback(void) {
    bh_instance *instance = new_instance();
    invoke(instance, "apply", "i(pi)", NULL, callback(instance, die_here, NULL), 1);
}

/* ---- Fork in a callback: the child's guest does not run on ---- */

static int fork_here(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    pid_t *child = context;
    *child = fork();
    if (!*child && invoke(instance, "set_own", "v(i)", NULL, 1, 0) != BH_ERROR_FORKED)
        _exit(1);
    result->as.i = arguments[0].as.i;
    return 0;
}

static void test_fork(void) {
    bh_instance *instance = new_instance();
    pid_t child = -1;
    int result, status;
    bh_error error = invoke(instance, "apply", "i(pi)", &result, callback(instance, fork_here, &child), 5);
    if (!child)
        _exit(error == BH_ERROR_FORKED && invoke(instance, "set_own", "v(i)", NULL, 1, 0) != BH_OK ? 33 : 2);
    CHECK(!error && result == 5);
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 33);
    CHECK(!bh_instance_destroy(instance));
}

/* ---- Backtraces, memory, threads ---- */

static void expect_trace(const char *const *names) {
    const bh_error_detail *detail = bh_last_error();
    unsigned at = 0;
    for (; *names; names++) {
        while (at < detail->backtrace_count && strcmp(detail->backtrace[at].symbol, *names))
            at++;
        CHECK(at < detail->backtrace_count);
        if (at == detail->backtrace_count) {
            for (unsigned n = 0; n < detail->backtrace_count; n++)
                printf("  %u: kind %d %s+0x%llx\n", n, detail->backtrace[n].kind, detail->backtrace[n].symbol,
                       (unsigned long long)detail->backtrace[n].symbol_offset);
            return;
        }
    }
    CHECK(detail->backtrace[0].kind == BH_TRACE_PC && detail->backtrace[0].image_address == detail->image_address);
}

static void test_backtraces(void) {
    bh_instance *instance = new_instance();
    CHECK(invoke(instance, "crash", "i(i)", NULL, 0, 0) == BH_ERROR_FAULT);
    expect_trace((const char *const[]){"crash_here", "crash_middle", "crash", NULL});
    CHECK(bh_last_error()->backtrace_count == 3);
    CHECK(!bh_instance_destroy(instance));
    instance = new_instance();
    CHECK(invoke(instance, "crash_indirectly", "i(i)", NULL, 4, 0) == BH_ERROR_FAULT);
    expect_trace((const char *const[]){"crash_here", "crash_middle", "apply_indirectly", "crash_indirectly", NULL});
    CHECK(!bh_instance_destroy(instance));
    instance = new_instance();
    CHECK(invoke(instance, "overflow", "i(i)", NULL, 0, 0) == BH_ERROR_FAULT && bh_last_error()->fault == BH_FAULT_STACK_OVERFLOW);
    CHECK(bh_last_error()->backtrace_count == BH_BACKTRACE_MAX);
    expect_trace((const char *const[]){"overflow", "overflow", "overflow", NULL});
    CHECK(!bh_instance_destroy(instance));
    instance = new_instance();
    CHECK(invoke(instance, "crash", "i(i)", NULL, 5, 0) == BH_ERROR_FAULT && bh_last_error()->signal == SIGABRT);
    expect_trace((const char *const[]){"abort", "crash_middle", "crash", NULL});
    CHECK(!bh_instance_destroy(instance));
}

struct record {
    int32_t id;
    double value;
    uint64_t name;
};

static void test_memory(void) {
    bh_policy *policy;
    bh_instance *instance;
    bh_value value;
    bh_function function;
    bh_address block, text;
    const void *view;
    size_t length;
    char buffer[16];
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_set_memory_limit(policy, 16 << 20));
    REQUIRE(!bh_instance_create(module, policy, &instance));
    bh_policy_destroy(policy);
    REQUIRE(!bh_instance_function(instance, "records", "p(i)", &function) && !bh_invoke(instance, &function, &value, 100));
    CHECK(!bh_view_open(instance, value.as.p, 100, sizeof(struct record), 4096, &view));
    const struct record *records = view;
    CHECK(records[99].id == 99 && records[99].value == 49.5);
    CHECK(!bh_copy_string(instance, buffer, records[99].name, sizeof(buffer)) && !strcmp(buffer, "name"));
    CHECK(!bh_string_length(instance, records[99].name, 5, &length) && length == 4);
    CHECK(bh_string_length(instance, records[99].name, 4, &length) == BH_ERROR_RANGE);
    bh_view_close(view);
    bh_view_close(NULL);
    CHECK(bh_view_open(instance, value.as.p, 171, sizeof(struct record), 4096, &view) == BH_ERROR_RANGE);
    CHECK(bh_view_open(instance, value.as.p, SIZE_MAX / 2, 3, SIZE_MAX, &view) == BH_ERROR_RANGE);
    CHECK(bh_view_open(instance, bh_instance_base(instance) + 16, 1, 16, 4096, &view) == BH_ERROR_RANGE);
    CHECK(bh_view_open(instance, (bh_address)(uintptr_t)buffer, 1, 16, 4096, &view) == BH_ERROR_RANGE);
    CHECK(!bh_view_open(instance, value.as.p, 0, 16, 0, &view));
    bh_view_close(view);

    CHECK(!bh_allocate(instance, 100000, &block) && !bh_check_range(instance, block, 100000));
    CHECK(!bh_fill(instance, block, 0x5a, 100000) && !bh_copy_out(instance, buffer, block + 99990, 10) && buffer[9] == 0x5a);
    CHECK(bh_fill(instance, bh_instance_base(instance) + BH_CONTEXT_OFFSET, 0, 8) == BH_ERROR_RANGE);
    CHECK(bh_fill(instance, bh_instance_base(instance) - 8, 0, 16) == BH_ERROR_RANGE);
    CHECK(!bh_free(instance, block) && !bh_free(instance, 0));
    CHECK(!bh_allocate_string(instance, "a string", &text) && !bh_copy_string(instance, buffer, text, sizeof(buffer)) && !strcmp(buffer, "a string"));
    CHECK(!bh_free(instance, text));
    CHECK(bh_allocate(instance, 32 << 20, &block) == BH_ERROR_MEMORY && bh_allocate(instance, (size_t)1 << 50, &block) == BH_ERROR_MEMORY);
    CHECK(bh_check_range(instance, bh_instance_base(instance) + BH_SLOT_SIZE - 4, 5) == BH_ERROR_RANGE);
    CHECK(invoke(instance, "exhaust", "i()", NULL, 0, 0) == BH_ERROR_FAULT && bh_last_error()->signal == SIGABRT);
    CHECK(!bh_instance_destroy(instance));
}

static void *thread_body(void *argument) {
    (void)argument;
    for (int n = 0; n < 20; n++) {
        bh_instance *instance = new_instance();
        struct nested nested = {0};
        int result;
        nested.pointer = callback(instance, recurse, &nested);
        for (int round = 0; round < 100; round++)
            CHECK(!invoke(instance, "sum", "i(pi)", &result, nested.pointer, 5) && result == 15);
        struct nested crash = {.name = "crash", .signature = "i(i)", .argument = (uint64_t)n % 6};
        CHECK(invoke(instance, "apply", "i(pi)", &result, callback(instance, go_deeper, &crash), 1) == BH_ERROR_FAULT);
        CHECK(crash.error == BH_ERROR_FAULT);
        CHECK(!bh_instance_destroy(instance));
    }
    return NULL;
}

static void test_threads(void) {
    pthread_t thread[4];
    for (int n = 0; n < 4; n++)
        REQUIRE(!pthread_create(&thread[n], NULL, thread_body, NULL));
    for (int n = 0; n < 4; n++)
        pthread_join(thread[n], NULL);
}

int main(int argc, char **argv) {
    if (argc < 2)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    self = argv[0];
    path = argv[1];
    bh_engine_options options = {.struct_size = sizeof(options), .no_fsgsbase = argc > 2 && !strcmp(argv[2], "no-fsgsbase"),
                                 .refill_return_stack = argc > 2 && !strcmp(argv[2], "refill")};
    REQUIRE(!bh_engine_create(&options, &engine) && !bh_module_load(engine, path, NULL, &module));
    if (argc > 2 && !strcmp(argv[2], "crash")) {
        crash_in_callback();
        return 0;
    }
    test_plain();
    test_limit();
    test_ends();
    test_nesting();
    test_nested_ends();
    test_busy();
    test_deadlines();
    test_backtraces();
    test_memory();
    test_threads();
    test_fork();
    test_host_faults();
    CHECK(!bh_module_destroy(module) && !bh_engine_destroy(engine));
    printf(failures ? "%d checks failed\n" : "ok\n", failures);
    return failures != 0;
}
