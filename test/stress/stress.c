/* A randomised stress test of the runtime:
 *
 *     stress [--seconds N | --operations N] [--seed S] [--threads T] [--progress] [--no-interrupts] PLAIN FLOAT THREADS PROGRAM
 *
 * Many host threads create, call, reset, destroy and share instances of three modules (Inputs/guest.c, built three ways) in two
 * engines, some of their own, some used by all, and run a program (Inputs/program.c); guests fault in every way, exit, overrun
 * deadlines, ask for what is refused and logged, call back, are called from callbacks, and run threads of their own, which fault and
 * exit, too. Meanwhile a timer interrupts the host's threads with a signal
 * handler of its own, host code faults and mends it, and the second engine is out of slots and mappings most of the time.
 *
 * Every result is compared with the set of those that the operation may have: of an instance that only one thread uses that is
 * one or two. Each life's memory is stained with a number of its own, which no other life may ever read. In the end nothing may be
 * left: mappings counted by the engines, descriptors, threads, mappings of the process. A watchdog aborts when a thread has
 * made no progress for a minute, and says what each was doing.
 *
 * What each thread does follows from the seed, which is printed, and the number of threads; how their steps interleave does not.
 * After so many operations a host thread ends and another goes on in its place.
 *
 * By hand, for as long as there is time (--progress prints a line every ten seconds):
 *     build/test/stress/stress --seconds 3600 --seed 1 --threads 16 --progress PLAIN FLOAT THREADS PROGRAM
 * with modules built as short.test does. stress-address and stress-thread are the same with sanitizers (CMakeLists.txt). */
#include <cpuid.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stress.h"

#define GENERATION 500           /* operations of one host thread */
#define SIGNAL_PERIOD 1000000    /* nanoseconds */
#define PATIENCE 60              /* seconds without progress */
#define HOST_STACK (1u << 20)    /* of worker threads: calls nest 32 deep */
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define STRAY_MAPPINGS 5000      /* the sanitizers' own memory */
#else
#define STRAY_MAPPINGS 200       /* malloc's arenas, cached stacks */
#endif

bool no_interrupts;
static struct worker workers[MAX_THREADS];
static unsigned thread_count = 6;
static uint64_t seed = 1, operation_count;
static double seconds, started;
static atomic_bool stop;
static atomic_ulong signals, stray_signals, host_faults;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* ---- Random numbers: splitmix64 ---- */

