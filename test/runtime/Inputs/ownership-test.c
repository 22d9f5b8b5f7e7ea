/* The lock on an instance (runtime/base/ownership.h) by itself: ownership-test CASE. Prints what failed; exit status 0 when nothing did.
 * handover-test.c looks at it through the API. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "base/fork.h"
#include "base/ownership.h"
#include "refuse-membarrier.h"

#define ROUNDS 500 /* with time slices between them when the machine is busy */

static uint64_t number[4]; /* of the threads of a case */

static void fresh(struct bh_ownership *lock) {
    bh_ownership_init(lock);
    bh_ownership_offer(lock);
}

/* A call of thread n, to which the lock is biased from then on, and which is inside when it returns. */
static void give_bias(struct bh_ownership *lock, unsigned n) {
    fresh(lock);
    REQUIRE(bh_ownership_take(lock, number[n], true) == BH_OWNERSHIP_TAKEN);
    REQUIRE(atomic_load(&lock->bias) == (bh_ownership_biases() ? number[n] : BH_BIAS_OFFERED));
}

/* As a thread does that is in no call (the short way in). */
static enum bh_ownership_result take(struct bh_ownership *lock, unsigned n) {
    return bh_ownership_take_biased(lock, number[n]) ? BH_OWNERSHIP_TAKEN : bh_ownership_take(lock, number[n], true);
}

static bool is_busy(struct bh_ownership *lock, unsigned n) {
    return bh_ownership_take(lock, number[n], true) == BH_OWNERSHIP_BUSY;
}

/* ---- Threads that go through rounds together ---- */

static struct {
    struct bh_ownership lock;
    atomic_uint arrived, taken, tried, busy;
    atomic_bool inside, finished;
    unsigned plain; /* guarded by the lock */
} shared;

/* Spins before it yields, so that all threads leave it at about the same time where there are processors enough, which is when it
 * gets interesting; the pause moves them against each other. */
static void meet(unsigned threads, unsigned meeting, unsigned pause) {
    atomic_fetch_add(&shared.arrived, 1);
    for (unsigned n = 0; atomic_load(&shared.arrived) < threads * (meeting + 1); n++)
        if (n >= 500)
            sched_yield();
    for (unsigned n = 0; n < pause; n++)
        __asm__ volatile("" : : : "memory");
}

static void enter(void) {
    CHECK(!atomic_exchange(&shared.inside, true));
    shared.plain++;
}

static void leave(void) {
    atomic_store(&shared.inside, false);
    bh_ownership_give(&shared.lock);
}

/* Thread 0 has the bias. Each tries once and keeps what it gets until all have tried: exactly one gets it. */
static unsigned duel_threads;
static void *duel(void *argument) {
    unsigned n = (unsigned)(uintptr_t)argument;
    for (unsigned round = 0; round < ROUNDS; round++) {
        if (n == 0) {
            give_bias(&shared.lock, 0);
            bh_ownership_give(&shared.lock);
            atomic_store(&shared.taken, 0);
            atomic_store(&shared.tried, 0);
        }
        meet(duel_threads, 2 * round, (round * (2 * n + 1)) % 61);
        enum bh_ownership_result result = take(&shared.lock, n);
        if (result == BH_OWNERSHIP_TAKEN) {
            enter();
            atomic_fetch_add(&shared.taken, 1);
        } else {
            CHECK(result == BH_OWNERSHIP_BUSY);
        }
        atomic_fetch_add(&shared.tried, 1);
        while (atomic_load(&shared.tried) < duel_threads)
            sched_yield();
        if (result == BH_OWNERSHIP_TAKEN)
            leave();
        meet(duel_threads, 2 * round + 1, 0);
        if (n == 0)
            CHECK(atomic_load(&shared.taken) == 1);
    }
    return NULL;
}

static void run(unsigned threads, void *(*body)(void *)) {
    pthread_t thread[4];
    atomic_store(&shared.arrived, 0);
    for (uintptr_t n = 1; n < threads; n++)
        REQUIRE(!pthread_create(&thread[n], NULL, body, (void *)n));
    body((void *)0);
    for (unsigned n = 1; n < threads; n++)
        pthread_join(thread[n], NULL);
}

static void test_duel(void) {
    for (duel_threads = 2; duel_threads <= 4; duel_threads++) {
        shared.plain = 0;
        run(duel_threads, duel);
        CHECK(shared.plain == ROUNDS);
    }
}

