/* wait-attacks MODULE: what a guest may do with what waits for descriptors, and with pipes and event counters: counts
 * and pointers of all kinds, thousands of pipes, waits that a deadline ends. MODULE is library.S, whose system calls
 * this host makes. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#include "../../runtime/Inputs/entries.h"
#include "../../runtime/Inputs/syscalls.h"

#define DEADLINE 30000000 /* nanoseconds */
#define PROMPTLY 1.0      /* seconds; a machine that is busy otherwise is slow, and a wait that hangs never ends */
#define PAGE 4096
#define MOST_PAGES 4096
#define LARGE 65536

/* Neither the guest's nor mapped in the slot; and what no address of the guest's is, though cut down to 32 bits it
 * would be one. */
#define LAST (bh_instance_base(guest) + BH_SLOT_SIZE - 8)
#define HOST (BUFFER + BH_SLOT_SIZE)

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static bh_policy *new_policy(unsigned grants, unsigned descriptors) {
    bh_policy *policy;
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_grant(policy, grants) &&
            !bh_policy_set_descriptor_limit(policy, descriptors));
    return policy;
}

static void start(unsigned grants, unsigned descriptors) {
    bh_policy *policy = new_policy(grants, descriptors);
    start_guest(policy);
    bh_policy_destroy(policy);
}

static void make_pipe(int end[2], int flags) {
    IS(SYS(pipe2, BUFFER, flags), 0);
    CHECK(!bh_copy_out(guest, end, BUFFER, 2 * sizeof(int)));
}

/* ---- Counts and pointers ---- */

static void test_pointers(void) {
    start(BH_GRANT_CLOCK, 16);
    const uint64_t bad[] = {0, 8, bh_instance_base(guest) + 8, HOST, LAST, (uint64_t)-8, bh_instance_base(guest) - 8,
                            bh_instance_base(guest) + BH_SLOT_SIZE};
    const struct timespec no_time = {0};
    int end[2];
    make_pipe(end, 0);
    for (size_t n = 0; n < sizeof(bad) / sizeof(*bad); n++) {
        IS(SYS(poll, bad[n], 1, 0), -EFAULT);
        IS(SYS(pipe, bad[n]), -EFAULT);
        IS(SYS(pipe2, bad[n], O_CLOEXEC), -EFAULT);
        IS(SYS(ppoll, 0, 0, bad[n] ? bad[n] : 8, 0, 0), -EFAULT);
        IS(SYS(ppoll, 0, 0, buffer(&no_time, sizeof(no_time)), bad[n] ? bad[n] : 8, 8), -EFAULT);
        for (int set = 0; bad[n] && set < 3; set++) {
            IS(SYS(select, 1, set == 0 ? bad[n] : 0, set == 1 ? bad[n] : 0, set == 2 ? bad[n] : 0, 0), -EFAULT);
            IS(SYS(pselect6, 1, set == 0 ? bad[n] : 0, set == 1 ? bad[n] : 0, set == 2 ? bad[n] : 0, 0, 0), -EFAULT);
        }
        IS(SYS(select, 0, 0, 0, 0, bad[n] ? bad[n] : 8), -EFAULT);
        IS(SYS(pselect6, 0, 0, 0, 0, bad[n] ? bad[n] : 8, 0), -EFAULT);
        IS(SYS(pselect6, 0, 0, 0, 0, BUFFER, bad[n] ? bad[n] : 8), -EFAULT);
        const uint64_t mask[2] = {bad[n] ? bad[n] : 8, 8};
        CHECK(!bh_copy_in(guest, BUFFER + 64, mask, sizeof(mask)));
        IS(SYS(pselect6, 0, 0, 0, 0, BUFFER, BUFFER + 64), -EFAULT);
        IS(SYS(ioctl, end[0], 0x541b /* FIONREAD */, bad[n]), -EFAULT);
        IS(SYS(ioctl, end[0], 0x5421 /* FIONBIO */, bad[n]), -EFAULT);
    }
    /* No descriptor was lost. */
    IS(SYS(dup, end[0]), end[1] + 1);
    /* What can be read and not written: what is ready cannot be told there. */
    int64_t page = SYS(mmap, 0, PAGE, 3, 0x22 /* MAP_PRIVATE, MAP_ANONYMOUS */, -1, 0);
    const struct pollfd set = {end[1], POLLOUT, 0};
    const uint64_t bits = (uint64_t)1 << end[1];
    CHECK(!bh_copy_in(guest, (uint64_t)page, &set, sizeof(set)));
    CHECK(!bh_copy_in(guest, (uint64_t)page + 64, &bits, sizeof(bits)));
    IS(SYS(poll, page, 1, 0), 1);
    IS(SYS(select, end[1] + 1, 0, page + 64, 0, 0), 1);
    IS(SYS(mprotect, page, PAGE, 1), 0);
    IS(SYS(poll, page, 1, 0), -EFAULT);
    IS(SYS(select, end[1] + 1, 0, page + 64, 0, 0), -EFAULT);
    /* Across its end. */
    IS(SYS(poll, page + PAGE - 4, 1, 0), -EFAULT);
    /* As many as descriptors, and one more. */
    struct pollfd many[16];
    for (int n = 0; n < 16; n++)
        many[n] = (struct pollfd){n, POLLIN, 0};
    IS(SYS(poll, buffer(many, sizeof(many)), 16, 0), 13); /* 13 are not open, and the pipe is empty */
    IS(SYS(poll, BUFFER, 16, -1), 13); /* it is said at once */
    IS(SYS(poll, BUFFER, 16, INT32_MAX), 13);
    IS(SYS(poll, BUFFER, 17, 0), -EINVAL);
    IS(SYS(poll, BUFFER, UINT64_MAX, 0), -EINVAL);
    IS(SYS(poll, BUFFER, INT32_MAX, 0), -EINVAL);
    IS(SYS(ppoll, BUFFER, 17, 0, 0, 0), -EINVAL);
    IS(SYS(poll, BUFFER, (uint64_t)1 << 32, 0), 0); /* a count has 32 bits */
    /* Bits beyond what may be open are nobody's. */
    const uint64_t all[16] = {(uint64_t)1 << end[1], UINT64_MAX, UINT64_MAX};
    IS(SYS(select, 1024, 0, buffer(all, sizeof(all)), 0, 0), 1);
    IS(SYS(select, INT32_MAX, 0, buffer(all, sizeof(all)), 0, 0), 1);
    IS(SYS(select, -1, 0, BUFFER, 0, 0), -EINVAL);
    IS(SYS(select, 0, HOST, HOST, HOST, buffer(&no_time, sizeof(no_time))), 0); /* no byte of them */
    const struct timeval beyond = {INT64_MAX, 1000000};
    IS(SYS(select, 0, 0, 0, 0, buffer(&beyond, sizeof(beyond))), -EINVAL);
    const uint64_t closed[1] = {1 << 15};
    IS(SYS(select, 16, buffer(closed, sizeof(closed)), 0, 0, 0), -EBADF);
    IS(SYS(select, 15, BUFFER, 0, 0, buffer(&no_time, sizeof(no_time))), 0);
    CHECK(!bh_instance_destroy(guest));
}

