/* Waiting for descriptors, and for time to pass: poll, ppoll, select, pselect6. All of them are the kernel's ppoll on
 * the host's descriptors, which stay open meanwhile whatever the guest closes. */
#include "linux.h"

#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

bh_syscall bh_sys_poll, bh_sys_ppoll, bh_sys_select, bh_sys_pselect6;

#define SECOND 1000000000
/* What select's sets mean. */
#define READABLE (POLLRDNORM | POLLRDBAND | POLLIN)
#define WRITABLE (POLLWRNORM | POLLWRBAND | POLLOUT)

/* How long a guest waits: until, on CLOCK_MONOTONIC, or for ever. */
struct limit {
    bool given;
    struct timespec until;
};

/* What is waited for. */
struct wait {
    struct pollfd set[BH_MAX_FILES]; /* of the host */
    struct bh_busy busy[BH_MAX_FILES];
    unsigned count, busy_count;
    bool select; /* an end or an error counts only where the set that a descriptor is in says so */
};

static struct timespec left_of(const struct limit *limit) {
    struct timespec now, left = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec > limit->until.tv_sec || (now.tv_sec == limit->until.tv_sec && now.tv_nsec >= limit->until.tv_nsec))
        return left;
    left.tv_sec = limit->until.tv_sec - now.tv_sec;
    left.tv_nsec = limit->until.tv_nsec - now.tv_nsec;
    if (left.tv_nsec < 0) {
        left.tv_sec--;
        left.tv_nsec += SECOND;
    }
    return left;
}

/* Fills *limit. To look and not to wait, and to wait for ever, needs no clock. 0 or -errno. */
static int64_t set_limit(bh_instance *instance, struct limit *limit, struct timespec wanted, const char *call) {
    if (!bh_time_valid(&wanted))
        return -EINVAL;
    if ((wanted.tv_sec || wanted.tv_nsec) && !bh_clock_granted(instance))
        return bh_refuse(instance, EPERM, call, "waiting for a time");
    limit->given = bh_time_after(&wanted, &limit->until);
    return 0;
}

static int64_t get_limit(bh_instance *instance, struct limit *limit, uint64_t address, const char *call) {
    struct timespec wanted;
    return bh_get(instance, &wanted, address, sizeof(wanted)) ? set_limit(instance, limit, wanted, call) : -EFAULT;
}

/* select's events of one descriptor, of what the kernel said. */
static short select_events(const struct pollfd *entry) {
    short events = 0;
    if (entry->revents & (READABLE | POLLHUP | POLLERR))
        events |= POLLIN;
    if (entry->revents & (WRITABLE | POLLERR))
        events |= POLLOUT;
    return (short)((events | (entry->revents & POLLPRI)) & entry->events);
}

/* Of what the kernel reports that counts for select: how many descriptors, or -errno. Those that only have an end
 * which nobody asked for are not waited for any longer: the kernel would report them at once each time. */
static int64_t select_count(struct wait *wait) {
    int64_t count = 0;
    for (unsigned n = 0; n < wait->count; n++) {
        struct pollfd *entry = &wait->set[n];
        if (entry->revents & POLLNVAL)
            return -EBADF; /* a stream that the host has closed */
        if (select_events(entry))
            count++;
        else if (entry->revents)
            entry->fd = -1;
    }
    return count;
}

/* The number of descriptors that something is to be said of, 0 when the time has passed, or -errno. once: there is
 * something to say already. */
