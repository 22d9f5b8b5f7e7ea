/* A scoped pointer is on no thread any more when its call has returned. */
#include "threads_bind.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static unsigned failures;
#define CHECK(what) ((what) ? (void)0 : (failures++, (void)printf("line %d: %s\n", __LINE__, #what)))

static atomic_int inside, seen, patient;
static pthread_t main_thread;
static int slow(void *file) {
    volatile int *number = file;
    if (pthread_equal(pthread_self(), main_thread))
        return seen = inside;
    inside = 1;
    while (patient && !seen)
        nanosleep(&(struct timespec){0, 100000}, NULL);
    for (int n = 0; n < 10; n++) {
        nanosleep(&(struct timespec){0, 1000000}, NULL);
        CHECK(*number == 5);
    }
    inside = 0;
    return 0;
}

int main(int argc, char **argv) {
    bh_policy *policy = NULL;
    bh_bind_options options = {.struct_size = sizeof options, .thread_callbacks = true};
    if (argc != 2 || bh_policy_create(&policy) || bh_policy_set_thread_limit(policy, 4))
        return 2;
    options.policy = policy;
    main_thread = pthread_self();
    if (users_bind_open(argv[1], &options))
        return printf("open: %s\n", bh_last_error()->text), 1;
    for (int round = 0; round < 12; round++) {
        int *number = malloc(sizeof *number);
        *number = 5;
        patient = round % 3;
        seen = 0;
        later(slow, number, patient);
        CHECK(!inside);
        CHECK(!patient || users_bind_error()->kind == BH_BIND_OK);
        free(number);
        join(); /* where the thread was late it has broken the contract, and ended the instance */
        if (users_bind_error()->kind) {
            CHECK(strstr(users_bind_error()->text, "is a pointer of the host's that is no more"));
            CHECK(!patient);
            users_bind_clear_error();
            CHECK(users_bind_restart(users_bind_default()) == BH_OK);
        }
    }
    CHECK(users_bind_close() == BH_OK);
    bh_policy_destroy(policy);
    printf("%u failures\n", failures);
    return failures != 0;
}