/* Without the clock: what is there can be seen, but no time passes. */
static void test_no_clock(void) {
    const struct timespec second = {1, 0}, none = {0};
    int end[2];
    start(0, 16);
    make_pipe(end, 0);
    const struct pollfd set = {end[1], POLLOUT, 0};
    IS(SYS(poll, buffer(&set, sizeof(set)), 1, 0), 1);
    IS(SYS(poll, BUFFER, 1, -1), 1);
    IS(SYS(poll, BUFFER, 1, 1), -EPERM);
    IS(SYS(poll, 0, 0, 1), -EPERM);
    IS(SYS(ppoll, 0, 0, buffer(&second, sizeof(second)), 0, 0), -EPERM);
    IS(SYS(select, 0, 0, 0, 0, BUFFER), -EPERM);
    IS(SYS(pselect6, 0, 0, 0, 0, BUFFER, 0), -EPERM);
    IS(SYS(ppoll, 0, 0, buffer(&none, sizeof(none)), 0, 0), 0);
    IS(SYS(select, 0, 0, 0, 0, BUFFER), 0);
    IS(SYS(pselect6, 0, 0, 0, 0, BUFFER, 0), 0);
    check_fresh_usage(guest, 5);
    CHECK(!bh_instance_destroy(guest));
}

/* ---- Deadlines ---- */

static void expires(int line, int64_t result, double begin) {
    if (result != INT64_MIN || bh_last_error()->error != BH_ERROR_DEADLINE || now() - begin > PROMPTLY) {
        printf("line %d: %lld, %s, after %f s\n", line, (long long)result, bh_last_error()->text, now() - begin);
        failures++;
    }
}

#define EXPIRES(...)                                                                                                           \
    do {                                                                                                                       \
        make_pipe(end, 0);                                                                                                     \
        double begin = now();                                                                                                  \
        expires(__LINE__, SYS(__VA_ARGS__), begin);                                                                            \
        CHECK(!bh_instance_reset(guest));                                                                                      \
        CHECK(entries_of("/proc/self/fd") == before);                                                                                   \
    } while (0)

