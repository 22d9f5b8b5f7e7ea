/* closing-attacks MODULE DIRECTORY: threads of a guest close what another one is using. A call that is made of several
 * of the host's goes on with the same file to its end: the descriptor's number could be that of a file of the host's by
 * then. And what is still open counts as open. MODULE is closing.c. Prints what failed; exit status 0 when nothing did. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../runtime/Inputs/guest-calls.h"
#include "../../runtime/Inputs/tree.h"

#define SIZE ((uint64_t)40 << 20) /* several pieces of everything */
#define LARGE 65536               /* bytes in a pipe */
#define SMALL 4096
#define LARGE_PIPES 4
#define FLAGS (O_RDWR | O_CREAT | O_TRUNC)

static bh_instance *guest;
static bh_address memory;

static int64_t call_guest(long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
    bh_function function;
    bh_value result = {0};
    REQUIRE(!bh_instance_function(guest, "call", "l(lllll)", &function));
    CHECK(!bh_invoke(guest, &function, &result, (uint64_t)number, a, b, c, d));
    return result.as.l;
}
#define SYS(name, a, b, c, d) call_guest(SYS_##name, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d))

/* ---- Files ---- */

static int64_t victim; /* the guest's descriptor that is closed when the host is first asked to do something with a file */
static sem_t asked, closed;
static atomic_int watching, used;

static void *close_victim(void *argument) {
    sem_wait(&asked);
    CHECK(SYS(close, victim, 0, 0, 0) == 0);
    sem_post(&closed);
    return argument;
}

/* What the library asks of the C library comes by here. */
static void look(int fd) {
    if (!watching)
        return;
    if (!used++) {
        sem_post(&asked);
        sem_wait(&closed);
    }
    CHECK(fcntl(fd, F_GETFD) >= 0);
}

#define PASS_ON(name, type, parameters, fd, ...)                                                                               \
    int name parameters {                                                                                                      \
        static int(*real) parameters;                                                                                          \
        if (!real)                                                                                                             \
            real = (int(*) parameters)dlsym(RTLD_NEXT, #name);                                                                 \
        look(fd);                                                                                                              \
        return real(__VA_ARGS__);                                                                                              \
    }
PASS_ON(ftruncate, int, (int fd, off_t size), fd, fd, size)
PASS_ON(fallocate, int, (int fd, int mode, off_t offset, off_t size), fd, fd, mode, offset, size)
PASS_ON(sync_file_range, int, (int fd, off_t offset, off_t size, unsigned flags), fd, fd, offset, size, flags)
PASS_ON(fsync, int, (int fd), fd, fd)

static void try(long number, uint64_t a, uint64_t b, uint64_t c, int least) {
    static const char name[] = "/w/file";
    pthread_t thread;
    CHECK(!bh_copy_in(guest, memory, name, sizeof(name)));
    victim = SYS(open, memory, FLAGS, 0600, 0);
    CHECK(victim >= 0 && !truncate(in_tree("granted/file"), SIZE));
    REQUIRE(!pthread_create(&thread, NULL, close_victim, NULL));
    used = 0;
    watching = 1;
    CHECK(call_guest(number, (uint64_t)victim, a, b, c) == 0);
    watching = 0;
    CHECK(used >= least);
    pthread_join(thread, NULL);
    CHECK(SYS(close, victim, 0, 0, 0) == -EBADF);
}

/* ---- Pipes ---- */

static int64_t make_pipe(int end[2]) {
    int64_t result = SYS(pipe, memory, 0, 0, 0);
    CHECK(!bh_copy_out(guest, end, memory, 2 * sizeof(int)));
    return result;
}

static atomic_int waiter;
static void *wait_for_all(void *argument) {
    waiter = (int)syscall(SYS_gettid);
    CHECK(SYS(poll, memory + 64, 2 * LARGE_PIPES + 1, -1, 0) == 1);
    return argument;
}

/* Until the thread sleeps. */
static void await_waiter(void) {
    char name[64], state = 0;
    while (!waiter)
        usleep(100);
    snprintf(name, sizeof(name), "/proc/self/task/%d/stat", waiter);
    while (state != 'S') {
        FILE *file = fopen(name, "r");
        REQUIRE(file && fscanf(file, "%*d (%*[^)]) %c", &state) == 1);
        fclose(file);
    }
}

/* Pipes that are waited for are there, and count, when the guest has closed them. */
static void test_pipes(void) {
    struct pollfd set[2 * LARGE_PIPES + 1] = {{.fd = -1}};
    int end[2];
    pthread_t thread;
    const uint64_t one = 1;
    for (int n = 0; n < LARGE_PIPES; n++) {
        CHECK(make_pipe(end) == 0 && SYS(fcntl, end[0], F_GETPIPE_SZ, 0, 0) == LARGE);
        set[2 * n] = (struct pollfd){.fd = end[0], .events = POLLIN};
        set[2 * n + 1] = (struct pollfd){.fd = end[1]};
    }
    int event = (int)SYS(eventfd2, 0, 0, 0, 0);
    set[2 * LARGE_PIPES] = (struct pollfd){.fd = event, .events = POLLIN};
    CHECK(!bh_copy_in(guest, memory + 64, set, sizeof(set)));
    REQUIRE(!pthread_create(&thread, NULL, wait_for_all, NULL));
    await_waiter();
    for (int n = 0; n < 2 * LARGE_PIPES; n++)
        CHECK(SYS(close, set[n].fd, 0, 0, 0) == 0);
    CHECK(make_pipe(end) == 0 && SYS(fcntl, end[0], F_GETPIPE_SZ, 0, 0) == SMALL);
    CHECK(!bh_copy_in(guest, memory, &one, sizeof(one)) && SYS(write, event, memory, sizeof(one), 0) == sizeof(one));
    pthread_join(thread, NULL);
    CHECK(make_pipe(end) == 0 && SYS(fcntl, end[0], F_GETPIPE_SZ, 0, 0) == LARGE);
}

int main(int argc, char **argv) {
    bh_policy *policy;
    REQUIRE(argc == 3 && !sem_init(&asked, 0, 0) && !sem_init(&closed, 0, 0));
    top = argv[2];
    make_directory("granted");
    open_module(argv[1], 4);
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_grant_directory(policy, in_tree("granted"), "/w", true));
    guest = new_instance(policy);
    REQUIRE(!bh_instance_symbol(guest, "memory", &memory));
    try(SYS_ftruncate, 0, 0, 0, 3);
    try(SYS_fallocate, 0, 0, SIZE, 3);
    try(SYS_fsync, 0, 0, 0, 3);
    test_pipes();
    CHECK(!bh_instance_destroy(guest));
    bh_policy_destroy(policy);
    close_module();
    return failures != 0;
}