/* Thread 0 has the bias and goes in and out; thread 1 tries once and keeps what it gets. Thread 0 is turned away only if it got it. */
static void *guest(void *argument) {
    bool owner = !argument;
    for (unsigned round = 0; round < ROUNDS; round++) {
        if (owner) {
            give_bias(&shared.lock, 0);
            bh_ownership_give(&shared.lock);
            atomic_store(&shared.taken, 0);
            atomic_store(&shared.tried, 0);
        }
        meet(2, 3 * round, owner ? 0 : round % 97);
        enum bh_ownership_result result;
        unsigned busy = 0, turns = 0;
        if (owner) {
            while (!atomic_load(&shared.tried)) {
                if (take(&shared.lock, 0) == BH_OWNERSHIP_TAKEN) {
                    enter();
                    leave();
                } else {
                    busy++;
                }
                if (++turns % 500 == 0)
                    sched_yield();
            }
            CHECK(!busy || atomic_load(&shared.taken));
        } else {
            result = take(&shared.lock, 1);
            if (result == BH_OWNERSHIP_TAKEN)
                enter();
            atomic_store(&shared.taken, result == BH_OWNERSHIP_TAKEN);
            atomic_store(&shared.tried, 1);
        }
        meet(2, 3 * round + 1, 0);
        if (!owner && atomic_load(&shared.taken))
            leave();
        meet(2, 3 * round + 2, 0);
    }
    return NULL;
}

static void test_guest(void) {
    run(2, guest);
}

/* Everybody at it for the same lock: what is inside adds up, and nobody leaves it locked. */
static void *crowd(void *argument) {
    unsigned n = (unsigned)(uintptr_t)argument;
    for (unsigned mine = 0; mine < 5000;) {
        if (take(&shared.lock, n) == BH_OWNERSHIP_TAKEN) {
            enter();
            leave();
            mine++;
        } else {
            sched_yield();
        }
    }
    return NULL;
}

static void test_crowd(void) {
    fresh(&shared.lock);
    shared.plain = 0;
    run(4, crowd);
    CHECK(shared.plain == 4 * 5000);
    CHECK(take(&shared.lock, 0) == BH_OWNERSHIP_TAKEN);
}

/* ---- One step at a time ---- */

static void test_steps(void) {
    struct bh_ownership lock;
    /* Not offered, and offered to what is no call or a thread without a number. */
    bh_ownership_init(&lock);
    CHECK(take(&lock, 0) == BH_OWNERSHIP_TAKEN && is_busy(&lock, 0) && is_busy(&lock, 1));
    bh_ownership_give(&lock);
    fresh(&lock);
    CHECK(bh_ownership_take(&lock, number[0], false) == BH_OWNERSHIP_TAKEN && is_busy(&lock, 1));
    bh_ownership_give(&lock);
    CHECK(bh_ownership_take(&lock, 0, true) == BH_OWNERSHIP_TAKEN && is_busy(&lock, 1));
    bh_ownership_give(&lock);
    CHECK(atomic_load(&lock.bias) == BH_BIAS_OFFERED);
    /* Its owner inside: busy for all, and still its owner's. */
    give_bias(&lock, 0);
    CHECK(is_busy(&lock, 0) && is_busy(&lock, 1));
    CHECK(bh_ownership_take(&lock, 0, false) == BH_OWNERSHIP_BUSY);
    CHECK(atomic_load(&lock.bias) == number[0]);
    bh_ownership_give(&lock);
    CHECK(bh_ownership_take_biased(&lock, number[0]));
    bh_ownership_give(&lock);
    /* Revoked while its owner was inside. */
    CHECK(bh_ownership_take_biased(&lock, number[0]));
    atomic_store(&lock.bias, BH_BIAS_REVOKED);
    CHECK(is_busy(&lock, 1) && is_busy(&lock, 0));
    bh_ownership_give(&lock);
    CHECK(take(&lock, 0) == BH_OWNERSHIP_TAKEN && atomic_load(&lock.bias) == BH_BIAS_SETTLED);
    CHECK(is_busy(&lock, 1));
    /* The stale writes of an owner that had stopped in the midst of it. */
    atomic_store(&lock.inside, BH_TRYING);
    CHECK(is_busy(&lock, 1));
    bh_ownership_give(&lock);
    CHECK(take(&lock, 1) == BH_OWNERSHIP_TAKEN);
    atomic_store(&lock.inside, BH_OUT);
    CHECK(is_busy(&lock, 0));
    bh_ownership_give(&lock);
    CHECK(take(&lock, 0) == BH_OWNERSHIP_TAKEN);
}

