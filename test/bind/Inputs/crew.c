#include "crew.h"
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#define MOST 8

struct task {
    int kind, first, step, count;
    crew_work *work;
    crew_fill *fill;
    crew_title *title;
    void *user;
    long sum;
};

static atomic_int stop;
static atomic_long calls;

static void doze(void) {
    nanosleep(&(struct timespec){0, 1000000}, NULL);
}

static void *run(void *argument) {
    struct task *task = argument;
    char name[16] = "item ", bytes[32];
    switch (task->kind) {
    case 0:
        for (int n = task->first; n < task->count; n += task->step) {
            name[5] = (char)('a' + n % 26);
            task->sum += task->work(task->user, n, name);
        }
        break;
    case 1:
        for (int size; (size = task->fill(task->user, bytes, sizeof bytes)) > 0;)
            for (int n = 0; n < size; n++)
                task->sum += bytes[n];
        break;
    case 2:
        for (int n = 0; n < 20; n++)
            task->sum += (long)strlen(task->title(n));
        break;
    case 3:
        for (; !atomic_load(&stop); doze())
            calls += task->work(task->user, 1, "background");
        break;
    case 4:
        task->work(task->user, 1, "early");
        break;
    case 5:
        task->work(task->user, 1, "late");
        break;
    case 7:
        doze();
        __attribute__((fallthrough));
    case 6:
        task->work(task->user, 1, (const char *)8);
    }
    return NULL;
}

static long together(int threads, struct task model) {
    pthread_t thread[MOST];
    struct task task[MOST];
    long sum = 0;
    int made = 0;
    for (; made < threads && made < MOST; made++) {
        task[made] = model;
        task[made].first = made;
        task[made].step = threads;
        if (pthread_create(&thread[made], NULL, run, &task[made]))
            break;
    }
    for (int n = 0; n < made; n++) {
        pthread_join(thread[n], NULL);
        sum += task[n].sum;
    }
    return made == threads ? sum : -2;
}

long crew_for_each(int threads, int count, crew_work *work, void *user) {
    return together(threads, (struct task){.count = count, .work = work, .user = user});
}

long crew_read(int threads, crew_fill *fill, void *user) {
    return together(threads, (struct task){.kind = 1, .fill = fill, .user = user});
}

long crew_titles(int threads, crew_title *title) {
    return together(threads, (struct task){.kind = 2, .title = title});
}

static pthread_t worker;
static struct task job;

static int begin(int kind, crew_work *work, void *user) {
    job = (struct task){.kind = kind, .work = work, .user = user};
    return pthread_create(&worker, NULL, run, &job) ? -2 : 0;
}

int crew_start(crew_work *work, void *user) {
    atomic_store(&stop, 0);
    calls = 0;
    return begin(3, work, user);
}

long crew_stop(void) {
    atomic_store(&stop, 1);
    pthread_join(worker, NULL);
    return calls;
}

int crew_return_early(crew_work *work, void *user, int patient) {
    if (begin(4, work, user))
        return -2;
    pthread_detach(worker);
    while (patient && !work(user, 0, "is somebody there?"))
        doze();
    return 0;
}

int crew_remember(crew_work *work, void *user) {
    job = (struct task){.kind = 5, .work = work, .user = user};
    return 0;
}

int crew_call_remembered(void) {
    if (pthread_create(&worker, NULL, run, &job))
        return -2;
    pthread_join(worker, NULL);
    return 0;
}

int crew_lie(crew_work *work, void *user) {
    return together(1, (struct task){.kind = 6, .work = work, .user = user}) ? 1 : 0;
}

int crew_lie_later(crew_work *work, void *user) {
    return begin(7, work, user);
}