static void test_deadlines(void) {
    int end[2], before = entries_of("/proc/self/fd");
    start(BH_GRANT_CLOCK, 16);
    CHECK(!bh_instance_set_deadline(guest, DEADLINE));
    const struct pollfd set = {0, POLLIN, 0};
    const struct timespec hour = {3600, 0};
    EXPIRES(poll, 0, 0, -1);
    EXPIRES(poll, 0, 0, 3600000);
    EXPIRES(ppoll, 0, 0, 0, 0, 0);
    EXPIRES(ppoll, 0, 0, buffer(&hour, sizeof(hour)), 0, 0);
    EXPIRES(select, 0, 0, 0, 0, 0);
    EXPIRES(select, 0, 0, 0, 0, buffer(&hour, sizeof(hour)));
    EXPIRES(pselect6, 0, 0, 0, 0, buffer(&hour, sizeof(hour)), 0);
    EXPIRES(read, end[0], BUFFER, 1);
    const uint64_t bits = 1;
    EXPIRES(select, 1, buffer(&bits, sizeof(bits)), 0, 0, 0);
    EXPIRES(poll, buffer(&set, sizeof(set)), 1, -1);
    EXPIRES(poll, buffer(&set, sizeof(set)), 1, 3600000);
    /* More than a pipe holds. */
    EXPIRES(write, end[1], SYS(mmap, 0, 1 << 20, 3, 0x22 /* MAP_PRIVATE, MAP_ANONYMOUS */, -1, 0), 1 << 20);
    IS(SYS(eventfd2, 0, 0), 0);
    double begin = now();
    expires(__LINE__, SYS(read, 0, BUFFER, 8), begin);
    CHECK(!bh_instance_destroy(guest));
    CHECK(entries_of("/proc/self/fd") == before);
}

/* ---- As many pipes as there can be ---- */

/* Pages that the guest's pipes have room for. */
static uint64_t fill_with_pipes(unsigned *pipes, int64_t *error) {
    uint64_t pages = 0;
    int64_t result;
    while (!(result = SYS(pipe, BUFFER))) {
        int end[2];
        CHECK(!bh_copy_out(guest, end, BUFFER, sizeof(end)));
        int64_t size = SYS(fcntl, end[1], F_GETPIPE_SZ);
        CHECK(size == PAGE || size == LARGE);
        IS(SYS(fcntl, end[0], F_SETPIPE_SZ, size), size);
        IS(SYS(fcntl, end[0], F_SETPIPE_SZ, size + 1), -EPERM);
        /* And it is true: so much fits and no more. */
        IS(SYS(fcntl, end[1], F_SETFL, O_NONBLOCK), 0);
        IS(SYS(write, end[1], zeros, LARGE), size);
        pages += (uint64_t)size / PAGE;
        ++*pipes;
    }
    *error = result;
    return pages;
}

static void test_many(void) {
    enum { GUESTS = 10 };
    bh_policy *policy = new_policy(0, 1024);
    bh_instance *guests[GUESTS];
    int before = entries_of("/proc/self/fd");
    uint64_t pages = 0;
    int64_t error = 0;
    unsigned pipes = 0;
    struct rlimit limit;
    REQUIRE(!getrlimit(RLIMIT_NOFILE, &limit));
    rlim_t was = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max < 32768 ? limit.rlim_max : 32768;
    REQUIRE(!setrlimit(RLIMIT_NOFILE, &limit));
    for (int n = 0; n < GUESTS; n++) {
        start_guest(policy);
        guests[n] = guest;
        pages += fill_with_pipes(&pipes, &error);
        if (!n)
            CHECK(error == -EMFILE && pipes == 512 && pages == 508 + 4 * 16);
        CHECK(error == -EMFILE || error == -ENFILE);
        CHECK(SYS(pipe, BUFFER) == error);
    }
    CHECK(pages <= MOST_PAGES && error == -ENFILE);
    /* What one gives back another can have; a reset and the end give back all. */
    guest = guests[0];
    for (int fd = 0; fd < 4; fd++)
        IS(SYS(close, fd), 0);
    guest = guests[GUESTS - 1];
    bool room = !SYS(pipe, BUFFER);
    CHECK(room || limit.rlim_cur < 32768);
    for (int n = 0; n < GUESTS; n++)
        CHECK(n % 2 ? !bh_instance_reset(guests[n]) : !bh_instance_destroy(guests[n]));
    CHECK(entries_of("/proc/self/fd") == before);
    for (int n = 1; n < GUESTS; n += 2)
        CHECK(!bh_instance_destroy(guests[n]));
    start_guest(policy);
    pages = pipes = 0;
    pages = fill_with_pipes(&pipes, &error);
    CHECK(error == -EMFILE && pipes == 512 && pages == 508 + 4 * 16);
    /* Copies of an end are no pipes of their own, and it lives as long as the last of them. */
    for (int fd = 2; fd < 1024; fd++)
        IS(SYS(close, fd), 0);
    for (int n = 0; n < 5; n++) {
        IS(SYS(dup, 0), 2);
        IS(SYS(close, 0), 0);
        IS(SYS(dup2, 2, 0), 0);
        IS(SYS(close, 2), 0);
    }
    IS(SYS(fcntl, 0, F_GETPIPE_SZ), LARGE);
    IS(SYS(close, 1), 0);
    IS(SYS(close, 0), 0);
    pages = pipes = 0;
    pages = fill_with_pipes(&pipes, &error);
    CHECK(error == -EMFILE && pipes == 512 && pages == 508 + 4 * 16);
    CHECK(!bh_instance_destroy(guest));
    bh_policy_destroy(policy);
    limit.rlim_cur = was;
    REQUIRE(!setrlimit(RLIMIT_NOFILE, &limit));
    CHECK(entries_of("/proc/self/fd") == before);
}

