/* The host that hand-written guests attack: attack-host ATTACK EXPECTATION
 *
 * ATTACK is a library that exports `attack`; EXPECTATION is one of
 *     refused RULE         the verifier refuses it by that rule
 *     fault KIND           the call ends in a contained fault of that kind (number of enum bh_fault_kind)
 *     returns N            attack returns N
 *     error N              bh_call returns that bh_error
 *     contained [MODE]     any of fault, return, exit; with MODE attack's variable `mode` is that, and it counts in `tried`
 * attack gets the address of a secret in the host, of a function in the host, of the host's stack, and of the slot behind its
 * own. The slots before and behind hold instances with a canary in their memory; the secret and more canaries lie in the
 * host, and for attacks by callbacks directly before and behind the slot, where else nothing is mapped. Whatever happens, none of
 * them may change, and the host's registers, arithmetic, signals and memory must work. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "bulkhead/bulkhead.h"

#define CANARY 0x5ca1ab1e0ddba115
#define MANY 1000

static int failures;
#define CHECK(condition)                                                                                                       \
    do {                                                                                                                       \
        if (!(condition)) {                                                                                                    \
            printf("failed: %s (last error: %s)\n", #condition, bh_last_error()->text);                                       \
            failures++;                                                                                                        \
        }                                                                                                                      \
    } while (0)

static volatile uint64_t secret = CANARY;
static volatile sig_atomic_t called;
static void host_function(void) {
    called = 1;
}

static volatile sig_atomic_t signals, wrong_stack;
static uintptr_t stack_low, stack_high;
static void on_signal(int number) {
    char here;
    (void)number;
    signals++;
    if ((uintptr_t)&here < stack_low || (uintptr_t)&here >= stack_high)
        wrong_stack = 1;
}

static void start_signals(void) {
    stack_t stack;
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_RESTART};
    sigaltstack(NULL, &stack);
    stack_low = (uintptr_t)stack.ss_sp;
    stack_high = stack_low + stack.ss_size;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 200}, {0, 200}}, NULL);
}

/* Values that must not reach the guest, in every register that a call does not use for arguments. */
static void fill_registers(void) {
    static const uint64_t stale[4] __attribute__((aligned(32))) = {CANARY, CANARY, CANARY, CANARY};
    if (__builtin_cpu_supports("avx"))
        __asm__ volatile("vmovdqa %0, %%ymm0; vmovdqa %0, %%ymm1; vmovdqa %0, %%ymm2; vmovdqa %0, %%ymm3;"
                         "vmovdqa %0, %%ymm4; vmovdqa %0, %%ymm5; vmovdqa %0, %%ymm6; vmovdqa %0, %%ymm7;"
                         "vmovdqa %0, %%ymm8; vmovdqa %0, %%ymm9; vmovdqa %0, %%ymm10; vmovdqa %0, %%ymm11;"
                         "vmovdqa %0, %%ymm12; vmovdqa %0, %%ymm13; vmovdqa %0, %%ymm14; vmovdqa %0, %%ymm15"
                         : : "m"(stale) : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
                           "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
    __asm__ volatile("movq %0, %%mm0; movq %0, %%mm1; movq %0, %%mm2; movq %0, %%mm3;"
                     "movq %0, %%mm4; movq %0, %%mm5; movq %0, %%mm6; movq %0, %%mm7; emms" : : "m"(stale));
    __asm__ volatile("movq %0, %%rcx; movq %0, %%rdx; movq %0, %%rsi; movq %0, %%rdi; movq %0, %%r8; movq %0, %%r9;"
                     "movq %0, %%r10; movq %0, %%r11" : : "m"(stale) : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11");
    unsigned sticky = 0x1fbf;
    __asm__ volatile("ldmxcsr %0" : : "m"(sticky));
}

static void require(bh_error error) {
    if (error) {
        printf("failed: %s\n", bh_last_error()->text);
        exit(1);
    }
}

static bh_engine *engine;
static bh_module *module;
static bh_instance *neighbour[2], *victim;
static bh_address canary_page[2];
static char *beside; /* host memory as near to the reservation as it gets */
static uint64_t *around[2]; /* a page directly before the victim's slot, and one behind */

static void place_canary(int n, bh_instance *instance) {
    uint64_t word = CANARY;
    neighbour[n] = instance;
    require(bh_instance_symbol(instance, "arena", &canary_page[n]));
    for (uint64_t at = 0; at < 4096; at += 8)
        require(bh_copy_in(instance, canary_page[n] + at, &word, 8));
}

static void check_canaries(void) {
    uint64_t word;
    CHECK(secret == CANARY);
    CHECK(!called);
    for (int n = 0; n < 2; n++) {
        for (uint64_t at = 0; at < 4096; at += 8)
            if (bh_copy_out(neighbour[n], &word, canary_page[n] + at, 8) || word != CANARY) {
                printf("failed: the canary in slot %d changed\n", n * 2);
                failures++;
                break;
            }
        CHECK(!bh_copy_out(neighbour[n], &word, bh_instance_base(neighbour[n]) + BH_CONTEXT_OFFSET, 8) &&
              word == bh_instance_base(neighbour[n]));
    }
    for (int n = 0; n < 4096; n++)
        CHECK(beside[n] == 0x5a);
    for (int n = 0; n < 2; n++)
        CHECK(!around[n] || (around[n][0] == CANARY && !memcmp(around[n], around[n] + 1, 4096 - 8)));
}

/* The host goes on: x87 and SSE arithmetic, memory mappings (none of which may land in the guest's reach), calls. */
static void check_host(void) {
    volatile long double wide = 2;
    volatile double narrow = 2, zero = 0;
    CHECK(wide * wide + 1 == 5 && narrow * narrow / 3 > 1.3);
    CHECK(1 / zero > 1e300);
    bh_address low = bh_instance_base(neighbour[0]), high = low + 3 * BH_SLOT_SIZE;
    static void *maps[MANY];
    int refused = 0, inside = 0;
    for (int n = 0; n < MANY; n++) {
        /* Alternating protections, so that the kernel cannot join them. */
        maps[n] = mmap(NULL, (size_t)(1 + n % 7) << 12, n % 2 ? PROT_READ : PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        refused += maps[n] == MAP_FAILED;
        inside += (bh_address)(uintptr_t)maps[n] - low < high - low;
    }
    for (int n = 0; n < MANY; n++)
        if (maps[n] != MAP_FAILED)
            munmap(maps[n], (size_t)(1 + n % 7) << 12);
    CHECK(!refused && !inside);
    bh_function function;
    bh_value result;
    for (int n = 0; n < 2; n++)
        CHECK(!bh_instance_function(neighbour[n], "benign", "l()", &function) &&
              !bh_invoke(neighbour[n], &function, &result) && result.as.l == 42);
}

/* ---- Callbacks, for attacks that export `callbacks`, an array of four pointers ---- */

static int callback_depth;

/* long(long what): 0 nothing, 1 calls the export `inner` and returns what it returned, 2 ends the call. Leaves host values in every
 * register that a callback may change. */
static int on_callback(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    volatile long double wide = 3;
    volatile double narrow = 0;
    bh_function inner;
    bh_value value;
    (void)context;
    CHECK(instance == victim && ++callback_depth < 1000);
    CHECK(wide * wide + 1 == 10 && 1 / narrow > 1e300);
    if (arguments[0].as.l == 2)
        return 77;
    if (arguments[0].as.l == 1) {
        require(bh_instance_function(instance, "inner", "l()", &inner));
        bh_error error = bh_invoke(instance, &inner, &value);
        result->as.l = error ? -(int64_t)error : value.as.l;
    }
    fill_registers();
    return 0;
}

/* Its arguments lie where no guest's are read: it does not run. */
static int on_stack_callback(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    (void)context, (void)instance, (void)result;
    for (int n = 0; n < 8; n++)
        CHECK(arguments[n].as.l != CANARY);
    printf("failed: a callback ran whose arguments cannot be read\n");
    failures++;
    return 0;
}

/* A structure that is returned in memory, where the guest says. */
static int on_structure_callback(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    (void)context, (void)instance, (void)arguments;
    memset(result->as.s, 0xee, 32);
    return 0;
}

/* Calls the export `inner` with a structure by value that does not fit between the slot's beginning and where the host puts a stack whose
 * rsp is too low. */
static int on_low_callback(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    static uint64_t structure[(BH_NULL_GUARD_SIZE / 2 + 2048) / 8];
    bh_value value = {.type = '{', .as.s = structure};
    char signature[32];
    bh_function inner;
    (void)context, (void)arguments, (void)result;
    snprintf(signature, sizeof(signature), "l({%zul})", sizeof(structure) / sizeof(*structure));
    require(bh_instance_function(instance, "inner", signature, &inner));
    CHECK(bh_call(instance, &inner, &value, &value) == BH_ERROR_RANGE);
    return 0;
}

static uint64_t *map_page(bh_address at, uint64_t word) {
    uint64_t *page = mmap((void *)(uintptr_t)at, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (page == MAP_FAILED)
        exit(1);
    for (int n = 0; n < 512; n++)
        page[n] = word;
    return page;
}

static void register_callbacks(void) {
    bh_address table, entry[4], unnamed;
    if (bh_instance_symbol(victim, "callbacks", &table))
        return;
    around[0] = map_page(bh_instance_base(victim) - 4096, CANARY);
    around[1] = map_page(bh_instance_base(victim) + BH_SLOT_SIZE, CANARY);
    map_page(bh_instance_base(victim) + BH_SLOT_SIZE - 4096, 0); /* no guard is what ends a copy at the slot's end */
    require(bh_callback_create(victim, "l(l)", on_callback, NULL, &entry[0]));
    require(bh_callback_create(victim, "l(llllllll)", on_stack_callback, NULL, &entry[1]));
    require(bh_callback_create(victim, "l(l)", on_callback, NULL, &entry[2]));
    require(bh_callback_create(victim, "{4l}()", on_structure_callback, NULL, &unnamed)); /* number 3 */
    require(bh_callback_create(victim, "v()", on_low_callback, NULL, &unnamed)); /* number 4 */
    require(bh_callback_destroy(victim, entry[2]));
    entry[3] = (bh_address)(uintptr_t)host_function;
    require(bh_copy_in(victim, table, entry, sizeof(entry)));
}

/* What the policy has the host do during a refused call: anything, arithmetic included. */
static void on_refused_call(void *context, const char *call, const char *detail, int number) {
    volatile long double wide = 3;
    (void)context, (void)call, (void)detail, (void)number;
    CHECK(wide * wide + 1 == 10);
}

struct outcome {
    bh_error error;
    bh_error_detail detail;
    bh_value result;
};

static char first_rule[32];
static void on_refusal(void *context, const bh_refusal *refusal) {
    (void)context;
    if (!first_rule[0])
        snprintf(first_rule, sizeof(first_rule), "%s", refusal->rule);
}

static struct outcome attack(void) {
    struct outcome outcome = {0};
    bh_function function;
    uint64_t here;
    require(bh_instance_function(victim, "attack", "l(pppp)", &function));
    register_callbacks();
    start_signals();
    fill_registers();
    outcome.error = bh_invoke(victim, &function, &outcome.result, (uint64_t)(uintptr_t)&secret,
                              (uint64_t)(uintptr_t)host_function, (uint64_t)(uintptr_t)&here,
                              bh_instance_base(victim) + BH_SLOT_SIZE);
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL);
    outcome.detail = *bh_last_error();
    return outcome;
}

static bool expected(const struct outcome *outcome, const char *kind, long number) {
    if (!strcmp(kind, "fault"))
        return outcome->error == BH_ERROR_FAULT && outcome->detail.fault == (bh_fault_kind)number;
    if (!strcmp(kind, "returns"))
        return outcome->error == BH_OK && outcome->result.as.l == number;
    if (!strcmp(kind, "error"))
        return outcome->error == (bh_error)number;
    return !strcmp(kind, "contained") &&
           (!outcome->error || outcome->error == BH_ERROR_FAULT || outcome->error == BH_ERROR_EXITED || outcome->error == BH_ERROR_DEADLINE ||
            outcome->error == BH_ERROR_CALLBACK);
}

/* For an attack of many attempts, each of which may be its last. */
static void set_mode(long mode) {
    bh_address at;
    require(bh_instance_symbol(victim, "mode", &at));
    require(bh_copy_in(victim, at, &mode, sizeof(mode)));
}

static void check_tried(void) {
    bh_address at;
    long tried = 0;
    CHECK(!bh_instance_symbol(victim, "tried", &at) && !bh_copy_out(victim, &tried, at, sizeof(tried)) && tried);
    printf("%ld attempts\n", tried);
}

int main(int argc, char **argv) {
    if (argc < 3)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    bh_engine_options options = {.struct_size = sizeof(options), .slots = 3};
    require(bh_engine_create(&options, &engine));
    bh_module_options module_options = {.struct_size = sizeof(module_options), .refusal = on_refusal};
    bh_error error = bh_module_load(engine, argv[1], &module_options, &module);
    if (!strcmp(argv[2], "refused")) {
        bool good = error == BH_ERROR_REFUSED && argc > 3 && !strcmp(first_rule, argv[3]);
        printf(good ? "refused as expected: %s\n" : "failed: not refused by that rule: %s\n", bh_last_error()->text);
        bh_module_destroy(module);
        return !good;
    }
    require(error);
    beside = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(beside, 0x5a, 4096);
    bh_policy *policy;
    require(bh_policy_create(&policy));
    require(bh_policy_grant_stream(policy, 0, open("/dev/zero", O_RDONLY | O_CLOEXEC)));
    require(bh_policy_grant_stream(policy, 1, open("/dev/null", O_WRONLY | O_CLOEXEC)));
    require(bh_policy_set_log(policy, on_refused_call, NULL));
    bh_instance *instance[3];
    for (int n = 0; n < 3; n++)
        require(bh_instance_create(module, policy, &instance[n]));
    place_canary(0, instance[0]);
    victim = instance[1];
    place_canary(1, instance[2]);
    CHECK(bh_instance_base(instance[1]) == bh_instance_base(instance[0]) + BH_SLOT_SIZE);
    require(bh_instance_set_deadline(victim, 2000000000));

    bool has_mode = !strcmp(argv[2], "contained") && argc > 3;
    if (has_mode)
        set_mode(strtol(argv[3], NULL, 0));
    struct outcome outcome = attack();
    unsigned mxcsr;
    unsigned short control;
    __asm__ volatile("stmxcsr %0; fnstcw %1" : "=m"(mxcsr), "=m"(control));
    CHECK((mxcsr & 0xffc0) == 0x1f80 && control == 0x37f);
    check_canaries();
    check_host();
    if (has_mode)
        check_tried();
    if (!expected(&outcome, argv[2], argc > 3 ? strtol(argv[3], NULL, 0) : 0)) {
        printf("failed: expected %s %s, got error %d (%s), result %lld\n", argv[2], argc > 3 ? argv[3] : "", outcome.error,
               outcome.error ? outcome.detail.text : "none", (long long)outcome.result.as.l);
        failures++;
    }
    CHECK(!wrong_stack);
    for (int n = 0; n < 3; n++)
        CHECK(!bh_instance_destroy(instance[n]));
    CHECK(!bh_module_destroy(module) && !bh_engine_destroy(engine));
    bh_policy_destroy(policy);
    printf(failures ? "%d checks failed\n" : "ok, %d signals meanwhile\n", failures ? failures : (int)signals);
    return failures != 0;
}
