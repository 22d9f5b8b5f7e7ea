/* What waits for descriptors, on pipes, event counters and none, and says what it got. The same on Linux as in a
 * guest. With -pthread threads write, close, and send signals meanwhile. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "told.h"

static int in, out, other;
static char buffer[1 << 17];
static volatile int handled;

static void on_signal(int number) {
    handled = number;
}

static struct pollfd set[4];
static int wait_on(int count, int milliseconds) {
    int result = poll(set, count, milliseconds);
    for (int n = 0; n < count; n++)
        printf(" [%x]", set[n].revents);
    return result;
}

static void make(int flags) {
    int ends[2];
    if (pipe2(ends, flags))
        exit(1);
    in = ends[0];
    out = ends[1];
    set[0] = (struct pollfd){in, POLLIN, 0};
    set[1] = (struct pollfd){out, POLLOUT, 0};
}

static void drop(void) {
    close(in);
    close(out);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void sleeping(void) {
    double start = now();
    struct timespec left = {0, 20000000};
    T(poll(NULL, 0, 20));
    T(ppoll(NULL, 0, &(struct timespec){0, 20000000}, NULL));
    T(select(0, NULL, NULL, NULL, &(struct timeval){0, 20000}));
    T(pselect(0, NULL, NULL, NULL, &(struct timespec){0, 20000000}, NULL));
    printf("%s\n", now() - start >= 0.080 ? "slept" : "did not sleep");
    T(syscall(SYS_ppoll, NULL, 0, &left, NULL, 0));
    printf("%ld.%09ld left\n", left.tv_sec, left.tv_nsec);
    T(ppoll(NULL, 0, &(struct timespec){0, 1000000000}, NULL));
    T(ppoll(NULL, 0, &(struct timespec){-1, 0}, NULL));
    T(syscall(SYS_select, 0, NULL, NULL, NULL, &(struct timeval){-1, 0}));
    T(syscall(SYS_select, 0, NULL, NULL, NULL, &(struct timeval){0, -1}));
    T(syscall(SYS_select, 0, NULL, NULL, NULL, &(struct timeval){0, 2000}));
    T(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &(struct timespec){0, -1}, NULL));
    T(syscall(SYS_select, -1, NULL, NULL, NULL, NULL));
    T(syscall(SYS_ppoll, NULL, 0, &(struct timespec){0, 0}, buffer, 7));
    T(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &(struct timespec){0, 0}, ((uint64_t[]){(uint64_t)(uintptr_t)buffer, 7})));
}

static void pipes(void) {
    struct stat info;
    int ends[2];
    T(pipe2(ends, O_APPEND));
    T(pipe2(ends, -1 & ~O_DIRECT));
    T(syscall(SYS_pipe2, 16, 0));
    make(0);
    T(fstat(in, &info));
    printf("%s, uid %s\n", S_ISFIFO(info.st_mode) ? "a pipe" : "no pipe", info.st_uid == getuid() ? "own" : "other");
    T(lseek(in, 0, SEEK_SET));
    T(fcntl(in, F_GETFL));
    T(fcntl(out, F_GETFL));
    T(fcntl(in, F_GETFD));
    T(fcntl(in, F_GETPIPE_SZ));
    T(fcntl(0, F_GETPIPE_SZ));
    T(wait_on(2, 0));
    T(write(out, "hello", 5));
    T(wait_on(2, -1));
    T(wait_on(1, 1000));
    T(ioctl(in, FIONREAD, &ends[0]));
    printf("%d to be read\n", ends[0]);
    T(read(in, buffer, 3));
    T(read(in, buffer, sizeof(buffer)));
    T(read(out, buffer, 1));
    T(write(in, buffer, 1));
    T(pread(in, buffer, 1, 0));
    T(write(out, buffer, 65536));
    T(wait_on(2, 0));
    T(fcntl(out, F_SETFL, O_NONBLOCK));
    T(write(out, buffer, 1));
    T(read(in, buffer, 65536));
    T(write(out, buffer, sizeof(buffer)));
    T(fcntl(in, F_SETFL, O_NONBLOCK));
    T(read(in, buffer, sizeof(buffer)));
    T(read(in, buffer, sizeof(buffer)));
    T(ioctl(in, FIONBIO, &(int){0}));
    T(fcntl(in, F_GETFL));
    T(ftruncate(out, 0));
    T(fsync(out));
    /* The last writer's end is the end of the file; the first one's is not. */
    T((other = dup(out)) >= 0);
    close(out);
    T(wait_on(1, 0));
    close(other);
    T(wait_on(1, 0));
    T(wait_on(1, -1));
    T(read(in, buffer, 1));
    drop();
    make(O_CLOEXEC | O_NONBLOCK);
    T(fcntl(in, F_GETFD));
    T(read(in, buffer, 1));
    close(in);
    set[1].events = 0;
    T(wait_on(2, 0)); /* one closed, one without a reader */
    set[0].fd = -1;
    T(wait_on(2, -1));
    signal(SIGPIPE, SIG_IGN);
    T(write(out, "x", 1));
    signal(SIGPIPE, on_signal);
    T(write(out, "x", 1));
    printf("signal %d\n", handled);
    drop();
    T(poll(set, 100000, 0));
    T(syscall(SYS_poll, 16, 1, 0));
    T(syscall(SYS_ppoll, NULL, 0, 16, NULL, 0));
}