/* Room for one descriptor, or for none: nothing is left half made. */
static void test_full(void) {
    int before = entries_of("/proc/self/fd");
    start(0, 3);
    IS(SYS(pipe, BUFFER), 0);
    IS(SYS(eventfd2, 0, 0), 2);
    IS(SYS(pipe, BUFFER), -EMFILE);
    IS(SYS(eventfd2, 0, 0), -EMFILE);
    IS(SYS(close, 2), 0);
    IS(SYS(pipe, BUFFER), -EMFILE);
    CHECK(entries_of("/proc/self/fd") == before + 2);
    IS(SYS(eventfd, 0), 2);
    CHECK(!bh_instance_destroy(guest));
    CHECK(entries_of("/proc/self/fd") == before);
}

/* A stream that the host has closed. */
static void test_closed_stream(void) {
    const struct timespec none = {0};
    const uint64_t bits = 2;
    int fd = dup(STDIN_FILENO);
    bh_policy *policy = new_policy(0, 16);
    REQUIRE(fd >= 0 && !bh_policy_grant_stream(policy, 1, fd));
    start_guest(policy);
    bh_policy_destroy(policy);
    close(fd);
    CHECK(!bh_copy_in(guest, BUFFER + 64, &none, sizeof(none)));
    IS(SYS(select, 2, buffer(&bits, sizeof(bits)), 0, 0, BUFFER + 64), -EBADF);
    const struct pollfd set = {1, POLLIN, 0};
    struct pollfd told;
    IS(SYS(poll, buffer(&set, sizeof(set)), 1, 0), 1);
    CHECK(!bh_copy_out(guest, &told, BUFFER, sizeof(told)) && told.revents == POLLNVAL);
    CHECK(!bh_instance_destroy(guest));
}

/* The host's own are all in use. */
static void test_no_descriptors(void) {
    struct rlimit old;
    int fds[64], count = 0;
    bh_policy *policy = new_policy(0, 16);
    REQUIRE(!bh_policy_grant_directory(policy, "/", "/data", BH_READ_ONLY));
    start_guest(policy);
    bh_policy_destroy(policy);
    int before = entries_of("/proc/self/fd");
    REQUIRE(!getrlimit(RLIMIT_NOFILE, &old) && !setrlimit(RLIMIT_NOFILE, &(struct rlimit){64, old.rlim_max}));
    while ((fds[count] = dup(STDIN_FILENO)) >= 0)
        count++;
    IS(SYS(pipe, BUFFER), -EMFILE);
    IS(SYS(eventfd2, 0, 0), -EMFILE);
    IS(SYS(memfd_create, BUFFER, 0), -EMFILE);
    IS(SYS(open, str("/dev/null"), O_RDONLY), -EMFILE);
    IS(SYS(open, str("/data"), O_RDONLY), -EMFILE);
    IS(SYS(open, str("/"), O_RDONLY), -EMFILE); /* a file of the host stands for it */
    close(fds[--count]); /* one end would have room */
    IS(SYS(pipe, BUFFER), -EMFILE);
    while (count)
        close(fds[--count]);
    REQUIRE(!setrlimit(RLIMIT_NOFILE, &old));
    CHECK(entries_of("/proc/self/fd") == before);
    IS(SYS(pipe, BUFFER), 0);
    CHECK(!bh_instance_destroy(guest));
}

/* A pipe without a reader ends a guest that did not ask otherwise, as on Linux, and the host not at all. */
static void test_no_reader(void) {
    int end[2];
    start(0, 16);
    make_pipe(end, 0);
    IS(SYS(close, end[0]), 0);
    IS(SYS(write, end[1], BUFFER, 1), INT64_MIN);
    CHECK(bh_last_error()->fault == BH_FAULT_SIGNAL);
    CHECK(!bh_instance_destroy(guest));
}

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    setvbuf(stdout, NULL, _IONBF, 0);
    open_module(argv[1], 16);
    test_pointers();
    test_no_clock();
    test_deadlines();
    test_many();
    test_full();
    test_closed_stream();
    test_no_descriptors();
    test_no_reader();
    close_module();
    return failures != 0;
}
