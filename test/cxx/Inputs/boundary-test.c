/* boundary-test MODULE [threads] (boundary.cpp; threads: the module is built with -pthread) */
#include "guest-calls.h"

#include <pthread.h>
#include <signal.h>

#define PREFIX "libc++abi: terminating due to uncaught exception of type "

static bh_instance *instance;

static bh_error call(const char *name, int argument, int *number) {
    bh_value result = {0};
    bh_error error = invoke(instance, name, "i(i)", &result, (uint64_t)argument, 0);
    *number = error ? -1 : result.as.i;
    return error;
}

static int get(const char *name) {
    bh_value result = {0};
    return invoke(instance, name, "i()", &result, 0, 0) ? -1 : result.as.i;
}

/* What inner's argument leads to: the beginning of what the guest says. */
static const char *const ends[] = {
    PREFIX "std::runtime_error: from within",
    PREFIX "int",
    PREFIX "Twice<Named<std::__1:: ... ",
    PREFIX "Text: yyyyyyyyyyyyyyyy ... yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy",
    "two?[2J?",
    PREFIX "std::logic_error: not to leave",
    "libc++abi: terminating",
    "libc++abi: Pure virtual function called!",
    "the handler's own",
    PREFIX "int",
    PREFIX "std::out_of_range: again",
    PREFIX "std::domain_error: kept",
    PREFIX "std::runtime_error*",
    PREFIX "Text: ",
    "libc++abi: terminate_handler unexpectedly returned",
    "libc++abi: terminating",
    PREFIX "Text*",
    "libc++abi: Deleted virtual function called!",
    PREFIX "std::runtime_error: in a thread",
};
#define ENDS (sizeof(ends) / sizeof(*ends))

static void check_end(size_t n, bh_error error) {
    const bh_error_detail *detail = bh_last_error();
    bool good = error == BH_ERROR_FAULT && detail->fault == BH_FAULT_SIGNAL && detail->signal == SIGABRT;
    good = good && !strncmp(detail->said, ends[n], strlen(ends[n])) && strstr(detail->text, ends[n]);
    for (const char *c = detail->text; *c; c++)
        good = good && *c >= ' ' && *c <= '~';
    if (!good)
        printf("failed: end %zu: error %d, said: %s\ntext: %s\n", n, error, detail->said, detail->text);
    failures += !good;
}

static bh_error nested;
static bool end_outer;

static int on_host(void *context, bh_instance *from, const bh_value *arguments, bh_value *result) {
    int number;
    (void)context, (void)from, (void)result;
    if (arguments[0].as.i < 0)
        return 7;
    nested = call("inner", arguments[0].as.i, &number);
    check_end((size_t)arguments[0].as.i, nested);
    /* Nothing of the call around it has run. */
    CHECK(call("inner", 1, &number) == BH_ERROR_DEAD);
    return end_outer;
}

static void give_host(bh_callback_function *function, void *context) {
    bh_address address;
    CHECK(!bh_callback_create(instance, "v(i)", function, context, &address));
    CHECK(!invoke(instance, "give", "v(p)", NULL, address, 0));
}

/* The guest's variable, of an instance that is dead as well. */
static int variable(const char *name) {
    bh_address at;
    int value = -1;
    CHECK(!bh_instance_symbol(instance, name, &at) && !bh_copy_out(instance, &value, at, sizeof(value)));
    return value;
}

static void *test_ends(void *threads) {
    for (size_t n = 0; n < ENDS; n++) {
        int number;
        if (n == ENDS - 1 && !threads)
            break;
        check_end(n, call("inner", (int)n, &number));
        CHECK(!bh_instance_reset(instance));
        for (int round = 0; round < 2; round++) {
            end_outer = round;
            give_host(on_host, NULL);
            nested = BH_OK;
            CHECK(call("outer", (int)n, &number) == BH_ERROR_FAULT && nested == BH_ERROR_FAULT);
            check_end(n, BH_ERROR_FAULT);
            CHECK(variable("caught") == 0 && variable("destroyed") == 0);
            CHECK(!bh_instance_reset(instance));
        }
    }
    return NULL;
}

/* What the frames of the outer call do where they may. */
static void test_within(void) {
    int number;
    CHECK(!call("outer", 3, &number) && number == 1 && variable("caught") == 1 && variable("destroyed") == 2);
    CHECK(!bh_instance_reset(instance));
}

/* Another instance's exception is an error for the callback that called it, and no more. */
static int on_other(void *other, bh_instance *from, const bh_value *arguments, bh_value *result) {
    bh_value value;
    (void)from, (void)result;
    check_end(0, invoke(other, "inner", "i(i)", &value, (uint64_t)arguments[0].as.i, 0));
    return 0;
}

static void test_other(const bh_policy *policy) {
    int number;
    bh_instance *other = new_instance(policy);
    give_host(on_other, other);
    CHECK(!call("outer", 0, &number) && number == 1 && variable("caught") == 0 && variable("destroyed") == 2);
    CHECK(!bh_instance_destroy(other) && !bh_instance_reset(instance));
}

static void test_reset(void) {
    int number;
    for (int what = 0; what < 4; what++) {
        give_host(on_host, NULL);
        CHECK(get("left") == 0);
        bh_instance_set_deadline(instance, what == 3 ? 50000000 : 0);
        bh_error error = call("half", what, &number);
        CHECK(error == (what == 3 ? BH_ERROR_DEADLINE : what == 2 ? BH_ERROR_FAULT : BH_ERROR_CALLBACK));
        bh_instance_set_deadline(instance, 0);
        CHECK(!bh_instance_reset(instance));
        CHECK(get("left") == 0);
        CHECK(!call("emergency", 1000, &number) && number == 2000);
    }
}

static void test_many(void) {
    bh_usage before, after;
    int number;
    CHECK(!call("many", 100, &number) && number == 100);
    bh_instance_get_usage(instance, &before);
    CHECK(!call("many", 10000, &number) && number == 10000);
    bh_instance_get_usage(instance, &after);
    CHECK(after.mapped == before.mapped && after.mappings == before.mappings);
    CHECK(!call("emergency", 1000, &number) && number == 2000);
}

int main(int argc, char **argv) {
    bh_policy *policy;
    bool threads = argc == 3;
    REQUIRE(argc >= 2);
    open_module(argv[1], 2);
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_set_memory_limit(policy, 64 << 20));
    REQUIRE(!bh_policy_set_thread_limit(policy, 2));
    instance = new_instance(policy);
    test_within();
    test_ends(threads ? instance : NULL);
    test_other(policy);
    test_reset();
    test_many();
    if (threads) {
        pthread_t thread;
        REQUIRE(!pthread_create(&thread, NULL, test_ends, instance));
        pthread_join(thread, NULL);
    }
    CHECK(!bh_instance_destroy(instance));
    bh_policy_destroy(policy);
    close_module();
    return failures != 0;
}
