/* The guest of threads-test.c: a library built for threads. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long total;
static _Thread_local long mine = 1000;
volatile long ticks; /* read by the host */
static sem_t running, never;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_key(void) {
    pthread_key_create(&key, NULL);
}

/* What a library does in each call: locks, thread-local storage, the heap. */
long work(long n) {
    pthread_once(&once, make_key);
    for (long i = 0; i < n; i++) {
        char *block = malloc(16 + i % 500);
        if (!block)
            return -1;
        memset(block, (int)i, 16 + i % 500);
        pthread_mutex_lock(&mutex);
        total++;
        pthread_mutex_unlock(&mutex);
        mine++;
        errno = (int)mine;
        pthread_setspecific(key, (void *)mine);
        if (block[15 + i % 500] != (char)i)
            return -2;
        free(block);
        if (errno != (int)mine || pthread_getspecific(key) != (void *)mine)
            return -3;
    }
    return mine;
}

long get_total(void) {
    return total;
}

long identity(void) {
    return (long)pthread_self();
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
    sem_post(&running);
    for (;;)
        sem_wait(&never);
}

static void *chatter(void *argument) {
    sem_post(&running);
    for (;;)
        getppid();
}

/* Starts detached threads of all sorts; the number that could be started. */
int start(int count) {
    void *(*const sort[])(void *) = {tick, doze, hang, chatter};
    static int initialised;
    if (!initialised++)
        sem_init(&running, 0, 0), sem_init(&never, 0, 0);
    for (int n = 0; n < count; n++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, sort[n % 4], NULL))
            return n;
        pthread_detach(thread);
    }
    for (int n = 0; n < count; n++)
        sem_wait(&running);
    return count;
}

static void *fault_later(void *argument) {
    nanosleep(&(struct timespec){0, (long)argument}, NULL);
    *(volatile int *)16 = 1;
    return NULL;
}

int start_fault(long nanoseconds) {
    pthread_t thread;
    return pthread_create(&thread, NULL, fault_later, (void *)nanoseconds);
}

volatile int may_call; /* set by the host */
static void *call_refused(void *argument) {
    while (!may_call) ;
    syscall(SYS_openat, -100, "/not/granted", 0);
    return argument;
}

/* A thread of which the host hears by the log of refused calls, once it has set may_call. */
int start_refused(void) {
    pthread_t thread;
    return pthread_create(&thread, NULL, call_refused, NULL);
}

static void *exit_later(void *argument) {
    nanosleep(&(struct timespec){0, (long)argument}, NULL);
    exit(7);
}

int start_exit(long nanoseconds) {
    pthread_t thread;
    return pthread_create(&thread, NULL, exit_later, (void *)nanoseconds);
}

int block(void) {
    static sem_t other;
    return sem_wait(&other);
}

int loop(void) {
    for (;;)
        ticks++;
}

int leave_thread(void) {
    pthread_exit(NULL);
}

/* The thread alone, by the call that ends no other. */
int leave_raw(void) {
    return (int)syscall(SYS_exit, 3);
}

static void *end_telling(void *address) {
    syscall(SYS_set_tid_address, address);
    syscall(SYS_exit, 0);
    return NULL;
}

/* A thread that wants its end told at the address. */
int start_telling(uint64_t address) {
    pthread_t thread;
    return pthread_create(&thread, NULL, end_telling, (void *)address);
}

int number(void) {
    return (int)syscall(SYS_gettid);
}

int ask_for(int thread) {
    return syscall(SYS_tkill, thread, 0) ? errno : 0;
}

/* Whether a signal that the calling thread blocks is pending. */
int is_pending(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    kill(getpid(), SIGUSR1);
    sigpending(&set);
    return sigismember(&set, SIGUSR1);
}

int raw_clone(long flags, long stack) {
    return (int)syscall(SYS_clone, flags, stack, 0L, 0L, 0L) < 0 ? errno : 0;
}

int raw_futex(uint64_t address, long operation, long value, uint64_t timeout, uint64_t second) {
    return syscall(SYS_futex, address, operation, value, timeout, second, 0L) < 0 ? errno : 0;
}

