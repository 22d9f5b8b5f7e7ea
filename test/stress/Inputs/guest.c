/* The guest of the stress test, built three ways: plain, with the x87 unit and vectors (-DFLOAT), and with -pthread.
 *
 * A life is what an instance is from its creation or reset to the next one. The host gives each a number, stain() writes it all over
 * the guest's memory, and scan() looks for the number of any other life: there must never be one. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))
#define PAGE 4096
#define MAGIC ((uint64_t)0x5ca1ab1e << 32)
#define IS_STAIN(word) ((word) >> 32 == 0x5ca1ab1e)
#define STACK_WORDS 4096
#define HEAP_WORDS 4096

typedef long host_function(long);

static uint64_t zeros[4 * PAGE / 8];
static uint64_t ones[2 * PAGE / 8] = {1, 1};

/* ---- Plain calls ---- */

long add(long a, long b) {
    return a + b;
}

double mix(int a, double b, float c) {
#ifdef FLOAT
    volatile long double wide = (long double)a + (long double)b;
    volatile float lane[8];
    for (int n = 0; n < 8; n++)
        lane[n] = c;
    return (double)(wide + (long double)lane[7]);
#else
    return a + b + (double)c;
#endif
}

struct pair {
    double first;
    long second;
};

struct pair swap(struct pair pair) {
    return (struct pair){(double)pair.second, (long)pair.first};
}

/* ---- Lives ---- */

static NOINLINE void stain_stack(uint64_t life) {
    volatile uint64_t words[STACK_WORDS];
    for (int n = 0; n < STACK_WORDS; n++)
        words[n] = MAGIC | life;
}

long stain(uint64_t life) {
    for (unsigned n = 0; n < sizeof(zeros) / 8; n++)
        zeros[n] = MAGIC | life;
    for (unsigned n = 0; n < sizeof(ones) / 8; n++)
        ones[n] = MAGIC | life;
    stain_stack(life);
    uint64_t *heap = malloc(HEAP_WORDS * 8);
    for (int n = 0; heap && n < HEAP_WORDS; n++)
        heap[n] = MAGIC | life;
    free(heap);
    uint64_t *map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map != MAP_FAILED)
        for (int n = 0; n < 4 * PAGE / 8; n++)
            map[n] = MAGIC | life;
    return map != MAP_FAILED;
}

/* Reads what nobody in this life wrote: through assembly, so that the compiler does not know that either. */
static NOINLINE uint64_t foreign(const uint64_t *words, unsigned count, uint64_t life) {
    for (unsigned n = 0; n < count; n++)
        if (IS_STAIN(words[n]) && words[n] != (MAGIC | life))
            return words[n];
    return 0;
}

static NOINLINE uint64_t scan_stack(uint64_t life) {
    uint64_t words[STACK_WORDS];
    __asm__ volatile("" : "=m"(words));
    return foreign(words, STACK_WORDS, life);
}

/* 0, or a word that another life has written. */
uint64_t scan(uint64_t life) {
    uint64_t found = foreign(zeros, sizeof(zeros) / 8, life);
    if (!found)
        found = foreign(ones, sizeof(ones) / 8, life);
    if (!found)
        found = scan_stack(life);
    uint64_t *heap = malloc(HEAP_WORDS * 8);
    if (!found && heap) {
        __asm__ volatile("" : "+r"(heap) : : "memory");
        found = foreign(heap, HEAP_WORDS, life);
    }
    free(heap);
    uint64_t *map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return found;
    if (!found)
        found = foreign(map, 4 * PAGE / 8, life);
    munmap(map, 4 * PAGE);
    return found;
}

/* ---- Callbacks ---- */

long call_back(host_function *function, long argument) {
    volatile long before = argument * 3;
    return function(argument) + before;
}

/* ---- Ends ---- */

static NOINLINE long deep(long n) {
    volatile char room[1000];
    room[n % 1000] = 1;
    return deep(n + 1) + room[n % 999];
}

