/* gs-host CASE MODULE: a host in which GS cannot be set, or not always: no guest may run with another base than its own. The secret lies
 * below 4 GiB (-no-pie), where guests reach it when GS is 0. Linked with --wrap=syscall and --wrap=pthread_create. */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../runtime/Inputs/check.h"

static volatile int secret = 12345;
static int seccomp_errno = -1; /* what filters answer, 0 included; -1: there are none */
static bool pretends;          /* arch_prctl is a story that this file tells */
static bh_engine *engine;
static bh_module *module;
static bh_instance *instance;

/* The calling thread's arch_prctl fails with that errno, or does nothing and says that all went well. */
static void filter(void) {
    struct sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_arch_prctl, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)seccomp_errno),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof(instructions) / sizeof(*instructions), .filter = instructions};
    REQUIRE(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

static void clear_gs(void) {
    __asm__ volatile("movl %0, %%gs" : : "r"(0));
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...) {
    static unsigned long told;
    va_list list;
    long a[6];
    va_start(list, number);
    for (int n = 0; n < 6; n++)
        a[n] = va_arg(list, long);
    va_end(list);
    if (pretends && number == SYS_arch_prctl && a[0] == ARCH_SET_GS)
        return told = (unsigned long)a[1], 0;
    if (pretends && number == SYS_arch_prctl && a[0] == ARCH_GET_GS)
        return *(unsigned long *)a[1] = told, 0;
    return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Threads that the runtime makes for guests are filtered. */
struct start {
    void *(*function)(void *);
    void *argument;
};

static void *start_filtered(void *argument) {
    struct start start = *(struct start *)argument;
    free(argument);
    filter();
    return start.function(start.argument);
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *), void *argument) {
    struct start *start = malloc(sizeof(*start));
    REQUIRE(start);
    *start = (struct start){function, argument};
    return __real_pthread_create(thread, attributes, start_filtered, start);
}

static void disturb(void) {
    clear_gs();
    if (seccomp_errno >= 0)
        filter();
}

static int on_callback(void *context, bh_instance *caller, const bh_value *arguments, bh_value *result) {
    disturb();
    return 0;
}

static void on_refusal(void *context, const char *call, const char *detail, int error) {
    disturb();
}

static bh_error poke(const char *how, bh_address at) {
    bh_function function;
    bh_address callback = 0;
    bool called = !strcmp(how, "after_callback");
    REQUIRE(!called || !bh_callback_create(instance, "v()", on_callback, NULL, &callback));
    REQUIRE(!bh_instance_function(instance, how, called ? "v(pip)" : "v(pi)", &function));
    return called ? bh_invoke(instance, &function, NULL, at, 666, callback) : bh_invoke(instance, &function, NULL, at, 666);
}

static void refused(bh_error error) {
    CHECK(error == BH_ERROR_HOST && bh_last_error()->error == error && strstr(bh_last_error()->text, "arch_prctl"));
    CHECK(secret == 12345);
}

static void create(const char *path, bool fsgsbase) {
    bh_policy *policy;
    REQUIRE(!bh_engine_create(&(bh_engine_options){.struct_size = sizeof(bh_engine_options), .no_fsgsbase = !fsgsbase}, &engine));
    REQUIRE(!bh_module_load(engine, path, NULL, &module) && !bh_policy_create(&policy));
    REQUIRE(!bh_policy_set_log(policy, on_refusal, NULL) && !bh_policy_set_thread_limit(policy, 4));
    REQUIRE(!bh_instance_create(module, policy, &instance));
    bh_policy_destroy(policy);
}

/* From the start: there is no engine. */
static void test_start(const char *path) {
    disturb();
    refused(bh_engine_create(&(bh_engine_options){.struct_size = sizeof(bh_engine_options), .no_fsgsbase = true}, &engine));
}

static void *poke_here(void *how) {
    disturb();
    refused(poke(how, (bh_address)(uintptr_t)&secret));
    return NULL;
}

/* Later, on one thread: nothing of the call runs, and other threads go on. */
static void test_late(const char *path) {
    pthread_t thread;
    bh_address cell;
    int value = 0;
    create(path, false);
    REQUIRE(!__real_pthread_create(&thread, NULL, poke_here, "poke") && !pthread_join(thread, NULL));
    CHECK(!bh_instance_symbol(instance, "cell", &cell) && !poke("poke", cell));
    CHECK(!bh_copy_out(instance, &value, cell, sizeof(value)) && value == 666);
}

/* Within a call: it ends. */
static void test_callback(const char *path) {
    create(path, false);
    refused(poke("after_callback", (bh_address)(uintptr_t)&secret));
    CHECK(poke("poke", (bh_address)(uintptr_t)&secret) == BH_ERROR_DEAD);
}

static void test_log(const char *path) {
    create(path, false);
    refused(poke("after_call", (bh_address)(uintptr_t)&secret));
    CHECK(poke("poke", (bh_address)(uintptr_t)&secret) == BH_ERROR_DEAD);
}

/* What the kernel says is one thing: the processor is asked as well. */
static void test_pretended(const char *path) {
    create(path, false);
    clear_gs();
    pretends = true;
    refused(poke("poke", (bh_address)(uintptr_t)&secret));
}

static void test_thread(const char *path) {
    bh_function spawn;
    bh_value result;
    create(path, false);
    REQUIRE(!bh_instance_function(instance, "spawn", "i(p)", &spawn));
    refused(bh_invoke(instance, &spawn, &result, (bh_address)(uintptr_t)&secret));
}

/* Nothing is refused, but something changes GS wherever host code runs: it is set again. */
static void test_changed(const char *path) {
    static const char *const ways[] = {"poke", "after_callback", "after_call"};
    for (int fsgsbase = 0; fsgsbase < 2; fsgsbase++) {
        create(path, fsgsbase);
        for (int n = 0; n < 3; n++) {
            bh_address cell;
            int value = 0;
            clear_gs();
            CHECK(!bh_instance_symbol(instance, "cell", &cell) && !bh_copy_in(instance, cell, &value, sizeof(value)));
            CHECK(!poke(ways[n], cell));
            CHECK(!bh_copy_out(instance, &value, cell, sizeof(value)) && value == 666);
        }
        CHECK(!bh_instance_destroy(instance));
        bh_module_destroy(module);
        CHECK(!bh_engine_destroy(engine));
    }
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(const char *path);
        int seccomp_errno;
    } cases[] = {
        {"start-refused", test_start, EPERM},       {"start-faked", test_start, 0},       {"late-refused", test_late, EPERM},
        {"late-faked", test_late, 0},               {"callback-refused", test_callback, EPERM}, {"callback-faked", test_callback, 0},
        {"log-refused", test_log, EPERM},           {"log-faked", test_log, 0},           {"thread-refused", test_thread, EPERM},
        {"thread-faked", test_thread, 0},           {"pretended", test_pretended, -1},    {"changed", test_changed, -1},
    };
    REQUIRE(argc == 3 && (uintptr_t)&secret < BH_SLOT_SIZE);
    for (unsigned n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
        if (strcmp(argv[1], cases[n].name))
            continue;
        seccomp_errno = cases[n].seccomp_errno;
        cases[n].run(argv[2]);
        return failures != 0;
    }
    REQUIRE(!"a case of that name");
}
