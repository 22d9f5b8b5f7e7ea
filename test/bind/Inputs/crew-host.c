/* Functions of the host on threads that the library makes: refused unless the host asked for it, and then as on its own threads,
 * except that they cannot call the library. */
#include "crew_bind.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static atomic_uint failures;
#define CHECK(what) ((what) ? (void)0 : (failures++, (void)printf("line %d: %s\n", __LINE__, #what)))

static bool ended(bh_bind_kind kind, const char *text) {
    const bh_bind_error *error = crew_bind_error();
    if (error->kind == kind && strstr(error->text, text))
        return true;
    printf("kind %d, text '%s'; wanted kind %d, '%s'\n", (int)error->kind, error->text, (int)kind, text);
    return false;
}

static void doze(long milliseconds) {
    nanosleep(&(struct timespec){0, milliseconds * 1000000}, NULL);
}

static pthread_t main_thread;
static atomic_int ran;

static int work(void *user, int number, const char *name) {
    ran++;
    CHECK(!pthread_equal(pthread_self(), main_thread));
    CHECK(!strncmp(name, "item ", 5) && name[5] == 'a' + number % 26 && !name[6]);
    atomic_fetch_add((atomic_long *)user, number);
    return 2 * number;
}

struct source {
    atomic_int left;
};

static int fill(void *user, char *to, int room) {
    struct source *source = user;
    ran++;
    if (atomic_fetch_sub(&source->left, 1) <= 0)
        return 0;
    memset(to, 3, (size_t)room);
    return room;
}

static const char *title(int number) {
    static const char *const titles[] = {"one", "three", "seventeen"};
    ran++;
    return titles[number % 3];
}

static int count(void *user, int number, const char *name) {
    CHECK(!strcmp(name, "background"));
    atomic_fetch_add((atomic_int *)user, number);
    return number;
}

/* Everything that would wait for the thread that waits for this one. */
static int meddle(void *user, int number, const char *name) {
    (void)user, (void)name;
    crew_bind_clear_error();
    CHECK(crew_stop() == -1 && ended(BH_BIND_HOST, "crew_stop: the library cannot be called in a callback that one of its own threads"));
    CHECK(crew_bind_restart(crew_bind_default()) == BH_ERROR_BUSY);
    CHECK(crew_bind_destroy(crew_bind_default()) == BH_ERROR_BUSY);
    CHECK(crew_bind_close() == BH_ERROR_BUSY);
    bh_bind_forget(crew_bind_default(), &ran); /* nothing is remembered for it, but this looks */
    crew_bind *other = NULL;
    if (number % 2 == 0) { /* another instance is another library */
        CHECK(crew_bind_create(&other) == BH_OK);
        CHECK(crew_stop_in(other) == -1 || crew_bind_error()->kind == BH_BIND_HOST);
        CHECK(crew_bind_destroy(other) == BH_OK);
    }
    return 1;
}

static atomic_int inside;

static int slow(void *user, int number, const char *name) {
    (void)name;
    if (!number)
        return atomic_load((atomic_int *)user) || inside;
    inside++;
    doze(20);
    atomic_fetch_add((atomic_int *)user, number); /* on the stack of who called the library */
    inside--;
    return 0;
}

static int never(void *user, int number, const char *name) {
    (void)user, (void)number, (void)name;
    failures++;
    return 0;
}

static void denied(void) {
    atomic_long sum = 0;
    CHECK(crew_for_each(2, 10, work, &sum) == -1);
    CHECK(ended(BH_BIND_GUEST, "crew_work: the callback was called by a thread of the guest, which bh_bind_options.thread_callbacks does not"));
    CHECK(!ran && !sum);
    CHECK(crew_for_each(2, 10, work, &sum) == -1 && crew_bind_error()->error == BH_ERROR_DEAD);
    CHECK(crew_bind_restart(crew_bind_default()) == BH_OK);
}

