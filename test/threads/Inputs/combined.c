/* The guest of combined-test.c: built for threads and, for some cases, without. */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

typedef long host_function(long);

struct order {
    host_function *function;
    long argument, count, result;
};

static _Thread_local long mine = 1000;
static atomic_long made;
static sem_t running;
long life = 1; /* lost in a reset */
volatile long ticks;

long get_life(void) {
    return life;
}

long set_life(long value) {
    return life = value;
}

long identity(void) {
    return (long)pthread_self();
}

long next_mine(void) {
    return ++mine;
}

long call_back(host_function *function, long argument) {
    return function(argument);
}

static void *obey(void *argument) {
    struct order *order = argument;
    for (long n = 0; n < order->count; n++)
        order->result += order->function(order->argument + n);
    if (mine != 1000)
        order->result = -1;
    return NULL;
}

/* The same on so many threads of the guest, so many times each; the sum of what came back. */
long call_back_on_threads(host_function *function, long argument, long threads, long count) {
    pthread_t thread[16];
    struct order order[16];
    long sum = 0;
    for (long n = 0; n < threads; n++) {
        order[n] = (struct order){function, argument, count, 0};
        if (pthread_create(&thread[n], NULL, obey, &order[n]))
            return -2;
    }
    for (long n = 0; n < threads; n++) {
        pthread_join(thread[n], NULL);
        if (order[n].result < 0)
            return order[n].result;
        sum += order[n].result;
    }
    return sum;
}

static void *call_for_ever(void *argument) {
    host_function *function = (host_function *)argument;
    for (long n = 0;; n++)
        function(n);
}

static void *tick(void *argument) {
    sem_post(&running);
    for (;;)
        ticks++;
}

static void *doze(void *argument) {
    sem_post(&running);
    for (;;)
        nanosleep(&(struct timespec){1000, 0}, NULL);
}

static void *hang(void *argument) {
    static sem_t never;
    sem_post(&running);
    for (;;)
        sem_wait(&never);
}

static int start(void *(*function)(void *), void *argument) {
    pthread_t thread;
    int error = pthread_create(&thread, NULL, function, argument);
    if (!error)
        pthread_detach(thread);
    return error;
}

/* A thread that goes on calling back when this call is over. */
int start_calling(host_function *function) {
    return start(call_for_ever, (void *)function);
}

/* Threads that never end by themselves; how many could be started. */
int start_threads(int count) {
    void *(*const sort[])(void *) = {tick, doze, hang};
    int n = 0;
    while (n < count && !start(sort[n % 3], NULL))
        n++;
    for (int m = 0; m < n; m++)
        sem_wait(&running);
    return n;
}

static void *count_up(void *argument) {
    for (;;)
        ++*(volatile long *)argument;
}

int start_counting(long *where) {
    return start(count_up, where);
}

void crash(void) {
    *(volatile int *)16 = 1;
}

void loop(void) {
    for (;;)
        ticks++;
}