/* A thread whose stack and thread pointer are nonsense. told: where its number goes. */
static char odd_stack[4096];
long odd_thread(uint64_t stack, uint64_t pointer, uint64_t told) {
    long flags = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x80000, result;
    flags |= told ? 0x1000000 /* CLONE_CHILD_SETTID */ : 0;
    register uint64_t r10 __asm__("r10") = told;
    register uint64_t r8 __asm__("r8") = pointer;
    __asm__ volatile("syscall\n\ttestl %%eax, %%eax\n\tjnz 1f\n\tmovl (%%rsp), %%eax\n\tmovq %%fs:0, %%rax\n\tmovq %%fs:8, %%rax\n\t"
                     "movl $60, %%eax\n\txorl %%edi, %%edi\n\tsyscall\n\thlt\n1:"
                     : "=a"(result) : "a"(56L), "D"(flags), "S"(stack), "d"(0L), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
    return result;
}

uint64_t odd_stack_top(void) {
    return (uint64_t)(odd_stack + sizeof(odd_stack) - 64);
}

/* A reader that blocks on a copy of standard input, which another thread closes. */
static int copy = -1;
static atomic_int got = -1;
static void *reader(void *argument) {
    char byte;
    sem_post(&running);
    got = read(copy, &byte, 1) == 1 ? byte : -2;
    return NULL;
}

int start_reader(void) {
    pthread_t thread;
    sem_init(&running, 0, 0);
    copy = dup(0);
    if (copy < 0 || pthread_create(&thread, NULL, reader, NULL))
        return -1;
    pthread_detach(thread);
    sem_wait(&running);
    usleep(20000);
    return close(copy);
}

int reader_got(void) {
    return got;
}

/* A thread that copies a file in memory to a full pipe, and waits; both are closed meanwhile. */
static int file_in_memory;
static atomic_int sender_result;
static void *sender(void *argument) {
    sem_post(&running);
    sendfile((int)(long)argument, file_in_memory, NULL, 1 << 20);
    sender_result = errno;
    return NULL;
}

int start_sender(void) {
    static char much[65536];
    int ends[2];
    pthread_t thread;
    signal(SIGPIPE, SIG_IGN);
    sem_init(&running, 0, 0);
    sender_result = 0;
    file_in_memory = memfd_create("much", 0);
    if (ftruncate(file_in_memory, 1 << 20) || pipe(ends) || write(ends[1], much, sizeof(much)) != sizeof(much) ||
        pthread_create(&thread, NULL, sender, (void *)(long)ends[1]))
        return -1;
    pthread_detach(thread);
    sem_wait(&running);
    usleep(20000);
    close(file_in_memory);
    close(ends[1]);
    return ends[0];
}

int stop_sender(int end) {
    return close(end);
}

int sender_error(void) {
    return sender_result;
}

/* A thread that copies a file in memory to a copy of standard output, in several pieces. */
static int copied_to;
static void *send_pieces(void *unused) {
    sender_result = (int)sendfile(copied_to, file_in_memory, NULL, 4 << 20);
    return NULL;
}

int start_copying(void) {
    pthread_t thread;
    file_in_memory = memfd_create("much", 0);
    copied_to = dup(1);
    sender_result = 0;
    if (copied_to < 0 || ftruncate(file_in_memory, 4 << 20) || pthread_create(&thread, NULL, send_pieces, NULL))
        return -1;
    return pthread_detach(thread);
}

/* Closes one of the two, or puts another one in its place. */
int interfere(int with_output, int replace) {
    int other = with_output ? dup(1) : memfd_create("other", 0), number = with_output ? copied_to : file_in_memory;
    if (other < 0)
        return -1;
    return replace ? dup2(other, number) == number ? close(other) : -1 : close(number) | close(other);
}

int copied(void) {
    return sender_result;
}

/* A thread that reads a file in memory in several pieces, while its number is closed or another file's: megabytes of
 * 1024. */
static void *read_pieces(void *unused) {
    static char megabyte[1 << 20];
    static struct iovec vector[1024];
    for (int n = 0; n < 1024; n++)
        vector[n] = (struct iovec){megabyte, sizeof(megabyte)};
    sem_post(&running);
    sender_result = (int)(readv(file_in_memory, vector, 1024) >> 20);
    return NULL;
}

int read_in_part(int replace) {
    pthread_t thread;
    int other = memfd_create("other", 0);
    file_in_memory = memfd_create("much", 0);
    sem_init(&running, 0, 0);
    if (other < 0 || ftruncate(other, 1 << 30) || ftruncate(file_in_memory, 1 << 30) ||
        pthread_create(&thread, NULL, read_pieces, NULL))
        return -1;
    sem_wait(&running);
    usleep(2000);
    if (replace)
        dup2(other, file_in_memory);
    else
        close(file_in_memory);
    pthread_join(thread, NULL);
    close(file_in_memory);
    close(other);
    return sender_result;
}

/* Threads that wait for descriptors, each in a way of its own, which the caller closes and replaces meanwhile. */
static int ends[2], full[2];
static atomic_int woken;

static void *poll_ends(void *argument) {
    struct pollfd set[] = {{ends[0], POLLIN, 0}, {full[1], POLLPRI, 0}, {0, POLLIN, 0}, {ends[0], POLLIN, 0}};
    sem_post(&running);
    woken += poll(set, 4, -1) > 0;
    return argument;
}

static void *select_end(void *argument) {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    sem_post(&running);
    woken += select(ends[0] + 1, &set, NULL, NULL, argument ? &(struct timeval){1000, 0} : NULL) > 0;
    return argument;
}

static void *read_end(void *argument) {
    char byte;
    sem_post(&running);
    woken += read(ends[0], &byte, 1) == 0;
    return argument;
}

static void *write_end(void *argument) {
    static char much[1 << 20];
    sem_post(&running);
    write(full[1], much, sizeof(much));
    return argument;
}

static void *sleep_long(void *argument) {
    sem_post(&running);
    poll(NULL, 0, -1);
    return argument;
}

int start_waiters(int count) {
    void *(*const sort[])(void *) = {poll_ends, select_end, read_end, write_end, sleep_long};
    sem_init(&running, 0, 0);
    woken = 0;
    if (pipe(ends) || pipe(full))
        return -1;
    for (int n = 0; n < count; n++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, sort[n % 5], (void *)(long)(n / 5 % 2)))
            return n;
        pthread_detach(thread);
    }
    for (int n = 0; n < count; n++)
        sem_wait(&running);
    usleep(20000);
    return count;
}

/* Their ends are closed, or another file's by now; what they wait for comes when the last writer goes. */
int close_waited(void) {
    int odd[2];
    pipe(odd);
    write(odd[1], "odd", 3);
    dup2(odd[0], ends[0]);
    close(full[1]);
    usleep(20000);
    int before = woken;
    close(ends[1]);
    return before;
}

int woken_waiters(void) {
    return woken;
}
