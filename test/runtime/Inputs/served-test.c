/* served-test MODULE (library.S): what the table of system calls says of each is what a guest gets, and what the log says. */
#include "guest-calls.h"

#include <errno.h>
#include <sys/syscall.h>

enum why {
#define WHY(reason, text) WHY_##reason,
#include "calls.inc"
    WHY_SERVED
};

static const char *const why_text[] = {
#define WHY(reason, text) [WHY_##reason] = (text),
#include "calls.inc"
    [WHY_SERVED] = NULL
};

static const struct call {
    long number;
    const char *name;
    enum why why;
} calls[] = {
#define CALL(number, name) {number, #name, WHY_SERVED},
#define NONE(number, name, reason) {number, #name, WHY_##reason},
#include "calls.inc"
};

static char logged[200]; /* the last refusal */

static void note(void *context, const char *call, const char *detail, int number) {
    (void)context;
    snprintf(logged, sizeof(logged), "%s(%s) %d", call, detail, number);
}

/* In an instance of its own: some change what others would do. */
static int64_t ask(const bh_policy *policy, long number) {
    bh_instance *instance = new_instance(policy);
    bool waits = number == SYS_pause || number == SYS_select || number == SYS_poll;
    if (waits)
        CHECK(!bh_instance_set_deadline(instance, 20000000));
    logged[0] = 0;
    int64_t result = guest_call(instance, number, UINT64_MAX, UINT64_MAX, UINT64_MAX);
    CHECK(!bh_instance_destroy(instance));
    return result;
}

static void check_refused(const char *name, long number, const char *why, int64_t result) {
    char expected[200];
    snprintf(expected, sizeof(expected), "%s(%ld: %s) %d", name, number, why, ENOSYS);
    if (result != -ENOSYS || strcmp(logged, expected))
        printf("%ld gives %lld and the log '%s', not '%s'\n", number, (long long)result, logged, expected);
    CHECK(result == -ENOSYS && !strcmp(logged, expected));
}

int main(int argc, char **argv) {
    bh_policy *policy;
    REQUIRE(argc == 2 && !bh_policy_create(&policy));
    bh_policy_set_log(policy, note, NULL);
    open_module(argv[1], 1);
    for (size_t n = 0; n < sizeof(calls) / sizeof(*calls); n++) {
        const struct call *call = &calls[n];
        int64_t result = ask(policy, call->number);
        char beginning[32];
        snprintf(beginning, sizeof(beginning), "(%ld: ", call->number);
        if (call->why != WHY_SERVED)
            check_refused(call->name, call->number, why_text[call->why], result);
        else if (strstr(logged, beginning)) {
            printf("not served: %s\n", logged);
            failures++;
        }
    }
    check_refused("unknown", 335, "no call of Linux 6.1", ask(policy, 335)); /* a hole */
    check_refused("unknown", 100000, "no call of Linux 6.1", ask(policy, 100000));
    bh_policy_destroy(policy);
    close_module();
    printf("%d failures\n", failures);
    return !!failures;
}
