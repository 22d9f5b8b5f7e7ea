/* The guest of callback-test: calls back, recurses through the host, and fails in every way on every level. */
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))

static int (*kept)(int);
static int own;

int apply(int (*function)(int), int x) {
    return function(x) + own;
}

void set_own(int x) {
    own = x;
}

void keep(int (*function)(int)) {
    kept = function;
}

int call_kept(int x) {
    return kept(x);
}

/* Locals on the stack must survive what the host does in between. */
int sum(int (*function)(int), int n) {
    volatile int before[100];
    int total = 0;
    for (int i = 0; i < 100; i++)
        before[i] = i * n;
    total += function(n);
    for (int i = 0; i < 100; i++)
        total += before[i] != i * n;
    return total;
}

int sort(int *numbers, unsigned long count, int (*compare)(const void *, const void *)) {
    qsort(numbers, count, sizeof(*numbers), compare);
    return numbers[0];
}

NOINLINE int crash_here(int kind) {
    switch (kind) {
    case 0:
        *(volatile int *)16 = 1;
        break;
    case 1:
        __builtin_trap();
    case 2:
        __asm__ volatile("int3");
        break;
    case 3:
        __asm__ volatile("hlt");
        break;
    case 4: {
        volatile int zero = 0;
        return 1000 / zero;
    }
    default:
        abort();
    }
    return kind;
}

NOINLINE int crash_middle(int kind) {
    volatile char room[200];
    room[0] = 1;
    return crash_here(kind) + room[0];
}

NOINLINE int crash(int kind) {
    return crash_middle(kind) + 1;
}

NOINLINE int apply_indirectly(int (*function)(int), int x) {
    return function(x) + 1;
}

int crash_indirectly(int kind) {
    return apply_indirectly(crash_middle, kind) + 1;
}

int overflow(int depth) {
    volatile char room[1000];
    room[0] = (char)depth;
    return overflow(depth + 1) + room[0];
}

void spin(void) {
    for (;;)
        __asm__ volatile("");
}

int exhaust(void) {
    static char *volatile block;
    for (;;) {
        block = malloc(1 << 20);
        if (!block)
            abort();
        memset(block, 1, 1 << 20); /* not given back */
    }
}

void quit(int status) {
    exit(status);
}

/* A longjmp that stays on this side of all boundaries. */
static jmp_buf buffer;
int jump_inside(int (*function)(int), int x) {
    if (setjmp(buffer))
        return -1;
    function(x);
    longjmp(buffer, 1);
}

/* One that leaves a nested call by way of the outer one's frame. */
int jump_outside(int (*function)(int), int x) {
    int how = setjmp(buffer);
    return how ? how : function(x) + 100;
}
void jump(void) {
    longjmp(buffer, 7);
}

struct record {
    int32_t id;
    double value;
    uint64_t name;
};
struct record *records(int count) {
    struct record *all = calloc((size_t)count, sizeof(*all));
    for (int n = 0; n < count; n++)
        all[n] = (struct record){n, n / 2.0, (uint64_t)(uintptr_t) "name"};
    return all;
}
