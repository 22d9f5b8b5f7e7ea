/* What a guest can do by the contexts of its signals: signal-attacks MODULE (signals.S). Prints what failed. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "../../runtime/Inputs/check.h"

#define STICKY 0x3f             /* of MXCSR: any function may set them */
#define MXCSR_TRAPS 0x1d80      /* as feenableexcept(FE_DIVBYZERO) leaves it */
#define MXCSR_ROUNDS_UP 0x5f80
#define CONTROL_DEFAULT 0x37f
#define CONTROL_TRAPS 0x37b
#define CONTROL_SHORT 0x7f      /* 24 bits of precision */

static bh_engine *engine;
static bh_module *module;
static bh_instance *instance;

static unsigned mxcsr(void) {
    unsigned value;
    __asm__ volatile("stmxcsr %0" : "=m"(value));
    return value & ~(unsigned)STICKY;
}

static unsigned short control(void) {
    unsigned short value;
    __asm__ volatile("fnstcw %0" : "=m"(value));
    return value;
}

static void set(unsigned sse, unsigned short x87) {
    __asm__ volatile("ldmxcsr %0; fldcw %1" : : "m"(sse), "m"(x87));
}

static bh_error call(const char *name, const char *signature, uint64_t mode, uint64_t callback, int64_t *result) {
    bh_function function;
    bh_value value = {0};
    REQUIRE(!bh_instance_function(instance, name, signature, &function));
    bh_error error = bh_invoke(instance, &function, &value, mode, callback);
    *result = value.as.l;
    return error;
}

/* What is on the host's stack when the guest's signal frame is made there. */
static void on_refused_call(void *context, const char *name, const char *detail, int number) {
    volatile unsigned char stack[32768];
    (void)context, (void)name, (void)detail, (void)number;
    memset((void *)stack, 0xa0, sizeof(stack)); /* of an address where a function could begin */
}

/* The runtime's, for what a signal interrupted. */
static bool no_memory;
void *aligned_alloc(size_t alignment, size_t size) {
    void *block;
    return no_memory || posix_memalign(&block, alignment, size) ? NULL : block;
}

/* As they are to be at the end. */
static const struct modes {
    unsigned mxcsr;
    unsigned short control;
} defaults = {0x1f80, CONTROL_DEFAULT};
static struct modes modes = {0x1f80, CONTROL_DEFAULT};

static void begin(void) {
    bh_policy *policy;
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_set_log(policy, on_refused_call, NULL));
    REQUIRE(!bh_instance_create(module, policy, &instance));
    bh_policy_destroy(policy);
}

static void end(void) {
    CHECK(mxcsr() == modes.mxcsr && control() == modes.control);
    modes = defaults;
    set(modes.mxcsr, modes.control);
    CHECK(!bh_instance_destroy(instance));
}

struct frame {
    uint64_t return_address, pad;
    siginfo_t info;
    ucontext_t context;
};

/* A second stack. */
static uint64_t elsewhere(void) {
    bh_address arena;
    REQUIRE(!bh_instance_symbol(instance, "arena", &arena));
    return arena + 32768;
}

/* rsp where a handler returns from a signal that came at sp (runtime/linux/signal.c). */
static uint64_t sigreturn_sp(uint64_t sp) {
    return (sp - BH_STACK_SCRATCH_SIZE - sizeof(struct frame)) & ~(uint64_t)15;
}

/* ---- A context of an earlier call, of another thread of the host ---- */

static void *first(void *unused) {
    int64_t result;
    set(MXCSR_TRAPS, CONTROL_TRAPS);
    CHECK(!call("attack", "l(ll)", 0, 0, &result) && result == 1);
    CHECK(mxcsr() == MXCSR_TRAPS && control() == CONTROL_TRAPS);
    return unused;
}

static void test_earlier_call(void) {
    pthread_t thread;
    int64_t result;
    begin();
    REQUIRE(!pthread_create(&thread, NULL, first, NULL));
    pthread_join(thread, NULL);
    CHECK(call("again", "l(ll)", 0, 0, &result) == BH_ERROR_FAULT && bh_last_error()->fault == BH_FAULT_SIGNAL);
    end();
    /* The same from within a handler, which has a context of its own. */
    begin();
    uint64_t there = elsewhere();
    CHECK(!call("attack", "l(ll)", 4, there, &result) && result == 1);
    CHECK(call("attack", "l(ll)", 2, sigreturn_sp(there), &result) == BH_ERROR_FAULT && bh_last_error()->fault == BH_FAULT_SIGNAL);
    end();
}

/* ---- No context ---- */

static void test_no_context(void) {
    int64_t result;
    for (int memory = 0; memory < 2; memory++) { /* none for it, or the guest's is gone */
        begin();
        no_memory = !memory;
        CHECK(call("attack", "l(ll)", memory ? 12 : 0, elsewhere(), &result) == BH_ERROR_FAULT);
        CHECK(bh_last_error()->fault == BH_FAULT_SIGNAL);
        no_memory = false;
        end();
    }
}

