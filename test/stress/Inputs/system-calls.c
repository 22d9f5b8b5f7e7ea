/* A guest that makes random system calls: all numbers, pointers and lengths of all kinds, alone or on threads. It ruins itself
 * as it goes. */
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#define THREADS 3
#define SIZE (1 << 20)

static char memory[SIZE];

#define CALL(number, name) number,
static const uint16_t handled[] = {
#include "calls.inc"
};

/* What ends the life of the guest, or waits: seldom. */
static const uint16_t rare[] = {7, 15, 23, 35, 60, 62, 200, 202, 230, 231, 234, 270, 271, 56};

static const char *const names[] = {"/f",
                                    "/link",
                                    "/a",
                                    "/a/b",
                                    "/a/up/x",
                                    "/fifo",
                                    "/ro/f",
                                    "..",
                                    "/a/../f",
                                    "f",
                                    "/new",
                                    "/a/new",
                                    "/ro/new",
                                    "",
                                    "/",
                                    "//..//f",
                                    "/ro/../f",
                                    "/a/up/../../../outside",
                                    "/ro/link",
                                    "/etc/passwd",
                                    "/proc/self/mem"};

struct storm {
    uint64_t state, secret;
    long count;
};

static uint64_t draw(struct storm *storm) {
    uint64_t z = storm->state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static uint64_t below(struct storm *storm, uint64_t n) {
    return draw(storm) % n;
}

static long system_call(uint64_t number, const uint64_t a[6]) {
    register uint64_t r10 __asm__("r10") = a[3], r8 __asm__("r8") = a[4], r9 __asm__("r9") = a[5];
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static uint64_t argument(struct storm *storm) {
    uint64_t slot = (uint64_t)(uintptr_t)memory & ~(uint64_t)UINT32_MAX;
    switch (below(storm, 14)) {
    case 0:
        return below(storm, 16);
    case 1:
        return below(storm, 1200);
    case 2:
        return storm->secret + below(storm, 4096);
    case 3:
        return draw(storm);
    case 4:
        return -below(storm, 300);
    case 5:
        return (uint64_t)(uintptr_t)memory + below(storm, SIZE);
    case 6:
        return slot + (uint32_t)draw(storm);
    case 7:
        return slot + ((uint64_t)1 << 32) - below(storm, 64);
    case 8:
        return (uint64_t)1 << below(storm, 64);
    case 9:
        return below(storm, SIZE);
    case 10:
        return slot + 0x10000 + below(storm, 0x10000);
    default:
        return (uint64_t)(uintptr_t)memory + below(storm, 64) * 64;
    }
}

/* Names, and vectors, times, actions: words of the same kinds. */
static void prepare(struct storm *storm) {
    for (int n = 0; n < 16; n++)
        strcpy(memory + below(storm, 64) * 64, names[below(storm, sizeof(names) / sizeof(*names))]);
    uint64_t words[16];
    for (int n = 0; n < 16; n++)
        words[n] = below(storm, 3) ? argument(storm) : below(storm, 300);
    memcpy(memory + below(storm, 64) * 64, words, sizeof(words));
}

static uint64_t some_number(struct storm *storm) {
    if (!below(storm, 200))
        return rare[below(storm, sizeof(rare) / sizeof(*rare))];
    uint64_t number = below(storm, 6)   ? handled[below(storm, sizeof(handled) / sizeof(*handled))]
                      : below(storm, 8) ? below(storm, 470)
                                        : draw(storm);
    for (unsigned n = 0; n < sizeof(rare) / sizeof(*rare); n++)
        if (number == rare[n])
            return 39; /* getpid */
    return number;
}

/* Often what gets far enough that one hostile argument matters: a descriptor, a pointer, a small length, the beginning of a file. */
static void choose_arguments(struct storm *storm, uint64_t arguments[6]) {
    for (int k = 0; k < 6; k++)
        arguments[k] = argument(storm);
    if (!below(storm, 2)) {
        arguments[0] = below(storm, 4);
        arguments[1] = below(storm, 2) ? storm->secret : arguments[1];
        arguments[2] = below(storm, 300);
        arguments[3] = 0;
    }
}

static void open_some(void) {
    strcpy(memory, "/f");
    for (int n = 0; n < 3; n++)
        system_call(2, (uint64_t[6]){(uint64_t)(uintptr_t)memory, n ? 2 : 0102 /* O_RDWR, O_CREAT */, 0600});
    system_call(77, (uint64_t[6]){0, 1000}); /* ftruncate */
}

static void rage(struct storm *storm) {
    for (long n = 0; n < storm->count; n++) {
        uint64_t arguments[6];
        if (n % 16 == 0)
            prepare(storm);
        if (n % 64 == 0)
            open_some();
        choose_arguments(storm, arguments);
        system_call(some_number(storm), arguments);
    }
}

long storm(uint64_t seed, long count, uint64_t secret) {
    struct storm own = {seed, secret, count};
    rage(&own);
    return count;
}

static void *run(void *own) {
    rage(own);
    return NULL;
}

long threads_storm(uint64_t seed, long count, uint64_t secret) {
    static struct storm storms[THREADS];
    pthread_t thread[THREADS];
    int made = 0;
    for (; made < THREADS; made++) {
        storms[made] = (struct storm){seed + (uint64_t)made, secret, count};
        if (pthread_create(&thread[made], NULL, run, &storms[made]))
            break;
    }
    for (int n = 0; n < made; n++)
        pthread_join(thread[n], NULL);
    return made;
}