static void show(const fd_set *r, const fd_set *w, const fd_set *e) {
    for (int fd = 0; fd < 32; fd++)
        if (FD_ISSET(fd, r) || FD_ISSET(fd, w) || FD_ISSET(fd, e))
            printf(" %s%s%s%s", fd == in ? "in" : fd == out ? "out" : "?", FD_ISSET(fd, r) ? "r" : "",
                   FD_ISSET(fd, w) ? "w" : "", FD_ISSET(fd, e) ? "e" : "");
}

static int select_all(long microseconds) {
    fd_set r, w, e;
    FD_ZERO(&r);
    FD_ZERO(&w);
    FD_ZERO(&e);
    FD_SET(in, &r), FD_SET(out, &r), FD_SET(in, &w), FD_SET(out, &w), FD_SET(in, &e), FD_SET(out, &e);
    int result = select(32, &r, &w, &e, microseconds < 0 ? NULL : &(struct timeval){0, microseconds});
    if (result >= 0)
        show(&r, &w, &e);
    return result;
}

static int select_one(int fd, char kind, long microseconds) {
    fd_set s;
    FD_ZERO(&s);
    FD_SET(fd, &s);
    int result = pselect(fd + 1, kind == 'r' ? &s : NULL, kind == 'w' ? &s : NULL, kind == 'e' ? &s : NULL,
                         &(struct timespec){0, microseconds * 1000}, NULL);
    printf(" %d", FD_ISSET(fd, &s) != 0);
    return result;
}

static void selects(void) {
    make(0);
    T(select_all(-1));
    T(select_one(in, 'r', 1000));
    T(select_one(in, 'w', 1000));
    T(select_one(out, 'w', 1000));
    T(select_one(out, 'e', 1000));
    T(select_one(30, 'r', 1000));
    T(write(out, "x", 1));
    T(select_all(0));
    close(out);
    T(select_one(in, 'r', 0));
    T(select_one(in, 'w', 20000)); /* an end is nothing to write to: it waits */
    T(select_one(in, 'e', 20000));
    close(in);
    make(0);
    close(in);
    T(select_one(out, 'r', 1000));
    T(select_one(out, 'w', 1000));
    T(select_one(out, 'e', 1000));
    close(out);
    T(syscall(SYS_select, 8, 16, NULL, NULL, NULL));
    T(syscall(SYS_pselect6, 8, NULL, NULL, NULL, NULL, 16));
}

static void events(void) {
    uint64_t value = 5;
    int fd = eventfd(3, EFD_NONBLOCK);
    set[0] = (struct pollfd){fd, POLLIN | POLLOUT, 0};
    T(eventfd(0, 4096));
    T(wait_on(1, -1));
    T(read(fd, &value, 4));
    T(read(fd, &value, 8));
    printf("%lu\n", value);
    T(wait_on(1, 0));
    T(read(fd, &value, 8));
    value = UINT64_MAX;
    T(write(fd, &value, 8));
    value = UINT64_MAX - 1;
    T(write(fd, &value, 8));
    T(wait_on(1, 0));
    T(write(fd, &value, 8));
    T(lseek(fd, 0, SEEK_CUR));
    close(fd);
    fd = eventfd(2, EFD_SEMAPHORE | EFD_CLOEXEC);
    T(read(fd, &value, 8));
    T(fcntl(fd, F_GETFD));
    printf("%lu\n", value);
    close(fd);
}

