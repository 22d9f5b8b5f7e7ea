#include "users.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long seen, used;
static visit *events[2];
static done *finished;
static void *event_user[2], *done_user, *file;
static struct job *job;
static opener *open_file;
static closer *close_file;

static void *pick(void *right) { return used == NOTHING ? NULL : used ? (void *)used : right; }
static void *see(void *number) {
    seen = (long)number;
    return pick(number);
}
long last(void) { return seen; }
void use(long number) { used = number; }

int each(visit *f, void *user) { return user ? f(see(user), 1) + f(see(user), 2) : 0; }
int both(visit *f, done *d, void *user) { finished = d; done_user = user; return f(see(user), 1); }
int on(int event, visit *f, void *user) { events[event] = f; event_user[event] = user; seen = (long)user; return 0; }
int on_done(done *f, void *user) { finished = f; done_user = user; seen = (long)user; return 0; }
int pairs(const struct pair *list, int n) {
    int sum = 0;
    for (int k = 0; k < n; k++)
        sum += list[k].f(used == 1 ? list[n - 1 - k].user : list[k].user, k);
    return sum;
}
int get_pair(struct pair *one) { one->f = events[0]; one->user = event_user[0]; return 0; }
int pair_changes(struct pair *one) { one->user = (void *)used; return 0; }
int sort(void **items, int n, order *by) {
    for (int k = 1; k < n; k++)
        for (int m = k; m && by(items[m - 1], items[m]) > 0; m--) {
            void *t = items[m];
            items[m] = items[m - 1];
            items[m - 1] = t;
        }
    items[0] = see(items[0]);
    return 0;
}
int files(opener *o, closer *c) { open_file = o; close_file = c; return 0; }
int attach(void *f) { file = f; seen = (long)f; return 0; }
int attach_now(void *f, void *other) { file = f; seen = (long)(used == 1 ? other : f); return close_file(used == 1 ? other : f); }
int set_job(struct job *j) { job = j; seen = (long)j; return 0; }
struct job *get_job(void) { return pick(job); }

int fire(int event) {
    switch (event) {
    case EVENT_0:
    case EVENT_1: return events[event](pick(event_user[event]), event);
    case DONE: finished(pick(done_user)); return 0;
    case CLOSE: return close_file(pick(file));
    default: file = open_file("file"); seen = (long)file; return file != NULL;
    }
}
/* The host's function calls the library again; what the inner call was given is used after it. */
int nest(visit *f, void *user) {
    int inner = f(user, 10);
    return inner + f(pick(user), 20);
}
const char *label(int n) {
    static char text[32];
    if (n < 0)
        return "constant";
    snprintf(text, sizeof text, "label %d", n);
    return text;
}
int labels(const char **list, int n) {
    while (n--)
        list[n] = "";
    return 0;
}

#ifdef USERS_THREADS
#include <pthread.h>
#include <time.h>
static pthread_t thread;
static void *run(void *argument) {
    close_file(argument);
    return NULL;
}
int later(closer *c, void *f, int patient) {
    close_file = c;
    if (pthread_create(&thread, NULL, run, f))
        return -2;
    while (patient && !c(f)) /* is somebody there? */
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    return 0;
}
int join(void) { return pthread_join(thread, NULL) ? -2 : 0; }
#endif