static int64_t wait_for(bh_instance *instance, struct wait *wait, const struct limit *limit, bool once) {
    struct bh_task *task = bh_task_of(instance);
    /* The mask of the call lets something through that has been pending: what is ready counts before that. */
    bool pending = bh_signal_due(instance);
    int64_t result;
    bool over;
    bh_busy_begin(instance, wait->busy, wait->busy_count);
    do {
        struct timespec left = limit->given && !once && !pending ? left_of(limit) : (struct timespec){0};
        bool endless = !limit->given && !once && !pending;
        over = !endless && !left.tv_sec && !left.tv_nsec;
        result = bh_blocking_syscall(&task->interrupt, SYS_ppoll, (uint64_t)(uintptr_t)wait->set, wait->count,
                                     (uint64_t)(uintptr_t)(endless ? NULL : &left), 0, 0, 0);
        if (result > 0 && wait->select)
            result = select_count(wait);
        /* A signal of the host is not the guest's business. */
    } while (result == -EINTR ? !bh_woken(instance) : !result && !over);
    bh_busy_end(instance);
    return !result && pending && !once ? -EINTR : result;
}

/* Adds a descriptor of the guest's, -1 for none: false when it is not open. */
static bool add(bh_instance *instance, struct wait *wait, int fd, short events) {
    const struct bh_file *file = fd < 0 ? NULL : bh_file_get(instance, (uint32_t)fd);
    wait->set[wait->count++] = (struct pollfd){.fd = file ? file->host : -1, .events = events};
    if (file)
        wait->busy[wait->busy_count++] = (struct bh_busy){.host = file->host};
    return file || fd < 0;
}

static int64_t poll_descriptors(bh_instance *instance, uint64_t address, uint64_t nfds, const struct limit *limit) {
    struct pollfd wanted[BH_MAX_FILES];
    struct wait wait = {.count = 0};
    int64_t closed = 0;
    unsigned limit_of = instance->personality->file_limit;
    if ((uint32_t)nfds > instance->personality->file_soft)
        return -EINVAL;
    unsigned count = (unsigned)BH_BOUNDED((uint32_t)nfds, limit_of + 1);
    if (!bh_get(instance, wanted, address, count * sizeof(*wanted)) && count)
        return -EFAULT;
    for (unsigned n = 0; n < count; n++) {
        bool open = add(instance, &wait, wanted[n].fd, wanted[n].events);
        wanted[n].revents = open ? 0 : POLLNVAL;
        closed += !open;
    }
    int64_t result = wait_for(instance, &wait, limit, closed);
    for (unsigned n = 0; n < count; n++) {
        short events = (short)(wanted[n].revents | wait.set[n].revents);
        uint64_t at = address + n * sizeof(*wanted) + offsetof(struct pollfd, revents);
        if (!bh_put(instance, at, &events, sizeof(events)))
            return -EFAULT;
    }
    return result < 0 ? result : result + closed;
}

int64_t bh_sys_poll(bh_instance *instance, const uint64_t a[6]) {
    struct limit limit = {false};
    int milliseconds = (int)a[2];
    const struct timespec wanted = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    int64_t error = milliseconds < 0 ? 0 : set_limit(instance, &limit, wanted, "poll");
    return error ? error : poll_descriptors(instance, a[0], a[1], &limit);
}

/* The mask of a call, at address unless that is 0. 0 or -errno. */
static int64_t take_mask(bh_instance *instance, uint64_t address, uint64_t size) {
    uint64_t mask;
    if (!address)
        return 0;
    if (size != sizeof(mask))
        return -EINVAL;
    if (!bh_get(instance, &mask, address, sizeof(mask)))
        return -EFAULT;
    bh_signal_mask_for_call(bh_task_of(instance), mask);
    return 0;
}

/* As the kernel does: that the time left cannot be told is no error of the call. */
static void put_left(bh_instance *instance, uint64_t address, const struct limit *limit, bool micro) {
    struct timespec left = left_of(limit);
    left.tv_nsec /= micro ? 1000 : 1;
    if (limit->given)
        bh_put(instance, address, &left, sizeof(left));
}

