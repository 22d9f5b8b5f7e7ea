/* Instances that go from thread to thread: handover-test CASE MODULE. Prints what failed; exit status 0 when nothing did. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "check.h"
#include "refuse-membarrier.h"

#define THREADS 4
#define INSTANCES 8

static bh_engine *engine;
static bh_module *module;
static bh_instance *instances[INSTANCES];

static bh_instance *new_instance(void) {
    bh_instance *instance;
    REQUIRE(!bh_instance_create(module, NULL, &instance));
    return instance;
}

static bool adds(bh_instance *instance, bh_error *error) {
    bh_function function;
    bh_value result = {0};
    if (bh_instance_function(instance, "add", "i(ii)", &function))
        return false;
    *error = bh_invoke(instance, &function, &result, 40, 2);
    return *error || result.as.i == 42;
}

/* ---- A pool: each instance has one user at a time, who changes. Nobody is ever turned away. ---- */

static struct {
    pthread_mutex_t lock;
    bh_instance *idle[INSTANCES];
    unsigned count;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *use_pool(void *argument) {
    (void)argument;
    for (unsigned round = 0; round < 3000; round++) {
        bh_instance *instance = NULL;
        bh_error error = BH_OK;
        while (!instance) {
            pthread_mutex_lock(&pool.lock);
            if (pool.count)
                instance = pool.idle[--pool.count];
            pthread_mutex_unlock(&pool.lock);
        }
        CHECK(adds(instance, &error) && !error);
        CHECK(round % 16 || !bh_instance_reset(instance));
        CHECK(adds(instance, &error) && !error);
        pthread_mutex_lock(&pool.lock);
        pool.idle[pool.count++] = instance;
        pthread_mutex_unlock(&pool.lock);
        if (round % 64 == 0)
            sched_yield();
    }
    return NULL;
}

static void in_threads(void *(*body)(void *)) {
    pthread_t thread[THREADS];
    for (uintptr_t n = 0; n < THREADS; n++)
        REQUIRE(!pthread_create(&thread[n], NULL, body, (void *)n));
    for (unsigned n = 0; n < THREADS; n++)
        pthread_join(thread[n], NULL);
}

static void test_pool(void) {
    for (unsigned n = 0; n < INSTANCES; n++)
        pool.idle[pool.count++] = instances[n] = new_instance();
    in_threads(use_pool);
    for (unsigned n = 0; n < INSTANCES; n++)
        CHECK(!bh_instance_destroy(instances[n]));
}

/* ---- All want the same one: never two inside, and all get their turns ---- */

static atomic_int inside[INSTANCES];
static bh_address callback[INSTANCES];

static int occupy(void *context, bh_instance *instance, bh_registers *registers) {
    (void)instance;
    CHECK(atomic_fetch_add((atomic_int *)context, 1) == 0);
    for (unsigned n = 0; n < registers->integer[0] % 50; n++)
        __asm__ volatile("" : : : "memory");
    atomic_fetch_sub((atomic_int *)context, 1);
    return 0;
}

static void *contend(void *argument) {
    uintptr_t thread = (uintptr_t)argument;
    for (unsigned n = 0; n < INSTANCES; n++) {
        for (unsigned done = 0; done < 1000;) {
            bh_registers registers = {.integer = {done + thread}};
            bh_error error = bh_call_registers(instances[n], callback[n], &registers);
            CHECK(!error || error == BH_ERROR_BUSY);
            done += !error;
            if (error)
                sched_yield();
        }
    }
    return NULL;
}

static void test_contend(void) {
    for (unsigned n = 0; n < INSTANCES; n++) {
        instances[n] = new_instance();
        REQUIRE(!bh_callback_create_raw(instances[n], occupy, &inside[n], &callback[n]));
    }
    in_threads(contend);
    for (unsigned n = 0; n < INSTANCES; n++)
        CHECK(!bh_instance_destroy(instances[n]));
}

/* ---- In a call of its thread an instance is busy for others and for itself, whichever way it is held ---- */

static struct {
    sem_t entered, leave;
} visit;

static int wait_inside(void *context, bh_instance *instance, bh_registers *registers) {
    (void)context, (void)registers;
    sem_post(&visit.entered);
    sem_wait(&visit.leave);
    CHECK(bh_instance_reset(instance) == BH_ERROR_BUSY && bh_instance_destroy(instance) == BH_ERROR_BUSY);
    return 0;
}

static void *call_and_wait(void *instance) {
    bh_registers registers = {0};
    for (unsigned n = 0; n < 3; n++)
        CHECK(!bh_call_registers(instance, callback[0], &registers));
    return NULL;
}

static void test_inside(void) {
    bh_instance *instance = new_instance();
    bh_error error = BH_OK;
    REQUIRE(!sem_init(&visit.entered, 0, 0) && !sem_init(&visit.leave, 0, 0));
    REQUIRE(!bh_callback_create_raw(instance, wait_inside, NULL, &callback[0]));
    for (unsigned round = 0; round < 3; round++) { /* the first thread gets the bias, this one revokes it */
        pthread_t thread;
        REQUIRE(!pthread_create(&thread, NULL, call_and_wait, instance));
        for (unsigned n = 0; n < 3; n++) {
            sem_wait(&visit.entered);
            CHECK(adds(instance, &error) && error == BH_ERROR_BUSY);
            CHECK(bh_instance_reset(instance) == BH_ERROR_BUSY && bh_instance_destroy(instance) == BH_ERROR_BUSY);
            sem_post(&visit.leave);
        }
        pthread_join(thread, NULL);
        if (round) {
            CHECK(adds(instance, &error) && !error);
        }
    }
    CHECK(!bh_instance_destroy(instance));
}

/* ---- membarrier refused after the engine was created: an error that says so, and no harm ---- */

static void *call_once(void *instance) {
    bh_error error = BH_OK;
    CHECK(adds(instance, &error) && !error && adds(instance, &error) && !error);
    return NULL;
}

static void *take_over(void *instance) {
    bh_error error = BH_OK;
    REQUIRE(refuse_membarrier(EPERM));
    CHECK(adds(instance, &error) && error == BH_ERROR_SYSTEM && strstr(bh_last_error()->text, "membarrier"));
    CHECK(bh_instance_reset(instance) == BH_ERROR_SYSTEM && bh_instance_destroy(instance) == BH_ERROR_SYSTEM);
    return NULL;
}

static void test_late(void) {
    bh_instance *instance = new_instance();
    bh_error error = BH_OK;
    void *(*const steps[])(void *) = {call_once, take_over, call_once};
    for (unsigned n = 0; n < 3; n++) {
        pthread_t thread;
        REQUIRE(!pthread_create(&thread, NULL, steps[n], instance));
        pthread_join(thread, NULL);
    }
    CHECK(adds(instance, &error) && !error);
    CHECK(!bh_instance_destroy(instance));
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {{"pool", test_pool}, {"contend", test_contend}, {"inside", test_inside}, {"late", test_late}};
    bool flag = argc == 4 && !strcmp(argv[3], "without-membarrier");
    for (unsigned n = 0; (argc == 3 || flag) && n < sizeof(cases) / sizeof(*cases); n++) {
        if (strcmp(cases[n].name, argv[1]))
            continue;
        REQUIRE(!flag || refuse_membarrier(ENOSYS));
        REQUIRE(!bh_engine_create(NULL, &engine) && !bh_module_load(engine, argv[2], NULL, &module));
        cases[n].run();
        CHECK(!bh_module_destroy(module) && !bh_engine_destroy(engine));
        return failures ? 1 : 0;
    }
    fprintf(stderr, "usage: handover-test CASE MODULE [without-membarrier]\n");
    return 2;
}
