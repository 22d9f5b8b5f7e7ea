/* What programs do with threads: each part fails with a number of its own.
 *
 * RUN: %bulkhead-clang -O2 -pthread %s -o %t
 * RUN: %bulkhead-verify %t
 * RUN: %bulkhead-run --threads 40 %t 2>&1 | FileCheck %s
 * RUN: %bulkhead-clang -O0 -pthread %s -o %t.O0
 * RUN: %bulkhead-verify %t.O0
 * RUN: %bulkhead-run --threads 40 %t.O0 2>&1 | FileCheck %s
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "Inputs/check.h"

/* ---- creation, results, thread-local variables ---- */

static _Thread_local int initialised = 42;
static _Thread_local char zeroed[5000];
static _Thread_local struct { _Alignas(64) long value; } aligned = {9};

static void *local(void *argument) {
    CHECK(initialised == 42 && aligned.value == 9 && (unsigned long)&aligned % 64 == 0);
    for (size_t n = 0; n < sizeof(zeroed); n++)
        CHECK(!zeroed[n]);
    memset(zeroed, 1, sizeof(zeroed));
    initialised = (int)(long)argument;
    errno = initialised;
    sched_yield();
    CHECK(initialised == (int)(long)argument && errno == initialised);
    return &initialised;
}

static void test_create(void) {
    pthread_t thread[8];
    void *result[8];
    for (long n = 0; n < 8; n++)
        CHECK(!pthread_create(&thread[n], NULL, local, (void *)n));
    for (long n = 0; n < 8; n++)
        CHECK(!pthread_join(thread[n], &result[n]) && result[n]);
    CHECK(initialised == 42 && !zeroed[0]);
    puts("create");
}

/* ---- mutexes ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long counter;

static void *count(void *argument) {
    for (int n = 0; n < 20000; n++) {
        pthread_mutex_lock(argument);
        counter++;
        pthread_mutex_unlock(argument);
    }
    return NULL;
}

static void run_counters(pthread_mutex_t *which) {
    pthread_t thread[4];
    counter = 0;
    for (int n = 0; n < 4; n++)
        CHECK(!pthread_create(&thread[n], NULL, count, which));
    for (int n = 0; n < 4; n++)
        CHECK(!pthread_join(thread[n], NULL));
    CHECK(counter == 80000);
}

static void test_mutexes(void) {
    static const int types[] = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK};
    run_counters(&mutex);
    for (int n = 0; n < 3; n++) {
        pthread_mutexattr_t attributes;
        pthread_mutex_t other;
        pthread_mutexattr_init(&attributes);
        CHECK(!pthread_mutexattr_settype(&attributes, types[n]));
        CHECK(!pthread_mutex_init(&other, &attributes));
        run_counters(&other);
        if (types[n] == PTHREAD_MUTEX_RECURSIVE)
            CHECK(!pthread_mutex_lock(&other) && !pthread_mutex_lock(&other) && !pthread_mutex_unlock(&other) &&
                  !pthread_mutex_unlock(&other));
        if (types[n] == PTHREAD_MUTEX_ERRORCHECK)
            CHECK(!pthread_mutex_lock(&other) && pthread_mutex_lock(&other) == EDEADLK && !pthread_mutex_unlock(&other));
        pthread_mutex_destroy(&other);
    }
    struct timespec until;
    pthread_mutex_lock(&mutex);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 20000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    CHECK(pthread_mutex_timedlock(&mutex, &until) == ETIMEDOUT && pthread_mutex_trylock(&mutex) == EBUSY);
    pthread_mutex_unlock(&mutex);
    puts("mutexes");
}

static pthread_mutex_t robust;

static void *die_holding(void *argument) {
    CHECK(!pthread_mutex_lock(&robust));
    return NULL;
}

static void test_robust(void) {
    pthread_mutexattr_t attributes;
    pthread_t thread;
    pthread_mutexattr_init(&attributes);
    CHECK(!pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) && !pthread_mutex_init(&robust, &attributes));
    CHECK(!pthread_create(&thread, NULL, die_holding, NULL) && !pthread_join(thread, NULL));
    CHECK(pthread_mutex_lock(&robust) == EOWNERDEAD && !pthread_mutex_consistent(&robust) && !pthread_mutex_unlock(&robust));
    puts("robust");
}

/* ---- condition variables: a queue of one ---- */