int64_t bh_sys_ppoll(bh_instance *instance, const uint64_t a[6]) {
    struct limit limit = {false};
    int64_t error = 0;
    if (a[2])
        error = get_limit(instance, &limit, a[2], "ppoll");
    if (!error)
        error = take_mask(instance, a[3], a[4]);
    if (error)
        return error;
    int64_t result = poll_descriptors(instance, a[0], a[1], &limit);
    put_left(instance, a[2], &limit, false);
    return result;
}

enum { READ, WRITE, EXCEPT, SETS };

struct sets {
    uint64_t bits[SETS][BH_MAX_FILES / 64];
};

static bool is_in(const struct sets *sets, int set, unsigned fd) { return sets->bits[set][fd / 64] >> (fd % 64) & 1; }

static int64_t select_descriptors(bh_instance *instance, const uint64_t a[6], const struct limit *limit) {
    static const short events[SETS] = {POLLIN, POLLOUT, POLLPRI}, asked[SETS] = {READABLE, WRITABLE, POLLPRI};
    struct wait wait = {.select = true};
    struct sets sets = {0}, found = {0};
    unsigned fds[BH_MAX_FILES], limit_of = instance->personality->file_limit;
    if ((int)a[0] < 0)
        return -EINVAL;
    unsigned count = (uint32_t)a[0] < limit_of ? (unsigned)BH_BOUNDED((uint32_t)a[0], limit_of) : limit_of;
    size_t size = (count + 63) / 64 * sizeof(uint64_t);
    for (int set = 0; set < SETS; set++)
        if (a[1 + set] && size && !bh_get(instance, sets.bits[set], a[1 + set], size))
            return -EFAULT;
    for (unsigned fd = 0; fd < count; fd++) {
        short wanted = 0;
        for (int set = 0; set < SETS; set++)
            wanted |= is_in(&sets, set, fd) ? asked[set] : 0;
        if (!wanted)
            continue;
        fds[wait.count] = fd;
        if (!add(instance, &wait, (int)fd, wanted))
            return -EBADF;
    }
    int64_t result = wait_for(instance, &wait, limit, false);
    if (result < 0)
        return result;
    result = 0;
    for (unsigned n = 0; n < wait.count; n++) {
        short ready = select_events(&wait.set[n]);
        for (int set = 0; set < SETS; set++) {
            if (!(ready & events[set]))
                continue;
            found.bits[set][fds[n] / 64] |= (uint64_t)1 << (fds[n] % 64);
            result++;
        }
    }
    for (int set = 0; set < SETS; set++)
        if (a[1 + set] && size && !bh_put(instance, a[1 + set], found.bits[set], size))
            return -EFAULT;
    return result;
}

int64_t bh_sys_select(bh_instance *instance, const uint64_t a[6]) {
    struct limit limit = {false};
    struct timeval wanted;
    if (a[4]) {
        if (!bh_get(instance, &wanted, a[4], sizeof(wanted)))
            return -EFAULT;
        struct timespec time = {0, wanted.tv_usec % 1000000 * 1000};
        if (wanted.tv_usec < 0 || __builtin_add_overflow(wanted.tv_sec, wanted.tv_usec / 1000000, &time.tv_sec))
            return -EINVAL;
        int64_t error = set_limit(instance, &limit, time, "select");
        if (error)
            return error;
    }
    int64_t result = select_descriptors(instance, a, &limit);
    put_left(instance, a[4], &limit, true);
    return result;
}

int64_t bh_sys_pselect6(bh_instance *instance, const uint64_t a[6]) {
    struct limit limit = {false};
    uint64_t mask[2] = {0}; /* where it is, and its size */
    int64_t error = 0;
    if (a[5] && !bh_get(instance, mask, a[5], sizeof(mask)))
        return -EFAULT;
    if (a[4])
        error = get_limit(instance, &limit, a[4], "pselect6");
    if (!error)
        error = take_mask(instance, mask[0], mask[1]);
    if (error)
        return error;
    int64_t result = select_descriptors(instance, a, &limit);
    put_left(instance, a[4], &limit, false);
    return result;
}
