/* How a program with threads ends: whichever thread ends it, however, all of them are gone afterwards and promptly so.
 *
 * RUN: %bulkhead-clang -O2 -pthread %s -o %t
 * RUN: %bulkhead-verify %t
 * RUN: sh -c '%bulkhead-run --threads 20 --deadline 60 %t main-returns; test $? = 3'
 * RUN: sh -c '%bulkhead-run --threads 20 --deadline 60 %t thread-exits; test $? = 4'
 * RUN: %bulkhead-run --threads 20 --deadline 60 %t main-leaves | FileCheck %s --check-prefix=LEAVES
 * LEAVES: the last one
 * RUN: sh -c '%bulkhead-run --threads 20 --deadline 60 %t main-leaves-exit; test $? = 5'
 * RUN: sh -c '%bulkhead-run --threads 20 --deadline 60 %t thread-faults 2>%t.err; test $? = 139'
 * RUN: FileCheck %s --check-prefix=FAULT <%t.err
 * FAULT: SIGSEGV{{.*}} in faults
 * RUN: sh -c '%bulkhead-run --threads 20 --deadline 60 %t main-faults 2>%t.err; test $? = 139'
 * RUN: sh -c '%bulkhead-run --threads 20 --deadline 60 %t thread-aborts 2>%t.err; test $? = 134'
 * RUN: sh -c '%bulkhead-run --threads 20 --deadline 60 %t thread-overflows 2>%t.err; test $? = 139'
 * RUN: FileCheck %s --check-prefix=OVERFLOW <%t.err
 * OVERFLOW: stack overflow
 * RUN: sh -c '%bulkhead-run --threads 20 --deadline 60 %t thread-divides 2>%t.err; test $? = 136'
 * RUN: sh -c '%bulkhead-run --threads 20 --deadline 60 %t bad-hostcall 2>%t.err; test $? = 159'
 * RUN: sh -c '%bulkhead-run --threads 20 --deadline 60 %t all-fault 2>%t.err; test $? = 139'
 * RUN: sh -c '%bulkhead-run --threads 20 --deadline 60 %t deadlock 2>%t.err; test $? = 134'
 * RUN: FileCheck %s --check-prefix=DEADLOCK <%t.err
 * DEADLOCK: waits for something that cannot happen
 * RUN: sh -c '%bulkhead-run --threads 20 --deadline 0.1 %t main-waits 2>%t.err; test $? = 124'
 * RUN: sh -c '%bulkhead-run --threads 20 --deadline 0.1 %t main-leaves-forever 2>%t.err; test $? = 124'
 * RUN: sh -c '%bulkhead-run --threads 20 --deadline 0.1 %t main-loops 2>%t.err; test $? = 124'
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static sem_t running;
static volatile int sink;

static void *loops(void *argument) {
    sem_post(&running);
    for (;;)
        sink++;
}

static void *calls(void *argument) {
    sem_post(&running);
    for (;;)
        syscall(SYS_getppid);
}

static void *sleeps(void *argument) {
    sem_post(&running);
    for (;;)
        nanosleep(&(struct timespec){1000, 0}, NULL);
}

static void *waits(void *argument) {
    static sem_t never;
    sem_post(&running);
    for (;;)
        sem_wait(&never);
}

static void *reads(void *argument) { /* descriptor 1 is a stream, perhaps one that blocks; 50 is none */
    char byte;
    sem_post(&running);
    for (;;)
        sink += (int)read(50, &byte, 1);
}

static void start(void *(*function)(void *)) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, function, NULL))
        _exit(99);
}

static void start_company(void) {
    void *(*const company[])(void *) = {loops, calls, sleeps, waits, reads};
    for (int round = 0; round < 2; round++)
        for (int n = 0; n < 5; n++)
            start(company[n]);
    for (int n = 0; n < 10; n++)
        sem_wait(&running);
}

static void *exits(void *argument) {
    exit(4);
}

__attribute__((noinline)) static int faults(volatile int *pointer) {
    return *pointer;
}

static void *faulting(void *argument) {
    sink = faults((int *)8);
    return NULL;
}

static void *aborting(void *argument) {
    abort();
}

__attribute__((noinline)) static int deep(int n) {
    volatile char frame[1000];
    frame[n % 1000] = 1;
    return n < 0 ? 0 : deep(n + 1) + frame[(n + 1) % 1000];
}

static void *overflowing(void *argument) {
    sink = deep(0);
    return NULL;
}

static void *dividing(void *argument) {
    volatile int zero = 0;
    sink = 100 / zero;
    return NULL;
}

static void *calling(void *argument) {
    __asm__ volatile("movl $0, %%eax; call *%%gs:0x10a00" ::: "memory", "rax", "rcx", "r11");
    return NULL;
}

static void *last(void *argument) {
    nanosleep(&(struct timespec){0, 30000000}, NULL);
    puts("the last one");
    return NULL;
}

static void *last_exits(void *argument) {
    nanosleep(&(struct timespec){0, 30000000}, NULL);
    exit(5);
}

static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;

int main(int argc, char **argv) {
    const char *how = argv[1];
    sem_init(&running, 0, 0);
    if (!strcmp(how, "main-leaves"))
        start(last), pthread_exit(NULL);
    if (!strcmp(how, "main-leaves-exit"))
        start(last_exits), start(waits), pthread_exit(NULL);
    if (!strcmp(how, "deadlock"))
        pthread_mutex_lock(&one), pthread_mutex_lock(&one);
    if (!strcmp(how, "all-fault")) {
        for (int n = 0; n < 20; n++)
            start(faulting);
        waits(NULL);
    }
    start_company();
    if (!strcmp(how, "main-returns"))
        return 3;
    if (!strcmp(how, "main-leaves-forever"))
        pthread_exit(NULL);
    if (!strcmp(how, "main-faults"))
        faulting(NULL);
    if (!strcmp(how, "main-loops"))
        loops(NULL);
    if (!strcmp(how, "thread-exits"))
        start(exits);
    if (!strcmp(how, "thread-faults"))
        start(faulting);
    if (!strcmp(how, "thread-aborts"))
        start(aborting);
    if (!strcmp(how, "thread-overflows"))
        start(overflowing);
    if (!strcmp(how, "thread-divides"))
        start(dividing);
    if (!strcmp(how, "bad-hostcall"))
        start(calling);
    waits(NULL);
}
