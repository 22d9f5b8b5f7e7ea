/* Handlers for a guest's own faults: as natively. With -DTHREADS several threads fault at once.
 *
 * RUN: %native-clang -O1 -w %s -o %t.native && %t.native >%t.expected
 * RUN: %bulkhead-clang -O1 -w %s -o %t && %bulkhead-run --deadline 60 %t >%t.seen
 * RUN: diff %t.expected %t.seen
 * RUN: FileCheck %s <%t.seen
 * CHECK: null: 10000 caught
 * CHECK: pages: 1000 made writable, sum 499500
 * CHECK: overflow: 3 caught on the alternate stack 3
 * RUN: %native-clang -O1 -w -pthread -DTHREADS %s -o %t.native && %t.native >%t.expected
 * RUN: %bulkhead-clang -O1 -w -pthread -DTHREADS %s -o %t && %bulkhead-run --threads 8 --deadline 60 %t >%t.seen
 * RUN: diff %t.expected %t.seen
 * RUN: rm -rf %t.dir && mkdir %t.dir && %t.native beyond %t.dir/file >%t.expected
 * RUN: %bulkhead-run --dir %t.dir:/d --deadline 60 %t beyond /d/file | diff %t.expected -
 *
 * What ends a program on Linux ends the guest, and says what the fault was.
 * RUN: sh -c '%bulkhead-run --deadline 60 %t blocked 2>%t.err; test $? = 139'
 * RUN: FileCheck %s --check-prefix=ACCESS <%t.err
 * RUN: sh -c '%bulkhead-run --deadline 60 %t inside 2>%t.err; test $? = 139'
 * RUN: FileCheck %s --check-prefix=ACCESS <%t.err
 * RUN: sh -c '%bulkhead-run --deadline 60 %t once 2>%t.err; test $? = 139'
 * RUN: FileCheck %s --check-prefix=ACCESS <%t.err
 * RUN: sh -c '%bulkhead-run --deadline 60 %t ignored 2>%t.err; test $? = 139'
 * RUN: FileCheck %s --check-prefix=ACCESS <%t.err
 * ACCESS: fault (SIGSEGV): invalid memory access at address {{.*}} (slot offset 0x8) in touch+0x
 * RUN: sh -c '%bulkhead-run --deadline 60 %t overflow 2>%t.err; test $? = 139'
 * RUN: FileCheck %s --check-prefix=OVERFLOW <%t.err
 * OVERFLOW: fault (SIGSEGV): stack overflow at address {{.*}} in recurse+0x
 * RUN: sh -c '%bulkhead-run --deadline 60 %t divide 2>%t.err; test $? = 136'
 *
 * So does a handler that returns to what faults, in time, and one that returns to where no function begins.
 * RUN: sh -c '%bulkhead-run --deadline 0.2 %t again 2>%t.err; test $? = 124'
 * RUN: sh -c '%bulkhead-run --deadline 60 %t skip 2>%t.err; test $? = 139'
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096
#define MANY 10000

typedef void handler(int, siginfo_t *, void *);

static _Thread_local sigjmp_buf back;
static _Thread_local volatile int hits, code, on_alternate;
static _Thread_local void *volatile address;
static char alternate[65536] __attribute__((aligned(16)));

static void set_with_mask(int signal, handler *function, int flags, int blocked) {
    struct sigaction action = {.sa_flags = flags | SA_SIGINFO};
    action.sa_sigaction = function;
    if (blocked)
        sigaddset(&action.sa_mask, blocked);
    sigaction(signal, &action, NULL);
}

static void set(int signal, handler *function, int flags) {
    set_with_mask(signal, function, flags, 0);
}

static int is_blocked(int signal) {
    sigset_t now;
    sigprocmask(SIG_SETMASK, NULL, &now);
    return sigismember(&now, signal);
}

static __attribute__((noinline)) int touch(void *at) {
    return *(volatile int *)at = 1;
}

static void leave(int signal, siginfo_t *info, void *context) {
    volatile char here;
    hits++;
    code = info->si_code;
    address = info->si_addr;
    on_alternate += (uintptr_t)&here - (uintptr_t)alternate < sizeof(alternate);
    siglongjmp(back, signal);
}

static void null(void) {
    set(SIGSEGV, leave, 0);
    hits = 0;
    for (int n = 0; n < MANY; n++)
        if (!sigsetjmp(back, 1))
            touch((void *)(uintptr_t)(n % 16 * 4));
    printf("null: %d caught, code %d, address %d, blocked %d\n", hits, code == SEGV_MAPERR, (int)(uintptr_t)address, is_blocked(SIGSEGV));
    char *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!sigsetjmp(back, 1))
        touch(page + 40);
    printf("read only: code %d, offset %d\n", code == SEGV_ACCERR, (int)((char *)address - page));
    munmap(page, PAGE);
    if (!sigsetjmp(back, 1))
        printf("%d\n", *(volatile int *)(page + 44));
    printf("unmapped: code %d, offset %d\n", code == SEGV_MAPERR, (int)((char *)address - page));
}

static void allow(int signal, siginfo_t *info, void *context) {
    const greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    hits++;
    code = registers[REG_TRAPNO] == 14 && (registers[REG_ERR] & 2) && (void *)registers[REG_CR2] == info->si_addr;
    mprotect((void *)((uintptr_t)info->si_addr & -PAGE), PAGE, PROT_READ | PROT_WRITE);
}

/* A collector's barrier. */
static void pages(void) {
    set(SIGSEGV, allow, 0);
    char *at = mmap(NULL, 1000 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int sum = 0;
    hits = 0;
    for (int n = 0; n < 1000; n++) {
        *(volatile int *)(at + n * PAGE) = n;
        sum += *(volatile int *)(at + n * PAGE);
    }
    printf("pages: %d made writable, sum %d, told so %d\n", hits, sum, code);
    mprotect(at, 1000 * PAGE, PROT_READ);
    char text[3 * PAGE];
    memset(text, 'x', sizeof(text));
    hits = 0;
    memcpy(at + 100, text, sizeof(text)); /* perhaps in the middle of a repeated instruction */
    printf("copied: %d made writable, same %d\n", hits, !memcmp(at + 100, text, sizeof(text)));
    munmap(at, 1000 * PAGE);
}

static volatile double zero;
static volatile int none, hundred = 100;

static void arithmetic(int signal, siginfo_t *info, void *context) {
    volatile double one = 1;
    int infinite = one / zero > 1e300; /* the modes are the default ones */
    printf("signal %d code %d infinite %d\n", signal, info->si_code, infinite);
    siglongjmp(back, 1);
}

static int sent;
static void three_times(int signal, siginfo_t *info, void *context) {
    if (++sent == 3)
        siglongjmp(back, 1);
}

static void others(void) {
    unsigned mode = 0x1d80, usual = 0x1f80; /* division by zero traps */
    unsigned short control = 0x37b, usual_control = 0x37f;
    set(SIGFPE, arithmetic, 0);
    if (!sigsetjmp(back, 1))
        printf("%d\n", hundred / none);
    if (!sigsetjmp(back, 1)) {
        __asm__ volatile("ldmxcsr %0" : : "m"(mode));
        printf("%f\n", 1 / zero);
    }
    __asm__ volatile("ldmxcsr %0" : : "m"(usual));
    if (!sigsetjmp(back, 1)) {
        __asm__ volatile("fldcw %0" : : "m"(control));
        volatile long double wide = 1;
        wide /= zero;
        printf("%Lf\n", wide);
    }
    __asm__ volatile("fninit; fldcw %0" : : "m"(usual_control));
    set(SIGFPE, three_times, 0); /* returns to the division, which faults again */
    if (!sigsetjmp(back, 1))
        printf("%d\n", hundred / none);
    printf("divided %d times\n", sent);
    set(SIGILL, leave, 0);
    if (!sigsetjmp(back, 1))
        __builtin_trap();
    printf("SIGILL: code %d, address in main's program %d\n", code == ILL_ILLOPN, address != NULL);
    hits = 0;
    set(SIGTRAP, three_times, 0);
    sent = 0;
    for (int n = 0; n < 2; n++)
        __asm__ volatile("int3");
    printf("breakpoints: %d passed\n", sent);
}

static __attribute__((noinline)) int recurse(int depth) {
    volatile char room[4096];
    room[0] = (char)depth;
    return depth ? recurse(depth - 1) + room[0] : 0;
}

static void overflow(void) {
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
    sigaltstack(&stack, NULL);
    set(SIGSEGV, leave, SA_ONSTACK);
    hits = on_alternate = 0;
    for (int n = 0; n < 3; n++)
        if (!sigsetjmp(back, 1))
            recurse(1000000000);
    printf("overflow: %d caught on the alternate stack %d\n", hits, on_alternate);
    stack.ss_flags = SS_DISABLE;
    sigaltstack(&stack, NULL);
}

static sigjmp_buf inner;
static void jump_inside(int signal, siginfo_t *info, void *context) {
    siglongjmp(inner, 1);
}

static char *page;
static void open_page(void) {
    mprotect(page, PAGE, PROT_READ | PROT_WRITE);
}

/* Has faults of its own, whose handler jumps out, more often than contexts are kept, and returns to the first. */
static void nesting(int signal, siginfo_t *info, void *context) {
    printf("outer: blocked %d %d\n", is_blocked(SIGSEGV), is_blocked(SIGUSR1));
    set(SIGFPE, jump_inside, 0);
    for (volatile int n = 0; n < 20; n++)
        if (!sigsetjmp(inner, 1))
            printf("%d\n", hundred / none);
    raise(SIGUSR1); /* is blocked until the handler returns */
    open_page();
    printf("outer: done\n");
}

static greg_t where;
static void after(int signal, siginfo_t *info, void *context) {
    where = ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    printf("afterwards: code %d, page %d\n", info->si_code == SI_TKILL, *page);
}

static void by_depth(int signal, siginfo_t *info, void *context) {
    int mine = hits++;
    if (mine < 5)
        touch((void *)8);
    else
        siglongjmp(back, 1);
}

static void return_from(int signal, siginfo_t *info, void *context) {
    int mine = ++hits;
    if (mine < 5)
        page[mine] = 1; /* not yet writable, so that this comes again */
    open_page();
}

static __attribute__((noinline)) void elsewhere(void) {
    siglongjmp(back, 2);
}

static void redirect(int signal, siginfo_t *info, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    registers[REG_RIP] = (greg_t)(uintptr_t)elsewhere;
    registers[REG_RSP] -= 8; /* as after a call */
}

static void nested(void) {
    page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    set_with_mask(SIGSEGV, nesting, 0, SIGUSR1);
    set(SIGUSR1, after, 0);
    page[1] = 1;
    printf("stored %d, interrupted before %d, blocked %d %d\n", page[1], where != 0, is_blocked(SIGSEGV), is_blocked(SIGUSR1));
    set(SIGSEGV, by_depth, SA_NODEFER);
    hits = 0;
    if (!sigsetjmp(back, 1))
        touch((void *)8);
    printf("not deferred: %d\n", hits);
    mprotect(page, PAGE, PROT_NONE);
    set(SIGSEGV, return_from, SA_NODEFER);
    hits = 0;
    page[0] = 7;
    printf("returned from %d: %d %d %d\n", hits, page[0], page[1], page[4]);
    set(SIGSEGV, redirect, 0);
    int result = sigsetjmp(back, 1);
    if (!result)
        touch((void *)8);
    printf("went elsewhere: %d\n", result == 2);
    set(SIGSEGV, leave, SA_RESETHAND);
    if (!sigsetjmp(back, 1))
        touch((void *)8);
    struct sigaction now;
    sigaction(SIGSEGV, NULL, &now);
    printf("reset: %d\n", now.sa_handler == SIG_DFL);
}

static void beyond(const char *file) {
    int fd = open(file, O_RDWR | O_CREAT, 0600);
    ftruncate(fd, PAGE);
    char *at = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    touch(at);
    set(SIGBUS, leave, 0);
    if (!sigsetjmp(back, 1))
        touch(at + PAGE + 4);
    printf("SIGBUS: caught %d code %d offset %d\n", hits, code == BUS_ADRERR, (int)((char *)address - at));
}

#ifdef THREADS
#define THREADS_AT_ONCE 7
static pthread_barrier_t start;

static void allow_or_leave(int signal, siginfo_t *info, void *context) {
    hits++;
    if ((uintptr_t)info->si_addr < PAGE)
        siglongjmp(back, 1);
    mprotect((void *)((uintptr_t)info->si_addr & -PAGE), PAGE, PROT_READ | PROT_WRITE);
}

static void *fault_often(void *argument) {
    volatile int *own = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long sum = 0;
    pthread_barrier_wait(&start);
    for (volatile int n = 0; n < 1000; n++) {
        if (!sigsetjmp(back, 1))
            touch((void *)8);
        mprotect((void *)own, PAGE, PROT_READ);
        own[n % 1000] = n;
        sum += own[n % 1000];
    }
    munmap((void *)own, PAGE);
    return (void *)(sum + hits);
}

static void threads(void) {
    pthread_t thread[THREADS_AT_ONCE];
    void *result;
    set(SIGSEGV, allow_or_leave, 0);
    pthread_barrier_init(&start, NULL, THREADS_AT_ONCE);
    for (int n = 0; n < THREADS_AT_ONCE; n++)
        pthread_create(&thread[n], NULL, fault_often, NULL);
    for (int n = 0; n < THREADS_AT_ONCE; n++) {
        pthread_join(thread[n], &result);
        printf("thread: %ld\n", (long)result);
    }
}
#endif

/* ---- What ends it ---- */

static void touch_again(int signal, siginfo_t *info, void *context) {
    touch((void *)8);
}

static void come_back(int signal, siginfo_t *info, void *context) {
}

static void skip(int signal, siginfo_t *info, void *context) {
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += 7;
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    sigset_t segv;
    sigemptyset(&segv);
    sigaddset(&segv, SIGSEGV);
    if (!*what) {
        null();
        pages();
        others();
        overflow();
        nested();
#ifdef THREADS
        threads();
#endif
        return 0;
    }
    if (!strcmp(what, "beyond")) {
        beyond(argv[2]);
        return 0;
    }
    set(SIGSEGV, !strcmp(what, "inside") ? touch_again : !strcmp(what, "skip") ? skip : come_back, !strcmp(what, "once") ? SA_RESETHAND : 0);
    if (!strcmp(what, "blocked"))
        sigprocmask(SIG_BLOCK, &segv, NULL);
    if (!strcmp(what, "ignored"))
        signal(SIGSEGV, SIG_IGN);
    if (!strcmp(what, "overflow")) /* the handler has no stack of its own */
        return recurse(1000000000);
    if (!strcmp(what, "divide"))
        return hundred / none;
    return touch((void *)8);
}