static void allowed(void) {
    for (int n = 0; n < 20; n++) {
        atomic_long sum = 0;
        struct source source = {100};
        CHECK(crew_for_each(4, 100, work, &sum) == 9900 && sum == 4950);
        CHECK(crew_read(3, fill, &source) == 100 * 32 * 3);
        CHECK(crew_titles(4, title) == 4 * (7 * 3 + 7 * 5 + 6 * 9));
    }
    CHECK(ran >= 20 * (100 + 100 + 80));
    CHECK(crew_bind_error()->kind == BH_BIND_OK);
}

static void between_calls(void) {
    atomic_int counted = 0;
    CHECK(crew_start(count, &counted) == 0);
    while (counted < 10)
        doze(1);
    long calls = crew_stop();
    CHECK(calls >= 10 && calls == counted);
    /* Its instance goes while it runs: it ends first. */
    CHECK(crew_start(count, &counted) == 0);
    atomic_store(&counted, 0);
    while (counted < 3)
        doze(1);
    CHECK(crew_bind_restart(crew_bind_default()) == BH_OK);
    int after = counted;
    doze(10);
    CHECK(counted == after);
    CHECK(crew_bind_error()->kind == BH_BIND_OK);
}

static void breaches(void) {
    int value = 0;
    atomic_long sum = 0;
    CHECK(crew_for_each(3, 12, meddle, &sum) == 12);
    CHECK(crew_bind_error()->kind == BH_BIND_OK); /* each thread's errors are its own */
    for (int n = 0; n < 10; n++) {
        atomic_int mine = 0;
        CHECK(crew_return_early(slow, &mine, 1) == 0);
        CHECK(!inside && mine == 1);
    }
    for (int n = 0; n < 40; n++) {
        atomic_int mine = 0;
        crew_return_early(slow, &mine, 0);
        CHECK(!inside);
        if (crew_for_each(1, 1, work, &sum) != 0) /* the thread came too late and ended the instance */
            CHECK(crew_bind_restart(crew_bind_default()) == BH_OK);
    }
    CHECK(crew_bind_restart(crew_bind_default()) == BH_OK);
    crew_bind_clear_error();
    CHECK(crew_remember(never, &value) == 0 && crew_call_remembered() == -1 && crew_bind_error()->kind == BH_BIND_CALL);
    CHECK(ended(BH_BIND_CALL, "a callback that is not registered"));
    CHECK(crew_bind_restart(crew_bind_default()) == BH_OK);
    CHECK(crew_lie(never, &value) == -1 && ended(BH_BIND_GUEST, "argument 'name' of the callback"));
    CHECK(crew_bind_restart(crew_bind_default()) == BH_OK);
    CHECK(crew_lie_later(never, &value) == 0);
    doze(50);
    for (int n = 0; n < 100 && !crew_for_each(1, 1, work, &sum); n++)
        doze(10);
    CHECK(ended(BH_BIND_GUEST, "argument 'name' of the callback")); /* the next call says it */
    CHECK(crew_bind_restart(crew_bind_default()) == BH_OK);
    CHECK(crew_for_each(2, 4, work, &sum) == 12);
}

int main(int argc, char **argv) {
    bh_policy *policy = NULL;
    bh_bind_options options = {.struct_size = sizeof options};
    main_thread = pthread_self();
    if (argc != 2 || bh_policy_create(&policy) || bh_policy_set_thread_limit(policy, 8))
        return 2;
    options.policy = policy;
    for (int round = 0; round < 3; round++) {
        options.thread_callbacks = round > 0;
        options.per_thread = round == 2;
        if (crew_bind_open(argv[1], &options))
            return printf("open: %s\n", bh_last_error()->text), 1;
        crew_bind_clear_error();
        if (round) {
            allowed();
            between_calls();
            breaches();
        } else {
            denied();
        }
        CHECK(crew_bind_close() == BH_OK);
    }
    bh_policy_destroy(policy);
    printf("%u failures\n", failures);
    return failures != 0;
}
