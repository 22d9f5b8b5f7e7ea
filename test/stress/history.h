/* Random histories of one guest: a seed that is printed, an end after so many steps or seconds, and the last steps when
 * something is wrong. */
#ifndef HISTORY_H
#define HISTORY_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REMEMBERED 32

static struct {
    uint64_t state, seed, steps, done;
    double seconds, end;
    char step[REMEMBERED][160];
} history = {.seed = 1, .steps = 10000};

static inline double seconds_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* splitmix64 */
static inline uint64_t draw(void) {
    uint64_t z = history.state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static inline uint64_t below(uint64_t n) {
    return draw() % n;
}

static inline bool one_in(uint64_t n) {
    return below(n) == 0;
}

/* --seed N, --steps N or --seconds N; the index of the first other argument, or 0. */
static inline int history_start(int argc, char **argv) {
    int n = 1;
    for (; n + 1 < argc && !strncmp(argv[n], "--", 2); n += 2) {
        if (!strcmp(argv[n], "--seed"))
            history.seed = strtoull(argv[n + 1], NULL, 0);
        else if (!strcmp(argv[n], "--steps"))
            history.steps = strtoull(argv[n + 1], NULL, 0);
        else if (!strcmp(argv[n], "--seconds"))
            history.seconds = atof(argv[n + 1]);
        else
            return 0;
    }
    history.state = history.seed;
    history.end = history.seconds > 0 ? seconds_now() + history.seconds : 0;
    printf("seed %llu\n", (unsigned long long)history.seed);
    return n;
}

static inline bool history_goes_on(void) {
    return history.end > 0 ? seconds_now() < history.end : history.done < history.steps;
}

static inline void remember(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline void remember(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(history.step[history.done++ % REMEMBERED], sizeof(history.step[0]), format, arguments);
    va_end(arguments);
}

/* Says what is wrong and what led there, and ends the test. */
static inline void wrong(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
static inline void wrong(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    printf("failed: seed %llu, step %llu: ", (unsigned long long)history.seed, (unsigned long long)history.done);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\nthe last steps:\n");
    for (uint64_t n = history.done > REMEMBERED ? history.done - REMEMBERED : 0; n < history.done; n++)
        printf("    %s\n", history.step[n % REMEMBERED]);
    exit(1);
}

#endif