/* What is pending and let through by the call's own mask interrupts it at once, what is ready comes first, and the
 * mask is as before. */
static void masks(void) {
    sigset_t all, none, before;
    sigfillset(&all), sigemptyset(&none);
    signal(SIGUSR1, on_signal);
    sigprocmask(SIG_SETMASK, &all, NULL);
    make(0);
    raise(SIGUSR1);
    handled = 0;
    T(poll(NULL, 0, 1));
    T(ppoll(NULL, 0, &(struct timespec){0, 1000000}, &all));
    printf("handled %d\n", handled);
    T(ppoll(set + 1, 1, NULL, &none));
    printf("handled %d\n", handled);
    T(ppoll(set, 1, NULL, &none));
    printf("handled %d\n", handled);
    raise(SIGUSR1);
    handled = 0;
    T(pselect(0, NULL, NULL, NULL, NULL, &none));
    printf("handled %d\n", handled);
    sigprocmask(SIG_SETMASK, NULL, &before);
    T(memcmp(&before, &all, sizeof(long)) != 0);
    T(sigismember(&before, SIGUSR1));
    raise(SIGUSR1);
    handled = 0;
    T(ppoll(NULL, 0, &(struct timespec){0, 0}, &none));
    printf("handled %d\n", handled);
    sigprocmask(SIG_SETMASK, &none, NULL);
    drop();
}

#ifdef THREADS
static pthread_t first;
static volatile int step;

static void *writer(void *argument) {
    usleep(20000);
    write(out, "x", 1);
    return argument;
}

static void *signaller(void *argument) {
    usleep(20000);
    pthread_kill(first, SIGUSR1);
    return argument;
}

/* Puts another pipe, with something in it, where the waiting thread's was. */
static void *replacer(void *argument) {
    int ends[2];
    usleep(20000);
    pipe(ends);
    write(ends[1], "wrong", 5);
    dup2(ends[0], in);
    close(ends[0]);
    close(ends[1]);
    usleep(20000);
    step = 1;
    write(out, "r", 1);
    return argument;
}

static void *reader(void *argument) {
    long sum = 0, got;
    while ((got = read(in, buffer, 4096)) > 0)
        sum += got;
    return (void *)sum;
}

static void *closer(void *argument) {
    usleep(20000);
    close(out);
    return argument;
}

static void with(void *(*other)(void *)) {
    pthread_t thread;
    pthread_create(&thread, NULL, other, NULL);
    pthread_detach(thread);
}

static void threads(void) {
    static char much[1 << 20];
    pthread_t thread;
    void *sum;
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigset_t none, usr1;
    sigemptyset(&none), sigemptyset(&usr1), sigaddset(&usr1, SIGUSR1);
    first = pthread_self();
    sigaction(SIGUSR1, &action, NULL);
    make(0);
    with(writer);
    T(wait_on(1, -1));
    T(read(in, buffer, 1));
    with(writer);
    T(select_all(-1));
    T(read(in, buffer, 1));
    with(writer);
    T(select_one(in, 'r', 900000));
    T(read(in, buffer, 1));
    /* Even by a handler that restarts other calls. */
    with(signaller);
    T(wait_on(1, -1));
    with(signaller);
    T(select_one(in, 'r', 900000));
    pthread_sigmask(SIG_SETMASK, &usr1, NULL);
    handled = 0;
    with(signaller);
    T(ppoll(set, 1, &(struct timespec){0, 60000000}, NULL));
    printf("handled %d\n", handled);
    T(ppoll(set, 1, NULL, &none));
    printf("handled %d\n", handled);
    handled = 0;
    with(signaller);
    T(ppoll(set, 1, NULL, &none));
    printf("handled %d\n", handled);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    with(replacer);
    T(poll(set, 1, -1)); /* Linux looks at the new one when the old one wakes it */
    printf("step %d\n", step);
    T(read(in, buffer, 8));
    drop();
    make(0);
    with(closer);
    T(read(in, buffer, 1));
    close(in);
    make(0);
    pthread_create(&thread, NULL, reader, NULL);
    T(write(out, much, sizeof(much)));
    close(out);
    pthread_join(thread, &sum);
    printf("%ld read\n", (long)sum);
    close(in);
}
#endif

int main(int argc, char **argv) {
    if (argc > 1)
        sleeping();
    pipes();
    selects();
    events();
    masks();
#ifdef THREADS
    threads();
#endif
    return 0;
}