static uint64_t mix(uint64_t x) {
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

void seed_operation(struct worker *worker, uint64_t number) {
    worker->random = mix(mix(mix(seed) + worker->index + 1) + number);
}

uint64_t draw(struct worker *worker, uint64_t below) {
    worker->random += 0x9e3779b97f4a7c15;
    return mix(worker->random) % below;
}

/* ---- Signals of the host ---- */

static void on_timer(int signal, siginfo_t *info, void *context) {
    char here = 0;
    int error = errno;
    /* A guest's stack, or code of the runtime that counts on registers, would notice these. */
    volatile long double wide = (long double)info->si_signo;
    volatile double narrow = (double)wide;
    atomic_fetch_add(&signals, narrow == (double)signal);
    if (is_slot(&here))
        atomic_fetch_add(&stray_signals, 1);
    errno = error;
}

static void on_fault(int signal, siginfo_t *info, void *context) {
    struct worker *worker = this_worker;
    if (!worker || info->si_addr != worker->trap || mprotect(worker->trap, PAGE, PROT_READ | PROT_WRITE)) {
        static const char text[] = "a fault that is neither a guest's nor meant\n";
        (void)!write(2, text, sizeof(text) - 1);
        abort();
    }
    atomic_fetch_add(&host_faults, 1);
}

static void install_handlers(void) {
    struct sigaction action = {.sa_sigaction = on_timer, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
    action = (struct sigaction){.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGSEGV, &action, NULL);
}

/* ---- Workers ---- */

struct control {
    uint32_t mxcsr;
    uint16_t x87;
};

static struct control read_control(void) {
    struct control control;
    __asm__ volatile("stmxcsr %0" : "=m"(control.mxcsr));
    __asm__ volatile("fnstcw %0" : "=m"(control.x87));
    control.mxcsr &= ~0x3fu; /* sticky flags */
    return control;
}

static void *work(void *argument) {
    struct worker *worker = argument;
    struct control before = read_control();
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
    event._sigev_un._tid = (int)syscall(SYS_gettid);
    struct itimerspec period = {.it_interval = {0, SIGNAL_PERIOD}, .it_value = {0, SIGNAL_PERIOD}};
    require(!timer_create(CLOCK_MONOTONIC, &event, &timer) && !timer_settime(timer, 0, &period, NULL), "no timer: %s", strerror(errno));
    this_worker = worker;
    for (uint64_t n = worker->first; n < worker->end && !atomic_load(&stop); n++) {
        seed_operation(worker, n);
        run_operation(worker);
        struct control after = read_control();
        require(after.mxcsr == before.mxcsr && after.x87 == before.x87, "after '%s' mxcsr is 0x%x, x87's control word 0x%x", worker->doing,
                after.mxcsr, after.x87);
        worker->done++;
    }
    worker->doing = "between two threads";
    timer_delete(timer);
    return NULL;
}

/* One host thread after the other, until this worker's operations are done. */
static void *supervise(void *argument) {
    struct worker *worker = argument;
    uint64_t last = worker->end;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, HOST_STACK);
    for (uint64_t first = 0; first < last && !atomic_load(&stop); first += GENERATION) {
        pthread_t thread;
        worker->first = first;
        worker->end = first + GENERATION < last ? first + GENERATION : last;
        int error = pthread_create(&thread, &attributes, work, worker);
        require(!error, "no thread: %s", strerror(error));
        if (error)
            break;
        pthread_join(thread, NULL);
    }
    pthread_attr_destroy(&attributes);
    worker->doing = "cleaning up";
    for (int n = 0; n < PRIVATE; n++)
        if (worker->own[n].instance)
            destroy(worker, &worker->own[n]);
    worker->doing = NULL;
    worker->done++;
    return NULL;
}

static uint64_t total(void) {
    uint64_t sum = 0;
    for (unsigned n = 0; n < thread_count; n++)
        sum += workers[n].done;
    return sum;
}

/* ---- The watchdog ---- */

static atomic_bool finished;

static void give_up(void) {
    printf("no progress for %d seconds:\n", PATIENCE);
    for (unsigned n = 0; n < thread_count; n++) {
        const char *doing = workers[n].doing;
        printf("  thread %u, after %llu operations: %s\n", n, (unsigned long long)workers[n].done, doing ? doing : "ended");
    }
    fflush(stdout);
    abort();
}

static void *watch(void *argument) {
    bool progress = *(bool *)argument;
    uint64_t done[MAX_THREADS] = {0};
    double moved[MAX_THREADS], printed = now();
    for (unsigned n = 0; n < thread_count; n++)
        moved[n] = now();
    while (!atomic_load(&finished)) {
        usleep(100000);
        double time = now();
        if (seconds > 0 && time - started >= seconds)
            atomic_store(&stop, true);
        for (unsigned n = 0; n < thread_count; n++) {
            if (workers[n].done != done[n] || !workers[n].doing) {
                done[n] = workers[n].done;
                moved[n] = time;
            } else if (time - moved[n] > PATIENCE) {
                give_up();
            }
        }
        if (progress && time - printed >= 10) {
            printf("%.0f s: %llu operations, %u failures, %zu + %zu mappings, %lu signals, %lu faults of the host\n", time - started,
                   (unsigned long long)total(), failures, bh_engine_mappings(engines[0]), bh_engine_mappings(engines[1]), signals, host_faults);
            fflush(stdout);
            printed = time;
        }
    }
    return NULL;
}

/* ---- The whole ---- */

static int usage(void) {
    fprintf(stderr, "usage: stress [--seconds N | --operations N] [--seed S] [--threads T] [--progress] [--no-interrupts] "
                    "PLAIN FLOAT THREADS PROGRAM\n");
    return 2;
}

static void run(bool progress) {
    pthread_t watchdog;
    started = now();
    pthread_create(&watchdog, NULL, watch, &progress);
    for (unsigned n = 0; n < thread_count; n++)
        pthread_create(&workers[n].thread, NULL, supervise, &workers[n]);
    for (unsigned n = 0; n < thread_count; n++)
        pthread_join(workers[n].thread, NULL);
    atomic_store(&finished, true);
    pthread_join(watchdog, NULL);
}

static void *idle(void *argument) {
    void *some = malloc(100);
    usleep(10000);
    free(some);
    return NULL;
}

/* Threads and directories were used once: what libc keeps of that is in the first census, too. */
static void warm_up(void) {
    pthread_t thread[MAX_THREADS];
    for (unsigned n = 0; n < thread_count; n++)
        pthread_create(&thread[n], NULL, idle, NULL);
    for (unsigned n = 0; n < thread_count; n++)
        pthread_join(thread[n], NULL);
    take_census();
}

int main(int argc, char **argv) {
    static const struct option options[] = {{"seconds", required_argument, NULL, 's'}, {"operations", required_argument, NULL, 'o'},
                                            {"seed", required_argument, NULL, 'r'},    {"threads", required_argument, NULL, 't'},
                                            {"progress", no_argument, NULL, 'p'},      {"no-interrupts", no_argument, NULL, 'n'},
                                            {NULL, 0, NULL, 0}};
    bool progress = false;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 's': seconds = strtod(optarg, NULL); break;
        case 'o': operation_count = strtoull(optarg, NULL, 0); break;
        case 'r': seed = strtoull(optarg, NULL, 0); break;
        case 't': thread_count = (unsigned)strtoul(optarg, NULL, 0); break;
        case 'p': progress = true; break;
        case 'n': no_interrupts = true; break;
        default: return usage();
        }
    }
    if (argc - optind != FILES || !thread_count || thread_count > MAX_THREADS || (seconds > 0) == (operation_count > 0))
        return usage();
    printf("seed %llu, %u threads\n", (unsigned long long)seed, thread_count);
    fflush(stdout);

    install_handlers();
    warm_up();
    struct census before = take_census();
    open_engines((const char *const *)argv + optind, seed);
    for (unsigned n = 0; n < thread_count; n++) {
        struct worker *worker = &workers[n];
        worker->index = n;
        worker->end = seconds > 0 ? UINT64_MAX - GENERATION : operation_count / thread_count + (n < operation_count % thread_count);
        worker->trap = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        worker->doing = "starting";
        if (worker->trap == MAP_FAILED)
            return 2;
    }
    run(progress);
    close_engines();
    for (unsigned n = 0; n < thread_count; n++)
        munmap(workers[n].trap, PAGE);
    struct census after = take_census();
    require(after.descriptors == before.descriptors, "%u descriptors became %u", before.descriptors, after.descriptors);
    require(after.threads == before.threads, "%u threads became %u", before.threads, after.threads);
    require(after.mappings <= before.mappings + STRAY_MAPPINGS, "%u mappings became %u", before.mappings, after.mappings);
    require(!after.guests, "%u mappings of the runtime's files are left", after.guests);
    require(!stray_signals, "%lu of the host's signal handlers ran in a slot", stray_signals);
    print_counts();
    printf("%llu operations in %.1f s, %lu signals, %lu faults of the host; %u then %u mappings; %u failures\n",
           (unsigned long long)(total() - thread_count), now() - started, signals, host_faults, before.mappings, after.mappings, failures);
    return failures != 0;
}
