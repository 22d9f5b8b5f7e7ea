/* The guest of disturb-test.c: threads that disturb one another, and the host, in every way they have. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define MOST 64

enum { /* what a thread does, over and over */
    SIGNAL_MAIN, SIGNAL_ALL, SIGNAL_SELF, SIGNAL_PROCESS, MASKS, FUTEXES, THREADS, PROTECT, MAP, SHORT_CALLS, BIG_MEMORY, SLEEP, SPIN,
    ACTIONS
};
enum { /* what the thread does that the host called with */
    MAIN_SPINS, MAIN_SIGNALS_SELF, MAIN_CALLS, MAIN_WAITS, MAIN_READS, MAIN_SLEEPS, MAIN_REMAPS, MAIN_MAKES_THREADS, MAINS
};

static atomic_int stop, started, tid[MOST], main_tid;
static atomic_long sent, handled;
static int actions[MOST];

static void on_signal(int number) {
    (void)number;
    handled++;
}

static long raw(long number, long a, long b, long c) {
    return syscall(number, a, b, c);
}

static void *nothing(void *argument) {
    return argument;
}

static char *pages(size_t size) {
    char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

static void act(int action, unsigned turn) {
    static _Thread_local char *own;
    static atomic_int word;
    sigset_t set;
    pthread_t thread;
    char *map;
    switch (action) {
    case SIGNAL_MAIN:
        raw(SYS_tgkill, 2, main_tid, SIGUSR1);
        sent++;
        break;
    case SIGNAL_ALL:
        raw(SYS_tkill, tid[turn % MOST], SIGUSR1, 0);
        break;
    case SIGNAL_SELF:
        raise(SIGUSR1);
        break;
    case SIGNAL_PROCESS:
        kill(getpid(), SIGUSR1);
        break;
    case MASKS:
        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        pthread_sigmask(turn % 2 ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
        break;
    case FUTEXES:
        raw(SYS_futex, (long)&word, 129 /* wake, private */, 100);
        syscall(SYS_futex, &word, 128 /* wait, private */, 0, &(struct timespec){0, 1000000}, NULL, 0);
        break;
    case THREADS:
        if (!pthread_create(&thread, NULL, nothing, NULL))
            pthread_join(thread, NULL);
        break;
    case PROTECT:
        if (!own)
            own = pages(64 * PAGE);
        mprotect(own + turn % 64 * PAGE, PAGE, turn / 64 % 2 ? PROT_READ : PROT_READ | PROT_WRITE);
        break;
    case MAP:
        map = pages(32 * PAGE);
        if (map) {
            map[0] = 1;
            munmap(map, 32 * PAGE);
        }
        break;
    case SHORT_CALLS:
        getppid();
        break;
    case BIG_MEMORY:
        map = pages((size_t)64 << 20);
        if (map) {
            memset(map, 1, (size_t)16 << 20);
            munmap(map, (size_t)64 << 20);
        }
        break;
    case SLEEP:
        nanosleep(&(struct timespec){0, 200000}, NULL);
        break;
    default:
        for (volatile int n = 0; n < 1000; n++)
            ;
    }
}

static void *disturb(void *argument) {
    int me = (int)(intptr_t)argument;
    tid[me] = gettid();
    started++;
    for (unsigned turn = (unsigned)me; !stop; turn++)
        act(actions[me], turn);
    return NULL;
}

static void begin(pthread_t *thread, int count, unsigned long which) {
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    stop = started = 0;
    sent = 0;
    main_tid = gettid();
    for (int n = 0; n < count; n++, which /= ACTIONS) {
        actions[n] = (int)(which % ACTIONS);
        if (which < ACTIONS) /* the last one goes on */
            which *= ACTIONS;
        if (pthread_create(&thread[n], NULL, disturb, (void *)(intptr_t)n))
            abort();
    }
    while (started < count)
        sched_yield();
}

/* Calls f while count threads do what the digits of which say (to base ACTIONS). How many signals it was sent. */
long during(long (*f)(long), long argument, int count, unsigned long which) {
    pthread_t thread[MOST];
    begin(thread, count, which);
    long result = f(argument);
    stop = 1;
    for (int n = 0; n < count; n++)
        pthread_join(thread[n], NULL);
    return result;
}

long signals_sent(void) {
    return sent;
}

long signals_handled(void) {
    return handled;
}

/* Never returns. */
void forever(int count, unsigned long which, int how) {
    pthread_t thread[MOST];
    static int word;
    char *map = NULL;
    begin(thread, count, which);
    for (unsigned turn = 0;; turn++) {
        char byte;
        switch (how) {
        case MAIN_SPINS:
            break;
        case MAIN_SIGNALS_SELF:
            raise(SIGUSR1);
            break;
        case MAIN_CALLS:
            getppid();
            break;
        case MAIN_WAITS:
            syscall(SYS_futex, &word, 128 /* wait, private */, 0, NULL, NULL, 0);
            break;
        case MAIN_READS:
            read(0, &byte, 1);
            break;
        case MAIN_SLEEPS:
            nanosleep(&(struct timespec){1000, 0}, NULL);
            break;
        case MAIN_REMAPS:
            if (!map)
                map = pages((size_t)32 << 20);
            if (map)
                memset(map, 1, (size_t)32 << 20);
            map = mremap(map, (size_t)32 << 20, (size_t)32 << 20, MREMAP_MAYMOVE);
            madvise(map, (size_t)32 << 20, MADV_DONTNEED);
            break;
        default:
            act(THREADS, turn);
        }
    }
}

long came_back; /* read by the host */

long call(long (*f)(long), long argument) {
    long result = f(argument);
    came_back++;
    return result;
}

struct big {
    long word[6];
};
long call_big(struct big (*f)(struct big), long argument) {
    return f((struct big){{argument}}).word[0];
}

void call_forever(long (*f)(long)) {
    for (;;)
        f(0);
}

/* Long enough for a signal to be sent. */
static void linger(void) {
    for (volatile int n = 0; n < 1000000; n++)
        ;
}

/* Until a signal for this thread is on its way, which the host holds up then; or not, when that takes too long. */
static volatile int kick_wanted, kick_held;
static void await_kick(void) {
    kick_held = 0;
    kick_wanted = 1;
    for (int n = 0; !kick_held && n < 10000000; n++)
        ;
    kick_wanted = 0;
}
volatile int *kick_words(int which) {
    return which ? &kick_held : &kick_wanted;
}

/* Each system call makes the thread one that can be interrupted anew. */
void call_often(long (*f)(long), int times, int count, unsigned long which) {
    pthread_t thread[MOST];
    begin(thread, count, which);
    for (int n = 0; n < times; n++) {
        getppid();
        await_kick();
        f(n);
    }
    stop = 1;
    for (int n = 0; n < count; n++)
        pthread_join(thread[n], NULL);
}

/* The threads go on when the call returns. */
void leave_behind(int count, unsigned long which) {
    static pthread_t thread[MOST];
    begin(thread, count, which);
}

/* A move of touched memory, as large as it takes to be slow, by a thread of its own when told to. */
static atomic_int move_now;
static atomic_int moved;
static char *to_move;
static size_t move_size;

static void *move(void *argument) {
    while (!move_now)
        ;
    if (mremap(to_move, move_size, move_size + 4096, MREMAP_MAYMOVE) != MAP_FAILED)
        moved = 1;
    return argument;
}

long prepare_move(long size) {
    pthread_t thread;
    move_now = moved = 0;
    move_size = (size_t)size;
    to_move = mmap(NULL, move_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (to_move == MAP_FAILED || mmap(to_move + move_size, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
        return -1;
    for (size_t at = 0; at < move_size; at += 4096)
        to_move[at] = 1;
    return pthread_create(&thread, NULL, move, NULL) || pthread_detach(thread) ? -1 : 0;
}

/* Until it was moved, calls that want the lock which the move holds by then. */
long during_move(void) {
    move_now = 1;
    nanosleep(&(struct timespec){0, 8000000}, NULL);
    while (!moved)
        if (raw(SYS_brk, 0, 0, 0) < 0)
            return -1;
    return 0;
}

int *move_done(void) {
    return (int *)&moved;
}

long one(void) {
    getppid();
    linger();
    return 1;
}

long one_kicked(void) {
    getppid();
    await_kick();
    return 1;
}

/* So much work while others are at theirs. */
long work(long steps, int count, unsigned long which) {
    pthread_t thread[MOST];
    begin(thread, count, which);
    volatile long done = 0;
    while (done < steps)
        done = done + 1;
    stop = 1;
    for (int n = 0; n < count; n++)
        pthread_join(thread[n], NULL);
    return done;
}

void fault_now(void) {
    *(volatile char *)0 = 1;
}

/* A call that is refused, and logged. */
long refused(void) {
    return raw(9999, 0, 0, 0);
}

static void *fault(void *argument) {
    nanosleep(&(struct timespec){0, 20000000}, NULL);
    *(volatile char *)argument = 1;
    return NULL;
}

/* Calls f while another thread is about to fault. */
long before_fault(long (*f)(long), long argument) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, fault, NULL))
        return -1;
    return f(argument);
}
