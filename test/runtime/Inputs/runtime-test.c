/* The host side of the runtime's tests: runtime-test CASE MODULE. Prints what failed; exit status 0 when nothing did. */
#include <asm/prctl.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

static const char *path;
static bh_engine *engine;
static bh_module *module;

static void open_module(const bh_engine_options *options) {
    REQUIRE(!bh_engine_create(options, &engine));
    REQUIRE(!bh_module_load(engine, path, NULL, &module));
}

static void close_module(void) {
    CHECK(!bh_module_destroy(module));
    CHECK(!bh_engine_destroy(engine));
}

static bh_instance *new_instance(const bh_policy *policy) {
    bh_instance *instance;
    REQUIRE(!bh_instance_create(module, policy, &instance));
    return instance;
}

static bh_error invoke(bh_instance *instance, const char *name, const char *signature, bh_value *result, uint64_t a, uint64_t b) {
    bh_function function;
    bh_error error = bh_instance_function(instance, name, signature, &function);
    return error ? error : bh_invoke(instance, &function, result, a, b);
}

/* A log that uses every register the ABI lets it use. */
static void clobber(void *context, const char *call, const char *detail, int number) {
    (void)call, (void)detail, (void)number;
    ++*(int *)context;
    __asm__ volatile("pcmpeqd %%xmm0, %%xmm0; movaps %%xmm0, %%xmm1; movaps %%xmm0, %%xmm2; movaps %%xmm0, %%xmm3;"
                     "movaps %%xmm0, %%xmm4; movaps %%xmm0, %%xmm5; movaps %%xmm0, %%xmm6; movaps %%xmm0, %%xmm7;"
                     "movaps %%xmm0, %%xmm8; movaps %%xmm0, %%xmm15; fninit; fldz; fstp %%st(0);"
                     : : : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm15", "st");
}

static void test_calls(void) {
    int logged = 0;
    bh_policy *policy;
    CHECK(!bh_policy_create(&policy) && !bh_policy_set_log(policy, clobber, &logged));
    bh_instance *instance = new_instance(policy);
    bh_policy_destroy(policy);
    bh_function function;
    bh_value result;

    CHECK(!invoke(instance, "add", "i(ii)", &result, 2, (uint64_t)-5) && result.as.i == -3);
    CHECK(!invoke(instance, "add64", "l(ll)", &result, 1ull << 40, 5) && result.as.l == (1ll << 40) + 5);
    CHECK(!bh_instance_function(instance, "multiply", "d(dd)", &function));
    CHECK(!bh_invoke(instance, &function, &result, 1.5, -4.0) && result.as.d == -6.0);
    CHECK(!bh_instance_function(instance, "mix", "d(idlf)", &function));
    CHECK(!bh_invoke(instance, &function, &result, 1, 0.5, (uint64_t)100, 0.25) && result.as.d == 101.75);
    CHECK(!bh_instance_function(instance, "eighth", "l(llllllll)", &function));
    CHECK(!bh_invoke(instance, &function, &result, 1l, 2l, 3l, 4l, 5l, 6l, 7l, 8l) && result.as.l == 8);
    CHECK(!bh_instance_function(instance, "ninth", "d(ddddddddd)", &function));
    CHECK(!bh_invoke(instance, &function, &result, 1., 2., 3., 4., 5., 6., 7., 8., 9.) && result.as.d == 9);
    CHECK(!bh_instance_function(instance, "twice", "e(e)", &function));
    CHECK(!bh_invoke(instance, &function, &result, 1.25L) && result.as.e == 2.5L);
    CHECK(!invoke(instance, "survives", "i()", &result, 0, 0) && result.as.i == 0 && logged == 1);

    /* What is wrong is said, and harms nothing. */
    CHECK(bh_instance_function(instance, "missing", "v()", &function) == BH_ERROR_NOT_FOUND);
    CHECK(bh_instance_function(instance, "cell", "v()", &function) == BH_ERROR_NOT_FOUND);
    CHECK(bh_instance_function(instance, "add", "i(ii", &function) == BH_ERROR_SIGNATURE);
    CHECK(bh_instance_function(instance, "add", "i(i...)", &function) == BH_ERROR_SIGNATURE);
    CHECK(bh_instance_function(instance, "add", "x()", &function) == BH_ERROR_SIGNATURE);
    CHECK(!bh_instance_function(instance, "add", "i(ii)", &function));
    bh_value wrong[2] = {{.type = 'i'}, {.type = 'd'}};
    CHECK(bh_call(instance, &function, wrong, NULL) == BH_ERROR_SIGNATURE);
    int status;
    CHECK(bh_instance_run(instance, 0, NULL, &status) == BH_ERROR_KIND);
    CHECK(bh_module_destroy(module) == BH_ERROR_BUSY);
    CHECK(bh_engine_destroy(engine) == BH_ERROR_BUSY);
    CHECK(!bh_instance_destroy(instance));
}

static void test_memory(void) {
    bh_instance *instance = new_instance(NULL);
    bh_address cell, pointer, zeros;
    uint64_t word = 0;
    bh_value result;
    CHECK(!bh_instance_symbol(instance, "cell", &cell));
    CHECK(!bh_instance_symbol(instance, "pointer", &pointer));
    CHECK(!bh_instance_symbol(instance, "zeros", &zeros));
    CHECK(!bh_copy_out(instance, &word, cell, 8) && word == 0x1122334455667788);
    CHECK(!bh_copy_out(instance, &word, pointer, 8) && word == cell); /* relocated */
    word = 99;
    CHECK(!bh_copy_in(instance, cell, &word, 8));
    CHECK(!invoke(instance, "load", "i(p)", &result, cell, 0) && result.as.i == 99);
    CHECK(!invoke(instance, "store", "v(pi)", NULL, cell, 7));
    CHECK(!bh_copy_out(instance, &word, cell, 8) && word == 7);

    /* Another instance has its own data. */
    bh_instance *other = new_instance(NULL);
    bh_address other_cell;
    CHECK(!bh_instance_symbol(other, "cell", &other_cell) && other_cell != cell);
    CHECK(!bh_copy_out(other, &word, other_cell, 8) && word == 0x1122334455667788);
    CHECK(bh_copy_out(other, &word, cell, 8) == BH_ERROR_RANGE);
    CHECK(!bh_instance_destroy(other));

    bh_address base = bh_instance_base(instance);
    char buffer[64];
    CHECK(bh_copy_in(instance, base, &word, 8) == BH_ERROR_RANGE);              /* NULL page */
    CHECK(bh_copy_in(instance, base + BH_CONTEXT_OFFSET, &word, 8) == BH_ERROR_RANGE); /* read-only */
    CHECK(!bh_copy_out(instance, &word, base + BH_CONTEXT_OFFSET, 8) && word == base);
    CHECK(bh_copy_out(instance, &word, base + BH_SLOT_SIZE - 4, 8) == BH_ERROR_RANGE);
    CHECK(bh_copy_out(instance, &word, base - 1, 8) == BH_ERROR_RANGE);
    CHECK(bh_copy_out(instance, &word, (bh_address)(uintptr_t)&word, 8) == BH_ERROR_RANGE);
    CHECK(bh_copy_out(instance, buffer, cell, SIZE_MAX) == BH_ERROR_RANGE);
    CHECK(!bh_copy_in(instance, zeros, "text", 5));
    CHECK(!bh_copy_string(instance, buffer, zeros, sizeof(buffer)) && !strcmp(buffer, "text"));
    CHECK(bh_copy_string(instance, buffer, zeros, 4) == BH_ERROR_RANGE);
    CHECK(bh_guest_malloc(instance, 10, &cell) == BH_ERROR_NOT_FOUND);
    CHECK(!bh_instance_destroy(instance));
}

static void expect_fault(const char *name, bh_fault_kind kind, int signal, const char *symbol) {
    bh_instance *instance = new_instance(NULL);
    CHECK(invoke(instance, name, "v()", NULL, 0, 0) == BH_ERROR_FAULT);
    const bh_error_detail *detail = bh_last_error();
    if (detail->fault != kind || detail->signal != signal || strcmp(detail->symbol, symbol)) {
        printf("%s: kind %d (%s), signal %d, symbol '%s', text '%s'\n", name, detail->fault, bh_fault_text(detail->fault),
               detail->signal, detail->symbol, detail->text);
        failures++;
    }
    CHECK(invoke(instance, "add", "i(ii)", NULL, 1, 1) == BH_ERROR_DEAD);
    CHECK(!bh_instance_destroy(instance));
}

static void test_faults(void) {
    for (int round = 0; round < 3; round++) {
        expect_fault("fault_halt", BH_FAULT_PROTECTION, SIGSEGV, "fault_halt");
        expect_fault("fault_illegal", BH_FAULT_ILLEGAL, SIGILL, "fault_illegal");
        expect_fault("fault_trap", BH_FAULT_TRAP, SIGTRAP, "fault_trap");
        expect_fault("fault_divide", BH_FAULT_ARITHMETIC, SIGFPE, "fault_divide");
        expect_fault("fault_float", BH_FAULT_ARITHMETIC, SIGFPE, "fault_float");
        expect_fault("fault_null", BH_FAULT_ACCESS, SIGSEGV, "fault_null");
        expect_fault("fault_misaligned", BH_FAULT_PROTECTION, SIGSEGV, "fault_misaligned");
        expect_fault("fault_overflow", BH_FAULT_STACK_OVERFLOW, SIGSEGV, "fault_overflow");
        expect_fault("fault_hostcall", BH_FAULT_HOSTCALL, SIGSYS, "");
        expect_fault("do_abort", BH_FAULT_SIGNAL, SIGABRT, "do_abort");
    }
    bh_instance *instance = new_instance(NULL);
    CHECK(invoke(instance, "do_exit", "v()", NULL, 0, 0) == BH_ERROR_EXITED && bh_last_error()->exit_status == 42);
    CHECK(invoke(instance, "add", "i(ii)", NULL, 1, 1) == BH_ERROR_DEAD);
    CHECK(!bh_instance_destroy(instance));
    /* The host's arithmetic is not a guest's business. */
    volatile double zero = 0;
    CHECK(isnan(zero / zero));
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void test_deadline(void) {
    for (int round = 0; round < 3; round++) {
        bh_instance *instance = new_instance(NULL);
        CHECK(!bh_instance_set_deadline(instance, 50000000));
        bh_value result;
        CHECK(!invoke(instance, "add", "i(ii)", &result, 1, 1) && result.as.i == 2);
        uint64_t start = now();
        CHECK(invoke(instance, "loop_forever", "v()", NULL, 0, 0) == BH_ERROR_DEADLINE);
        CHECK(!strcmp(bh_last_error()->symbol, "loop_forever"));
        CHECK(now() - start >= 50000000);
        CHECK(!bh_instance_destroy(instance));
    }
    /* In a system call, too. */
    bh_policy *policy;
    CHECK(!bh_policy_create(&policy) && !bh_policy_grant(policy, BH_GRANT_CLOCK));
    int ends[2];
    CHECK(!pipe(ends) && !bh_policy_grant_stream(policy, 0, ends[0]));
    bh_instance *instance = new_instance(policy);
    bh_address zeros;
    bh_function call;
    CHECK(!bh_instance_symbol(instance, "zeros", &zeros) && !bh_instance_function(instance, "call", "l(llll)", &call));
    CHECK(!bh_instance_set_deadline(instance, 50000000));
    CHECK(bh_invoke(instance, &call, NULL, (uint64_t)SYS_read, 0ul, zeros, 10ul) == BH_ERROR_DEADLINE);
    CHECK(!bh_instance_destroy(instance));
    close(ends[0]);
    close(ends[1]);
    bh_policy_destroy(policy);
}

/* Start code that never ends, in a program's constructors or a library's: only the policy can stop it. */
static void test_start_deadline(void) {
    bh_policy *policy;
    bh_instance *instance = NULL;
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_set_deadline(policy, 50000000));
    uint64_t start = now();
    CHECK(bh_instance_create(module, policy, &instance) == BH_ERROR_DEADLINE && !instance);
    CHECK(!strcmp(bh_last_error()->symbol, "start_forever"));
    CHECK(now() - start >= 50000000);
    /* The slot is free again. */
    CHECK(bh_instance_create(module, policy, &instance) == BH_ERROR_DEADLINE);
    bh_policy_destroy(policy);
}

/* ---- The host's own handlers ---- */

static sigjmp_buf back;
static volatile sig_atomic_t host_faults, host_signals;
static volatile uintptr_t handler_stack;

static void on_host_fault(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info, (void)context;
    host_faults++;
    siglongjmp(back, 1);
}

static void on_host_signal(int signal) {
    char here;
    (void)signal;
    handler_stack = (uintptr_t)&here;
    host_signals++;
}

static void on_sent_signal(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    host_signals += info->si_code <= 0;
}

static void fault_in_host(void) {
    int before = host_faults;
    if (!sigsetjmp(back, 1))
        *(volatile int *)16 = 1;
    CHECK(host_faults == before + 1);
}

/* A fault of the host inside a host call is the host's, too. */
static void fault_in_log(void *context, const char *call, const char *detail, int number) {
    (void)context, (void)call, (void)detail, (void)number;
    fault_in_host();
}

static void test_host_fault_in_call(void) {
    bh_policy *policy;
    bh_value result;
    CHECK(!bh_policy_create(&policy) && !bh_policy_set_log(policy, fault_in_log, NULL));
    bh_instance *instance = new_instance(policy);
    bh_policy_destroy(policy);
    int before = host_faults;
    CHECK(!invoke(instance, "survives", "i()", &result, 0, 0) && result.as.i == 0);
    CHECK(host_faults == before + 1);
    CHECK(!bh_instance_destroy(instance));
}

/* Creations look at the handlers: a few each, many that follow one another quickly not all, but the next one does after a
 * millisecond, and who was refused is refused again. */
static void look_sometimes(bool refuse) {
    const struct timespec pause = {0, 2000000};
    bh_instance *instance;
    struct sigaction found;
    open_module(&(bh_engine_options){.struct_size = sizeof(bh_engine_options), .slots = 2, .refuse_handlers = refuse});
    for (int n = 0; n < 14; n++) {
        signal(SIGALRM, on_host_signal);
        CHECK(bh_instance_create(module, NULL, &instance) == (refuse ? BH_ERROR_SIGNALS : BH_OK));
        if (refuse)
            signal(SIGALRM, SIG_DFL);
        else
            CHECK(!sigaction(SIGALRM, NULL, &found) && (found.sa_flags & SA_ONSTACK) && !bh_instance_destroy(instance));
    }
    signal(SIGALRM, SIG_DFL);
    for (int n = 0; n < 500; n++)
        CHECK(!bh_instance_destroy(new_instance(NULL)));
    signal(SIGALRM, on_host_signal);
    nanosleep(&pause, NULL);
    for (int n = 0; refuse && n < 100; n++)
        CHECK(bh_instance_create(module, NULL, &instance) == BH_ERROR_SIGNALS);
    if (!refuse) {
        CHECK(!bh_instance_create(module, NULL, &instance) && !bh_instance_destroy(instance));
        CHECK(!sigaction(SIGALRM, NULL, &found) && (found.sa_flags & SA_ONSTACK));
    }
    signal(SIGALRM, SIG_DFL);
    close_module();
}

static void test_host_handlers(void) {
    struct sigaction action = {.sa_sigaction = on_host_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    open_module(NULL);
    fault_in_host();
    expect_fault("fault_null", BH_FAULT_ACCESS, SIGSEGV, "fault_null");
    fault_in_host();
    fault_in_host();
    expect_fault("fault_overflow", BH_FAULT_STACK_OVERFLOW, SIGSEGV, "fault_overflow");

    test_host_fault_in_call();

    /* A handler that replaces the engine's is put behind it again. */
    sigaction(SIGSEGV, &action, NULL);
    CHECK(!bh_engine_check_signals(engine));
    expect_fault("fault_null", BH_FAULT_ACCESS, SIGSEGV, "fault_null");
    fault_in_host();

    /* A handler without SA_ONSTACK gets it, and runs on the alternate stack when it interrupts a guest. */
    signal(SIGALRM, on_host_signal);
    bh_instance *instance = new_instance(NULL);
    struct sigaction now_installed;
    sigaction(SIGALRM, NULL, &now_installed);
    CHECK(now_installed.sa_flags & SA_ONSTACK);
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    CHECK(!timer_create(CLOCK_MONOTONIC, &event, &timer));
    CHECK(!timer_settime(timer, 0, &(struct itimerspec){{0, 1000000}, {0, 1000000}}, NULL));
    CHECK(!bh_instance_set_deadline(instance, 500000000));
    CHECK(invoke(instance, "loop_forever", "v()", NULL, 0, 0) == BH_ERROR_DEADLINE);
    CHECK(host_signals > 10);
    bh_address base = bh_instance_base(instance);
    CHECK(handler_stack - base >= BH_SLOT_SIZE && handler_stack >= BH_SLOT_SIZE);
    timer_delete(timer);
    CHECK(!bh_instance_destroy(instance));

    /* A fault signal that somebody sends while a guest runs is not the guest's fault. */
    action.sa_sigaction = on_sent_signal;
    sigaction(SIGSEGV, &action, NULL);
    instance = new_instance(NULL);
    event.sigev_signo = SIGSEGV;
    host_signals = 0;
    CHECK(!timer_create(CLOCK_MONOTONIC, &event, &timer));
    CHECK(!timer_settime(timer, 0, &(struct itimerspec){{0, 1000000}, {0, 1000000}}, NULL));
    CHECK(!bh_instance_set_deadline(instance, 500000000));
    CHECK(invoke(instance, "loop_forever", "v()", NULL, 0, 0) == BH_ERROR_DEADLINE);
    CHECK(host_signals > 5);
    timer_delete(timer);
    CHECK(!bh_instance_destroy(instance));
    close_module();

    /* Or is refused, where the host wants to hear of it. */
    signal(SIGALRM, on_host_signal);
    CHECK(bh_engine_create(&(bh_engine_options){.struct_size = sizeof(bh_engine_options), .refuse_handlers = true}, &engine) ==
          BH_ERROR_SIGNALS);

    sigaction(SIGALRM, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    look_sometimes(false);
    look_sometimes(true);

    /* A fault that nobody handles kills the process as ever, and is not mistaken for a guest's. */
    pid_t child = fork();
    if (!child) {
        signal(SIGSEGV, SIG_DFL);
        *(volatile int *)16 = 1;
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void default_action(void) {
    pid_t child = fork();
    if (!child) {
        *(volatile int *)16 = 1;
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    child = fork();
    if (!child) {
        raise(SIGFPE);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGFPE);
    /* In the child of a fork no guest runs. */
    bh_instance *instance = new_instance(NULL);
    child = fork();
    if (!child)
        _exit(invoke(instance, "add", "i(ii)", NULL, 1, 1) == BH_ERROR_FORKED ? 33 : 0);
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 33);
    CHECK(!bh_instance_destroy(instance));
}

/* ---- Leaks ---- */

static unsigned count_lines(const char *name) {
    FILE *file = fopen(name, "re");
    unsigned lines = 0;
    for (int c; (c = fgetc(file)) != EOF;)
        lines += c == '\n';
    fclose(file);
    return lines;
}

static unsigned count_descriptors(void) {
    unsigned count = 0;
    for (int fd = 0; fd < 1000; fd++)
        count += fcntl(fd, F_GETFD) != -1;
    return count;
}

static void leaks(bool keeps_slots) {
    bh_policy *policy;
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_grant_directory(policy, "/tmp", "/tmp", BH_READ_ONLY));
    /* This thread's alternate stack stays, and the slots that are kept; everything else is to be as it was before the first
     * instance. */
    bh_module *kept = module;
    bh_engine *kept_engine = engine;
    open_module(NULL);
    CHECK(!bh_instance_destroy(new_instance(NULL)));
    close_module();
    module = kept;
    engine = kept_engine;
    if (keeps_slots)
        CHECK(!bh_instance_destroy(new_instance(NULL)));
    unsigned maps = count_lines("/proc/self/maps"), descriptors = count_descriptors();
    for (int n = 0; n < 1000; n++) {
        bh_instance *instance = new_instance(n % 2 ? policy : NULL);
        bh_function call;
        bh_value result;
        bh_address zeros = 0;
        CHECK(!bh_instance_function(instance, "call", "l(llll)", &call) && !bh_instance_symbol(instance, "zeros", &zeros));
        CHECK(!bh_copy_in(instance, zeros, "/tmp", 5));
        CHECK(!bh_invoke(instance, &call, &result, (uint64_t)SYS_open, zeros, (uint64_t)O_RDONLY, 0ul));
        CHECK(result.as.l == (n % 2 ? 0 : -ENOENT));
        CHECK(!bh_invoke(instance, &call, &result, (uint64_t)SYS_brk, bh_instance_base(instance) + 0x4000000, 0ul, 0ul));
        if (n % 3 == 0)
            CHECK(invoke(instance, "fault_null", "v()", NULL, 0, 0) == BH_ERROR_FAULT);
        CHECK(!bh_instance_destroy(instance));
    }
    CHECK(bh_engine_mappings(engine) == 0);
    CHECK(count_lines("/proc/self/maps") == maps);
    CHECK(count_descriptors() == descriptors);
    bh_policy_destroy(policy);
    /* Nothing of one instance is readable in the next: bss and heap start as zeros. */
    bh_instance *instance = new_instance(NULL);
    bh_address zeros;
    char buffer[5];
    CHECK(!bh_instance_symbol(instance, "zeros", &zeros) && !bh_copy_out(instance, buffer, zeros, 5) && !memcmp(buffer, "\0\0\0\0", 5));
    CHECK(!bh_instance_destroy(instance));
}

static void test_leaks(void) {
    const bool keeps_slots[] = {true, false};
    for (int n = 0; n < 2; n++) {
        open_module(&(bh_engine_options){.struct_size = sizeof(bh_engine_options), .slots = 3, .unmap_slots = !keeps_slots[n]});
        leaks(keeps_slots[n]);
        close_module();
    }
}

static void test_slots(void) {
    bh_instance *instances[4], *extra;
    for (int n = 0; n < 4; n++)
        instances[n] = new_instance(NULL);
    CHECK(bh_instance_create(module, NULL, &extra) == BH_ERROR_NO_SLOT);
    CHECK(!bh_instance_destroy(instances[2]));
    CHECK(!bh_instance_create(module, NULL, &extra));
    instances[2] = extra;
    bh_value result;
    for (int n = 0; n < 4; n++)
        CHECK(!invoke(instances[n], "add", "i(ii)", &result, (uint64_t)n, 1) && result.as.i == n + 1);
    for (int n = 0; n < 4; n++)
        CHECK(!bh_instance_destroy(instances[n]));
}

/* ---- Threads of the host ---- */

static pthread_barrier_t all_run;

static void *thread_body(void *argument) {
    (void)argument;
    /* All four at once in each round: else the C library keeps as many stacks and arenas as happened to be in use. */
    pthread_barrier_wait(&all_run);
    for (int n = 0; n < 20; n++) {
        bh_instance *instance = new_instance(NULL);
        bh_value result;
        CHECK(!invoke(instance, "add", "i(ii)", &result, 20, (uint64_t)n) && result.as.i == 20 + n);
        CHECK(invoke(instance, "fault_null", "v()", NULL, 0, 0) == BH_ERROR_FAULT);
        CHECK(!bh_instance_destroy(instance));
    }
    return NULL;
}

static void test_threads(void) {
    unsigned before = 0;
    /* Each slot was used once, and is kept: how many the threads use together is up to the scheduler. */
    bh_instance *all[4];
    for (int n = 0; n < 4; n++)
        all[n] = new_instance(NULL);
    for (int n = 0; n < 4; n++)
        CHECK(!bh_instance_destroy(all[n]));
    pthread_barrier_init(&all_run, NULL, 4);
    for (int round = 0; round < 3; round++) {
        pthread_t threads[4];
        for (int n = 0; n < 4; n++)
            pthread_create(&threads[n], NULL, thread_body, NULL);
        for (int n = 0; n < 4; n++)
            pthread_join(threads[n], NULL);
        if (!round)
            before = count_lines("/proc/self/maps");
    }
    CHECK(count_lines("/proc/self/maps") <= before + 4); /* malloc's arenas */
}

static void test_errors(void) {
    bh_module *bad;
    /* A process whose readable mappings are executable hosts nobody: guest data would be code. */
    personality(READ_IMPLIES_EXEC);
    CHECK(bh_engine_create(NULL, &engine) == BH_ERROR_HOST && strstr(bh_last_error()->text, "READ_IMPLIES_EXEC"));
    personality(0);
    CHECK(bh_engine_create(&(bh_engine_options){.struct_size = 1}, &engine) == BH_ERROR_ARGUMENT);
    CHECK(bh_engine_create(&(bh_engine_options){.struct_size = sizeof(bh_engine_options), .slots = 1u << 20}, &engine) ==
          BH_ERROR_ARGUMENT);
    open_module(NULL);
    CHECK(bh_module_load(engine, "/nonexistent", NULL, &bad) == BH_ERROR_UNREADABLE);
    CHECK(bh_module_load(engine, "/", NULL, &bad) == BH_ERROR_UNREADABLE);
    CHECK(bh_module_load(engine, "/proc/self/exe", NULL, &bad) == BH_ERROR_MALFORMED ||
          bh_last_error()->error == BH_ERROR_CONTRACT);
    CHECK(bh_module_load_memory(engine, "#!/bin/sh", 9, "script", NULL, &bad) == BH_ERROR_NOT_ELF);
    CHECK(bh_module_load_memory(engine, "", 0, "empty", NULL, &bad) == BH_ERROR_NOT_ELF);
    CHECK(bh_module_load_memory(engine, "\177ELF", 4, "short", NULL, &bad) == BH_ERROR_MALFORMED);
    CHECK(bh_module_load(NULL, path, NULL, &bad) == BH_ERROR_ARGUMENT);

    /* From memory and from a descriptor as from a path. */
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(!bh_module_load_fd(engine, fd, path, NULL, &bad) && !bh_module_destroy(bad));
    struct stat info;
    fstat(fd, &info);
    void *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    CHECK(!bh_module_load_memory(engine, bytes, (size_t)info.st_size, path, NULL, &bad));
    memset(bytes, 0, (size_t)info.st_size); /* the module has its own copy */
    bh_instance *instance;
    bh_value result;
    CHECK(!bh_instance_create(bad, NULL, &instance));
    CHECK(!invoke(instance, "add", "i(ii)", &result, 1, 2) && result.as.i == 3);
    CHECK(!bh_instance_destroy(instance) && !bh_module_destroy(bad));
    close(fd);
    CHECK(bh_instance_destroy(NULL) == BH_OK && bh_module_destroy(NULL) == BH_OK);
    for (int n = -1; n <= BH_ERROR_COUNT; n++)
        CHECK(bh_error_text((bh_error)n) != NULL);
    close_module();
}

/* GS that something else in the process changed must not lead the guest's accesses into the host. */
static void test_gs(void) {
    bh_instance *instance = new_instance(NULL);
    bh_address cell;
    bh_value result;
    CHECK(!bh_instance_symbol(instance, "cell", &cell));
    for (int n = 0; n < 3; n++) {
        static uint64_t host_memory[16];
        syscall(SYS_arch_prctl, ARCH_SET_GS, host_memory);
        CHECK(!invoke(instance, "load", "i(p)", &result, cell, 0) && result.as.i == 0x55667788);
    }
    CHECK(!bh_instance_destroy(instance));
}

/* What MXCSR and x87 control words a guest leaves do not reach the host, and the host's do not reach the guest. */
static void test_float_state(void) {
    bh_instance *instance = new_instance(NULL);
    unsigned strange = 0x1f80 | 0x6000 | 0x3f, mxcsr; /* round to zero, all sticky flags */
    unsigned short control = 0x0c7f, after;           /* double precision bits off, round to zero */
    bh_value result;
    __asm__ volatile("ldmxcsr %0; fldcw %1" : : "m"(strange), "m"(control));
    CHECK(!invoke(instance, "survives", "i()", &result, 0, 0));
    __asm__ volatile("stmxcsr %0; fnstcw %1" : "=m"(mxcsr), "=m"(after));
    unsigned normal = 0x1f80;
    __asm__ volatile("ldmxcsr %0; fninit" : : "m"(normal));
    CHECK((mxcsr & 0xffc0) == (strange & 0xffc0) && after == control);
    CHECK(!bh_instance_destroy(instance));
}

static void test_refill(void) {
    open_module(&(bh_engine_options){.struct_size = sizeof(bh_engine_options), .slots = 1, .refill_return_stack = true});
    test_calls();
    test_faults();
    test_deadline();
    close_module();
}

/* The C library of test/runtime/Inputs/clibrary.c. */
static void test_clibrary(void) {
    bh_instance *instance = new_instance(NULL);
    bh_function function;
    bh_value result;
    bh_address block;
    int numbers[1000], sorted[1000];
    CHECK(!invoke(instance, "was_constructed", "i()", &result, 0, 0) && result.as.i == 42);
    for (int n = 0; n < 1000; n++)
        numbers[n] = n * 7919 % 1000;
    CHECK(!bh_guest_malloc(instance, sizeof(numbers), &block) && !bh_copy_in(instance, block, numbers, sizeof(numbers)));
    CHECK(!invoke(instance, "sort", "v(pm)", NULL, block, 1000));
    CHECK(!bh_copy_out(instance, sorted, block, sizeof(sorted)));
    for (int n = 0; n < 1000; n++)
        CHECK(sorted[n] == n);
    CHECK(!bh_copy_in(instance, block, "twelve bytes", 13));
    CHECK(!invoke(instance, "length", "m(p)", &result, block, 0) && result.as.m == 12);
    CHECK(!bh_guest_free(instance, block));
    CHECK(!bh_instance_function(instance, "hypotenuse", "d(dd)", &function));
    CHECK(!bh_invoke(instance, &function, &result, 3.0, 4.0) && result.as.d == 5.0);
    CHECK(!bh_instance_function(instance, "third", "e(e)", &function));
    CHECK(!bh_invoke(instance, &function, &result, 1.0L) && result.as.e == 1.0L / 3);
    CHECK(!invoke(instance, "churn", "i(i)", &result, 2000, 0) && result.as.i == 0);
    CHECK(!bh_guest_malloc(instance, 100, &block) && !bh_copy_in(instance, block, "/etc/passwd", 12));
    CHECK(!invoke(instance, "open_error", "i(p)", &result, block, 0) && result.as.i == ENOENT);
    CHECK(bh_guest_malloc(instance, (size_t)1 << 40, &block) == BH_ERROR_MEMORY);
    CHECK(invoke(instance, "leave", "v(i)", NULL, 9, 0) == BH_ERROR_EXITED && bh_last_error()->exit_status == 9);
    CHECK(!bh_instance_destroy(instance));
    instance = new_instance(NULL);
    CHECK(invoke(instance, "give_up", "v()", NULL, 0, 0) == BH_ERROR_FAULT && bh_last_error()->signal == SIGABRT);
    CHECK(!bh_instance_destroy(instance));
    instance = new_instance(NULL);
    CHECK(invoke(instance, "deep", "i(i)", NULL, 0, 0) == BH_ERROR_FAULT && bh_last_error()->fault == BH_FAULT_STACK_OVERFLOW);
    CHECK(!strcmp(bh_last_error()->symbol, "deep"));
    CHECK(!bh_instance_destroy(instance));
}

/* What a guest said before it gave up stands in the error, whether or not it has a standard error. */
static void test_said(void) {
    char long_line[400], expected[BH_SAID_MAX], fits[BH_SAID_MAX], long_text[400];
    memset(long_line, 'x', sizeof(long_line) - 1);
    long_line[sizeof(long_line) - 1] = 0;
    memset(expected, 'x', sizeof(expected) - 1);
    expected[sizeof(expected) - 1] = 0;
    memcpy(long_line, "its beginning ", 14);
    memcpy(long_line + sizeof(long_line) - 1 - 8, " its end", 8);
    memcpy(expected, "its beginning ", 14);
    memcpy(expected + 79, " ... ", 5);
    memcpy(expected + sizeof(expected) - 1 - 8, " its end", 8);
    memset(fits, 'y', sizeof(fits) - 1);
    fits[sizeof(fits) - 1] = 0;
    memset(long_text, 'x', sizeof(long_text));
    strcpy(long_text + 350, "\nthis is why\n");
    const struct {
        const char *text, *function, *said;
        bool in_text;
    } rows[] = {
        {"this is why\n", "give_up", "this is why", true}, {"this is why\n\n\n", "give_up", "this is why", true},
        {"unfinished", "give_up", "unfinished", true},      {"bell\a \033[2J \xc2\x9b\n", "give_up", "bell? ?[2J ??", true},
        {"this is why\n", "unsound", "this is why", false}, {long_line, "give_up", expected, true},
        {long_text, "give_up", "this is why", true},        {fits, "give_up", fits, true},
    };
    for (size_t n = 0; n < sizeof(rows) / sizeof(*rows); n++) {
        bh_instance *instance = new_instance(NULL);
        bh_address block;
        CHECK(!bh_guest_malloc(instance, 400, &block) && !bh_copy_in(instance, block, rows[n].text, strlen(rows[n].text) + 1));
        CHECK(!invoke(instance, "say", "v(p)", NULL, block, 0));
        CHECK(invoke(instance, rows[n].function, "v()", NULL, 0, 0) == BH_ERROR_FAULT);
        CHECK(!strcmp(bh_last_error()->said, rows[n].said));
        CHECK(!strstr(bh_last_error()->text, "it said: ") == !rows[n].in_text);
        CHECK(!bh_instance_reset(instance) && invoke(instance, "give_up", "v()", NULL, 0, 0) == BH_ERROR_FAULT);
        CHECK(!bh_last_error()->said[0] && !strstr(bh_last_error()->text, "it said: "));
        CHECK(!bh_instance_destroy(instance));
    }
    bh_instance *instance = new_instance(NULL);
    CHECK(invoke(instance, "forget", "v(i)", NULL, 1, 0) == BH_ERROR_FAULT);
    CHECK(strstr(bh_last_error()->text, "; it said: Assertion failed: !unequal ("));
    CHECK(!bh_instance_destroy(instance));
}

static void measure(void) {
    bh_instance *instance = new_instance(NULL);
    bh_function add;
    bh_value values[2] = {{.type = 'i', .as.i = 1}, {.type = 'i', .as.i = 2}}, result;
    CHECK(!bh_instance_function(instance, "add", "i(ii)", &add));
    double best = 1e9;
    for (int round = 0; round < 20; round++) {
        uint64_t start = now();
        for (int n = 0; n < 100000; n++)
            bh_call(instance, &add, values, &result);
        double each = (double)(now() - start) / 100000;
        best = each < best ? each : best;
    }
    printf("call and return: %.1f ns\n", best);
    bh_function call;
    CHECK(!bh_instance_function(instance, "call", "l(llll)", &call));
    best = 1e9;
    for (int round = 0; round < 20; round++) {
        uint64_t start = now();
        for (int n = 0; n < 100000; n++)
            bh_invoke(instance, &call, NULL, (uint64_t)SYS_getppid, 0ul, 0ul, 0ul);
        double each = (double)(now() - start) / 100000;
        best = each < best ? each : best;
    }
    printf("the same with a host call inside: %.1f ns\n", best);
    bh_instance_destroy(instance);
    uint64_t start = now();
    for (int n = 0; n < 1000; n++)
        bh_instance_destroy(new_instance(NULL));
    printf("create and destroy: %.1f us\n", (double)(now() - start) / 1e6);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
        unsigned slots; /* 0: the case makes its own engine */
        bool no_fsgsbase;
    } cases[] = {{"calls", test_calls, 1, false},       {"memory", test_memory, 2, false},
                 {"faults", test_faults, 1, false},     {"deadline", test_deadline, 1, false},
                 {"handlers", test_host_handlers, 0, false}, {"default-action", default_action, 1, false},
                 {"leaks", test_leaks, 0, false},       {"slots", test_slots, 4, false},
                 {"threads", test_threads, 8, false},   {"errors", test_errors, 0, false},
                 {"gs", test_gs, 1, false},             {"float-state", test_float_state, 1, false},
                 {"calls-without-fsgsbase", test_calls, 1, true}, {"gs-without-fsgsbase", test_gs, 1, true},
                 {"faults-without-fsgsbase", test_faults, 1, true}, {"refill", test_refill, 0, false},
                 {"clibrary", test_clibrary, 1, false}, {"said", test_said, 1, false},
                 {"start-deadline", test_start_deadline, 1, false},
                 {"measure", measure, 1, false}};
    if (argc != 3)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    path = argv[2];
    for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
        if (strcmp(cases[n].name, argv[1]))
            continue;
        bh_engine_options options = {.struct_size = sizeof(options), .slots = cases[n].slots, .no_fsgsbase = cases[n].no_fsgsbase};
        if (cases[n].slots)
            open_module(&options);
        cases[n].run();
        if (cases[n].slots)
            close_module();
        printf(failures ? "%d checks failed\n" : "ok\n", failures);
        return failures != 0;
    }
    printf("no case '%s'\n", argv[1]);
    return 2;
}