/* ---- A context of the call around a nested one ---- */

static int call_again(void *context, bh_instance *from, const bh_value *arguments, bh_value *result) {
    int64_t value;
    (void)context, (void)from, (void)arguments, (void)result;
    CHECK(call("again", "l(ll)", 0, 0, &value) == BH_ERROR_FAULT && bh_last_error()->fault == BH_FAULT_SIGNAL);
    return 0;
}

/* The same from within a handler. */
static int return_for_outer(void *context, bh_instance *from, const bh_value *arguments, bh_value *result) {
    int64_t value;
    (void)context, (void)from, (void)result;
    CHECK(call("attack", "l(ll)", 2, arguments[0].as.p + 8, &value) == BH_ERROR_FAULT);
    CHECK(bh_last_error()->fault == BH_FAULT_SIGNAL);
    return 0;
}

/* A signal of a nested call whose context seems to be in the same place. */
static int cover_outer(void *context, bh_instance *from, const bh_value *arguments, bh_value *result) {
    struct frame frame;
    int64_t value;
    (void)context, (void)result;
    CHECK(!bh_copy_out(from, &frame, arguments[0].as.p, sizeof(frame)));
    CHECK(!call("attack", "l(ll)", 4, (uint64_t)frame.context.uc_mcontext.gregs[REG_RSP], &value) && value == 1);
    CHECK(!bh_copy_in(from, arguments[0].as.p, &frame, sizeof(frame)));
    return 0;
}

/* A signal in a nested call leaves the contexts of the call around it alone. */
static int call_attack(void *context, bh_instance *from, const bh_value *arguments, bh_value *result) {
    int64_t value;
    (void)context, (void)from, (void)arguments, (void)result;
    CHECK(!call("attack", "l(ll)", 0, 0, &value) && value == 1);
    return 0;
}

static void run_with(bh_callback_function *function, bh_error expected) {
    bh_address callback;
    int64_t result;
    begin();
    REQUIRE(!bh_callback_create(instance, "v(p)", function, NULL, &callback));
    CHECK(call("attack", "l(ll)", 1, callback, &result) == expected && (expected || result == 8));
    end();
}

/* ---- A context of this very call: what the host sets meanwhile stays ---- */

static int change_modes(void *context, bh_instance *from, const bh_value *arguments, bh_value *result) {
    (void)context, (void)from, (void)arguments, (void)result;
    modes = (struct modes){MXCSR_ROUNDS_UP, CONTROL_SHORT};
    set(modes.mxcsr, modes.control);
    return 0;
}

/* ---- What the guest sees of the host's stack ---- */

static const struct frame empty;

static int look(void *unused, bh_instance *from, const bh_value *arguments, bh_value *result) {
    struct frame frame;
    (void)unused, (void)result;
    CHECK(!bh_copy_out(from, &frame, arguments[0].as.p, sizeof(frame)));
    CHECK(frame.info.si_signo == SIGUSR1 && frame.info.si_code == SI_TKILL && frame.info.si_pid == 2);
    frame.info.si_signo = frame.info.si_code = 0;
    frame.info.si_pid = 0;
    frame.info.si_uid = 0;
    CHECK(frame.context.uc_stack.ss_flags == SS_DISABLE);
    frame.context.uc_stack.ss_flags = 0;
    greg_t *registers = frame.context.uc_mcontext.gregs;
    CHECK((uint64_t)registers[REG_RIP] - bh_instance_base(from) < BH_SLOT_SIZE);
    CHECK((uint64_t)registers[REG_RSP] - bh_instance_base(from) < BH_SLOT_SIZE);
    registers[REG_RIP] = registers[REG_RSP] = registers[REG_RBP] = registers[REG_RAX] = 0;
    CHECK(!memcmp(&frame, &empty, sizeof(frame)));
    return 0;
}

int main(int argc, char **argv) {
    bh_engine_options options = {.struct_size = sizeof(options), .slots = 2};
    if (argc != 2)
        return 2;
    REQUIRE(!bh_engine_create(&options, &engine) && !bh_module_load(engine, argv[1], NULL, &module));
    test_earlier_call();
    test_no_context();
    run_with(call_again, BH_ERROR_FAULT);
    run_with(return_for_outer, BH_ERROR_FAULT);
    /* A nested attack has changed mode and argument, but the handler that called back goes on to its rt_sigreturn. */
    run_with(call_attack, BH_OK);
    run_with(cover_outer, BH_OK);
    run_with(change_modes, BH_OK);
    run_with(look, BH_OK);
    CHECK(!bh_module_destroy(module) && !bh_engine_destroy(engine));
    return failures != 0;
}
