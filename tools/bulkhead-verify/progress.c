/* See progress.h. A thread prints; the one that works only stores a number now and then. */
#include "progress.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { WORTH_SHOWING = 16 << 20, BAR = 24 };

static struct {
    const char *name, *phase;
    size_t total;
    volatile size_t done;
    struct timespec start;
    bool shown, terminal, over;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
} state = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static double seconds_since(const struct timespec *start) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static void show_bar(double part) {
    int filled = (int)((double)BAR * part);
    fprintf(stderr, " [%.*s%*s] %3.0f %%", filled, "========================", BAR - filled, "", 100.0 * part);
}

/* One line; on a terminal it replaces the one before. */
static void show(size_t done, bool last) {
    double seconds = seconds_since(&state.start), rate = seconds > 0 ? (double)done / seconds / 1e6 : 0;
    const char *end = state.terminal ? "  " : "\n";
    fprintf(stderr, "%s%s: %s", state.terminal ? "\r" : "", state.name, state.phase);
    if (state.total)
        show_bar((double)done / (double)state.total);
    fprintf(stderr, " %.1f MB, %.0f MB/s", (double)done / 1e6, rate);
    if (last)
        fprintf(stderr, ", %.1f s       \n", seconds);
    else if (state.total && rate > 0)
        fprintf(stderr, ", %.0f s left%s", (double)(state.total - done) / 1e6 / rate, end);
    else
        fprintf(stderr, "%s", end);
    fflush(stderr);
}

static void *run(void *unused) {
    struct timespec wake;
    pthread_mutex_lock(&state.mutex);
    while (!state.over) {
        clock_gettime(CLOCK_REALTIME, &wake);
        wake.tv_nsec += 250000000;
        wake.tv_sec += wake.tv_nsec / 1000000000;
        wake.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&state.changed, &state.mutex, &wake);
        size_t done = state.done;
        if (!state.over)
            show(state.total && done > state.total ? state.total : done, false);
    }
    pthread_mutex_unlock(&state.mutex);
    return NULL;
}

volatile size_t *progress_begin(const struct options *options, const char *name, const char *phase, size_t total) {
    state.name = name;
    state.phase = phase;
    state.total = total;
    state.done = 0;
    state.over = false;
    state.terminal = isatty(STDERR_FILENO);
    clock_gettime(CLOCK_MONOTONIC, &state.start);
    fflush(stdout);
    bool wanted = options->progress || (state.terminal && total >= WORTH_SHOWING);
    state.shown = wanted && !pthread_create(&state.thread, NULL, run, NULL);
    return &state.done;
}

void progress_end(size_t total) {
    if (!state.shown)
        return;
    pthread_mutex_lock(&state.mutex);
    state.over = true;
    pthread_cond_signal(&state.changed);
    pthread_mutex_unlock(&state.mutex);
    pthread_join(state.thread, NULL);
    show(total, true);
    state.shown = false;
}
