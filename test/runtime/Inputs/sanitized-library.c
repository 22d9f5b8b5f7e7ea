/* A library's ways to end: what deadlines and handlers contain, and a callback; and handlers of its own. */
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

int add(int a, int b) {
    return a + b;
}

int poke(long address) {
    *(volatile int *)address = 1;
    return 0;
}

int recurse(int depth) {
    volatile char room[1000];
    room[0] = (char)depth;
    return depth ? recurse(depth - 1) + room[0] : 0;
}

int call_back(int (*function)(int), int value) {
    return function(value) + 1;
}

int spin(void) {
    for (;;)
        __asm__ volatile("");
}

static sigjmp_buf back;
static int *page;
static int (*inside)(int);

static void jump(int signal) {
    siglongjmp(back, 1);
}

static void open_page(int signal) {
    if (inside(4) == 40) /* otherwise the store faults for ever */
        mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

int jump_out(int times) {
    struct sigaction action = {.sa_flags = SA_NODEFER};
    action.sa_handler = jump;
    volatile int seen = 0;
    sigaction(SIGSEGV, &action, 0);
    for (volatile int n = 0; n < times; n++)
        if (sigsetjmp(back, 1))
            seen++;
        else
            poke(16);
    return seen;
}

/* Faults and jumps out of the handler, and once more and returns from a handler that calls function. */
int caught(int (*function)(int), int times) {
    int seen = jump_out(times);
    struct sigaction action = {.sa_flags = SA_NODEFER};
    action.sa_handler = open_page;
    sigaction(SIGSEGV, &action, 0);
    page = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    inside = function;
    *(volatile int *)page = 1;
    seen += *page;
    munmap(page, 4096);
    return seen;
}

static void wait_for_the_deadline(int signal) {
    spin();
}

int spin_in_handler(void) {
    signal(SIGSEGV, wait_for_the_deadline);
    return poke(16);
}

int trap(void) {
    __builtin_trap();
}

int divide(int a, int b) {
    return a / b;
}