static pthread_cond_t filled = PTHREAD_COND_INITIALIZER, emptied = PTHREAD_COND_INITIALIZER;
static int box, full;

static void *produce(void *argument) {
    for (int n = 1; n <= 2000; n++) {
        pthread_mutex_lock(&mutex);
        while (full)
            pthread_cond_wait(&emptied, &mutex);
        box = n;
        full = 1;
        pthread_cond_signal(&filled);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static int go;

static void *wait_for_go(void *argument) {
    pthread_mutex_lock(&mutex);
    while (!go)
        pthread_cond_wait(&filled, &mutex);
    pthread_mutex_unlock(&mutex);
    return NULL;
}

static void test_conditions(void) {
    pthread_t thread, many[16];
    long sum = 0;
    CHECK(!pthread_create(&thread, NULL, produce, NULL));
    for (int n = 1; n <= 2000; n++) {
        pthread_mutex_lock(&mutex);
        while (!full)
            pthread_cond_wait(&filled, &mutex);
        sum += box;
        full = 0;
        pthread_cond_signal(&emptied);
        pthread_mutex_unlock(&mutex);
    }
    CHECK(!pthread_join(thread, NULL) && sum == 2001000);
    for (int n = 0; n < 16; n++)
        CHECK(!pthread_create(&many[n], NULL, wait_for_go, NULL));
    usleep(10000);
    pthread_mutex_lock(&mutex);
    go = 1;
    pthread_cond_broadcast(&filled); /* requeues them on the mutex */
    pthread_mutex_unlock(&mutex);
    for (int n = 0; n < 16; n++)
        CHECK(!pthread_join(many[n], NULL));
    puts("conditions");
}

/* ---- the rest of the family ---- */

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static sem_t semaphore;
static atomic_long total;
static long pair[2];
static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_int once_count, destroyed;
static pthread_key_t key;

static void initialise(void) {
    once_count++;
}

static void destroy(void *value) {
    destroyed += (int)(long)value;
}

static void *everything(void *argument) {
    long me = (long)argument;
    pthread_once(&once, initialise);
    CHECK(!pthread_setspecific(key, (void *)(me + 1)));
    for (int n = 0; n < 500; n++) {
        if (n % 10 == me) {
            pthread_rwlock_wrlock(&rwlock);
            pair[0]++;
            pair[1]++;
            pthread_rwlock_unlock(&rwlock);
        } else {
            pthread_rwlock_rdlock(&rwlock);
            CHECK(pair[0] == pair[1]);
            pthread_rwlock_unlock(&rwlock);
        }
        total += me;
    }
    for (int n = 0; n < 20; n++) {
        int result = pthread_barrier_wait(&barrier);
        CHECK(!result || result == PTHREAD_BARRIER_SERIAL_THREAD);
        if (result)
            sem_post(&semaphore);
    }
    return pthread_getspecific(key);
}

static void test_family(void) {
    pthread_t thread[6];
    void *result;
    CHECK(!pthread_barrier_init(&barrier, NULL, 6) && !sem_init(&semaphore, 0, 0) && !pthread_key_create(&key, destroy));
    for (long n = 0; n < 6; n++)
        CHECK(!pthread_create(&thread[n], NULL, everything, (void *)n));
    for (int n = 0; n < 20; n++)
        CHECK(!sem_wait(&semaphore));
    CHECK(sem_trywait(&semaphore) && errno == EAGAIN);
    for (long n = 0; n < 6; n++)
        CHECK(!pthread_join(thread[n], &result) && result == (void *)(n + 1));
    CHECK(once_count == 1 && destroyed == 21 && total == 7500 && pair[0] == 300);
    puts("family");
}

/* ---- atomics of every width ---- */

static atomic_uchar a8;
static atomic_ushort a16;
static atomic_uint a32;
static atomic_ullong a64;
static atomic_flag spin = ATOMIC_FLAG_INIT;
static long spun;

static void *atomics(void *argument) {
    for (int n = 0; n < 10000; n++) {
        a8++;
        atomic_fetch_xor(&a16, 1u << (n % 16));
        unsigned old = a32;
        while (!atomic_compare_exchange_weak(&a32, &old, old + 3))
            ;
        atomic_fetch_add(&a64, 0x100000001u);
        while (atomic_flag_test_and_set_explicit(&spin, memory_order_acquire))
            sched_yield();
        spun++;
        atomic_flag_clear_explicit(&spin, memory_order_release);
    }
    return NULL;
}

static void test_atomics(void) {
    pthread_t thread[4];
    for (int n = 0; n < 4; n++)
        CHECK(!pthread_create(&thread[n], NULL, atomics, NULL));
    for (int n = 0; n < 4; n++)
        CHECK(!pthread_join(thread[n], NULL));
    CHECK(a8 == (unsigned char)40000 && !a16 && a32 == 120000 && a64 == 0x100000001ull * 40000 && spun == 40000);
    puts("atomics");
}

/* ---- C11 threads ---- */

static mtx_t mtx;
static cnd_t cnd;
static tss_t tss;
static int turn;

static int player(void *argument) {
    int me = (int)(long)argument;
    tss_set(tss, argument);
    for (int n = 0; n < 100; n++) {
        mtx_lock(&mtx);
        while (turn != me)
            cnd_wait(&cnd, &mtx);
        turn = !me;
        cnd_broadcast(&cnd);
        mtx_unlock(&mtx);
    }
    return tss_get(tss) == argument ? 10 + me : -1;
}

static void test_c11(void) {
    thrd_t thread[2];
    int result;
    CHECK(mtx_init(&mtx, mtx_plain) == thrd_success && cnd_init(&cnd) == thrd_success && tss_create(&tss, NULL) == thrd_success);
    for (long n = 0; n < 2; n++)
        CHECK(thrd_create(&thread[n], player, (void *)n) == thrd_success);
    for (int n = 0; n < 2; n++)
        CHECK(thrd_join(thread[n], &result) == thrd_success && result == 10 + n);
    puts("C11");
}

/* ---- many, one after the other and at once; detached ---- */

static void *nothing(void *argument) {
    return argument;
}

static void *detached(void *argument) {
    total++;
    sem_post(&semaphore);
    return NULL;
}

static void *blocked(void *argument) {
    sem_wait(argument);
    return NULL;
}

static void test_many(void) {
    pthread_t thread[40];
    sem_t gate;
    void *result;
    for (long n = 0; n < 500; n++)
        CHECK(!pthread_create(&thread[0], NULL, nothing, (void *)n) && !pthread_join(thread[0], &result) && result == (void *)n);
    sem_init(&gate, 0, 0);
    for (int n = 0; n < 40; n++)
        CHECK(!pthread_create(&thread[n], NULL, blocked, &gate));
    CHECK(pthread_create(&(pthread_t){0}, NULL, blocked, &gate) == EAGAIN); /* the limit */
    for (int n = 0; n < 40; n++)
        sem_post(&gate);
    for (int n = 0; n < 40; n++)
        CHECK(!pthread_join(thread[n], NULL));
    total = 0;
    for (int n = 0; n < 100; n++) {
        while (pthread_create(&thread[0], NULL, detached, NULL)) /* those that are ending count until they have ended */
            sched_yield();
        CHECK(!pthread_detach(thread[0]));
    }
    for (int n = 0; n < 100; n++)
        sem_wait(&semaphore);
    CHECK(total == 100);
    puts("many");
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    test_create();
    test_mutexes();
    test_robust();
    test_conditions();
    test_family();
    test_atomics();
    test_c11();
    test_many();
    return 0;
}
/* CHECK: create
 * CHECK-NEXT: mutexes
 * CHECK-NEXT: robust
 * CHECK-NEXT: conditions
 * CHECK-NEXT: family
 * CHECK-NEXT: atomics
 * CHECK-NEXT: C11
 * CHECK: many
 */