static struct bh_ownership left;
static uint64_t numbers[8];
static void *call_once(void *n) {
    numbers[(uintptr_t)n] = bh_ownership_number();
    if (!n)
        CHECK(bh_ownership_take(&left, numbers[0], true) == BH_OWNERSHIP_TAKEN);
    else
        CHECK(!bh_ownership_take_biased(&left, numbers[(uintptr_t)n]));
    if (!n)
        bh_ownership_give(&left);
    return NULL;
}

/* The biased thread ends; those that come after it lie where it lay, and are not it. */
static void test_ended(void) {
    fresh(&left);
    for (uintptr_t n = 0; n < 8; n++) {
        pthread_t thread;
        REQUIRE(!pthread_create(&thread, NULL, call_once, (void *)n));
        pthread_join(thread, NULL);
        for (unsigned before = 0; before < n; before++)
            CHECK(numbers[before] != numbers[n] && numbers[n]);
    }
    CHECK(atomic_load(&left.bias) == numbers[0]);
    CHECK(take(&left, 0) == BH_OWNERSHIP_TAKEN && atomic_load(&left.bias) == BH_BIAS_SETTLED);
}

/* In the child of a fork nothing that other threads left half done is waited for, and no membarrier is needed. */
static void test_forked(void) {
    bh_engine *engine;
    REQUIRE(!bh_engine_create(NULL, &engine)); /* which installs the handler of forks */
    pid_t child = fork();
    if (!child) {
        struct bh_ownership lock;
        bool good = atomic_load(&bh_forked) && refuse_membarrier(EPERM);
        bh_ownership_init(&lock);
        atomic_store(&lock.bias, number[1]); /* of a thread that the parent has */
        atomic_store(&lock.inside, BH_IN);
        good = good && take(&lock, 0) == BH_OWNERSHIP_BUSY;
        atomic_store(&lock.inside, BH_TRYING);
        good = good && take(&lock, 0) == BH_OWNERSHIP_BUSY;
        atomic_store(&lock.bias, number[1]);
        atomic_store(&lock.inside, BH_OUT);
        atomic_store(&lock.flag, BH_FLAG_DECIDING);
        good = good && take(&lock, 0) == BH_OWNERSHIP_BUSY;
        atomic_store(&lock.flag, BH_FLAG_FREE);
        good = good && take(&lock, 0) == BH_OWNERSHIP_TAKEN;
        fresh(&lock);
        good = good && take(&lock, 0) == BH_OWNERSHIP_TAKEN && atomic_load(&lock.bias) == BH_BIAS_OFFERED;
        _exit(good ? 0 : 1);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(!bh_engine_destroy(engine));
}

/* A filter that came after the engine: the bias stays, its owner goes on, and others are told. */
static void test_late(void) {
    struct bh_ownership lock;
    give_bias(&lock, 0);
    REQUIRE(refuse_membarrier(EPERM));
    CHECK(take(&lock, 1) == BH_OWNERSHIP_BUSY);
    bh_ownership_give(&lock);
    errno = 0;
    CHECK(take(&lock, 1) == BH_OWNERSHIP_FAILED && errno == EPERM);
    CHECK(bh_ownership_take_biased(&lock, number[0]));
    CHECK(take(&lock, 1) == BH_OWNERSHIP_BUSY);
    bh_ownership_give(&lock);
    CHECK(take(&lock, 0) == BH_OWNERSHIP_TAKEN);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
        int refused; /* membarrier is, from the beginning, with this errno */
    } cases[] = {{"duel", test_duel, 0},          {"guest", test_guest, 0},         {"crowd", test_crowd, 0},
                 {"steps", test_steps, 0},        {"ended", test_ended, 0},         {"forked", test_forked, 0},
                 {"late", test_late, 0},          {"duel-flag", test_duel, ENOSYS}, {"guest-flag", test_guest, EPERM},
                 {"crowd-flag", test_crowd, ENOSYS}};
    for (unsigned n = 0; argc == 2 && n < sizeof(cases) / sizeof(*cases); n++) {
        if (strcmp(cases[n].name, argv[1]))
            continue;
        REQUIRE(!cases[n].refused || refuse_membarrier(cases[n].refused));
        bh_ownership_probe();
        REQUIRE(bh_ownership_biases() == !cases[n].refused);
        for (unsigned thread = 0; thread < 4; thread++)
            number[thread] = bh_ownership_number();
        cases[n].run();
        return failures ? 1 : 0;
    }
    fprintf(stderr, "usage: ownership-test CASE\n");
    return 2;
}