/* The numbers are those of the host's table. */
long fail(int kind, volatile char *where) {
    volatile int zero = 0;
    switch (kind) {
    case 0:
        *(volatile int *)16 = 1;
        break;
    case 1:
        __asm__ volatile("hlt");
        break;
    case 2:
        return deep(1);
    case 3:
        return *where;
    case 4:
        __builtin_trap();
    case 5:
        return 1000 / zero;
    case 6:
        __asm__ volatile("int3");
        break;
    case 7:
        abort();
    case 8:
        return ((host_function *)(uintptr_t)where)(1);
    case 9: {
        int word = 0;
        syscall(SYS_futex, &word, 0, 0, NULL);
        break;
    }
    case 10:
        exit(42);
    case 11:
        __asm__ volatile("jmpq *%gs:0x10ff8"); /* the last entry of the table of host calls */
    }
    return -1;
}

long loop(void) {
    for (volatile long n = 0;; n++)
        ;
}

/* ---- Memory ---- */

/* As many mappings as asked for or allowed, given back again; how many there were. */
long split(long pages) {
    char *map = mmap(NULL, (size_t)pages * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long count = 0;
    if (map == MAP_FAILED)
        return -1;
    for (long n = 0; n < pages; n += 2)
        count += !mprotect(map + n * PAGE, PAGE, PROT_READ | PROT_WRITE);
    return munmap(map, (size_t)pages * PAGE) ? -2 : count;
}

/* Until there is no more; megabytes. */
long grab(long most) {
    long count = 0;
    void *last = NULL, *block;
    while (count < most && (block = malloc(1 << 20))) {
        *(void **)block = last;
        last = block;
        count++;
    }
    while ((block = last)) {
        last = *(void **)block;
        free(block);
    }
    return count;
}

long peek(volatile long *at) {
    return *at;
}

long poke(volatile long *at, long value) {
    return *at = value;
}

/* ---- What no policy here grants ---- */

/* Asks for so many secrets; how many were refused as if they were not there. (No text is made on the stack: bytes of it in a
 * stained word would look like another life's.) */
long refuse(long count) {
    static const char *const secrets[] = {"/secret/one", "/secret/number two", "/secret/directory/three"};
    long refused = 0;
    for (long n = 0; n < count; n++) {
        int file = open(secrets[n % 3], O_RDONLY);
        refused += file < 0 && errno == ENOENT;
        if (file >= 0)
            close(file);
    }
    return refused;
}

/* ---- Threads ---- */

#ifdef THREADS
struct order {
    int kind;
    host_function *function;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static _Thread_local long mine = 1000;
static long total;

static void doze(long microseconds) {
    nanosleep(&(struct timespec){0, microseconds * 1000}, NULL);
}

static void *work(void *argument) {
    struct order order = *(struct order *)argument;
    free(argument);
    switch (order.kind) {
    case 0:
        return NULL;
    case 1:
        for (;;)
            doze(1000);
    case 2:
        pthread_mutex_lock(&mutex);
        for (;;)
            pthread_cond_wait(&never, &mutex);
    case 3:
        for (long n = 0;; n++)
            order.function(n);
    case 4:
        loop();
        break;
    case 5:
        doze(300);
        fail(0, NULL);
        break;
    case 6:
        doze(300);
        exit(43);
    case 7:
        refuse(20);
    }
    return NULL;
}

/* So many threads that nobody waits for; how many could be made. */
long start(long count, int kind, host_function *function) {
    long made = 0;
    for (; made < count; made++) {
        struct order *order = malloc(sizeof(*order));
        pthread_t thread;
        if (!order)
            break;
        *order = (struct order){kind, function};
        if (pthread_create(&thread, NULL, work, order)) {
            free(order);
            break;
        }
        pthread_detach(thread);
    }
    return made;
}

static void *count_up(void *argument) {
    for (long n = 0; n < (long)argument; n++) {
        pthread_mutex_lock(&mutex);
        total++;
        pthread_mutex_unlock(&mutex);
        mine++;
    }
    return (void *)(mine - 1000);
}

/* 0, or -1 when a thread's own variable was not its own; threads that cannot be made are no error. */
long together(long threads, long each) {
    pthread_t thread[8];
    long made = 0, wrong = 0;
    while (made < threads && !pthread_create(&thread[made], NULL, count_up, (void *)each))
        made++;
    for (long n = 0; n < made; n++) {
        void *result;
        pthread_join(thread[n], &result);
        wrong |= (long)result != each;
    }
    return wrong ? -1 : 0;
}
#endif
