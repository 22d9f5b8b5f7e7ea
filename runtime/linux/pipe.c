/* Pipes and event counters: both ends are the guest's, so they touch nobody else and need no grant.
 *
 * They are the host's own, which the kernel keeps pages for and counts by user: one that has many pages in pipes
 * (fs.pipe-user-pages-soft, 16384 unless somebody changed it) gets smaller ones or none, whichever of its programs
 * asks. Guests get a quarter of that: each instance a few pipes of the usual size, and further ones of a page, which
 * is PIPE_BUF. */
#include "linux.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

bh_syscall bh_sys_pipe, bh_sys_pipe2, bh_sys_eventfd, bh_sys_eventfd2;

#define MOST_PAGES 4096 /* of all guests */
#define LARGE_PAGES 16  /* of a pipe of Linux */
#define LARGE_PIPES 4   /* at a time, of an instance */

static atomic_uint held;

struct bh_pipe {
    unsigned descriptors; /* of the guest, of either end */
    unsigned pages;
};

static bool take_pages(unsigned pages) {
    if (atomic_fetch_add(&held, pages) + pages <= MOST_PAGES)
        return true;
    atomic_fetch_sub(&held, pages);
    return false;
}

static struct bh_pipe *new_pipe(bh_instance *instance) {
    struct bh_linux *state = instance->personality;
    struct bh_pipe *pipe = calloc(1, sizeof(*pipe));
    if (!pipe)
        return NULL;
    if (state->large_pipes < LARGE_PIPES && take_pages(LARGE_PAGES)) {
        pipe->pages = LARGE_PAGES;
        state->large_pipes++;
    } else if (take_pages(1)) {
        pipe->pages = 1;
    } else {
        free(pipe);
        return NULL;
    }
    return pipe;
}

void bh_pipe_keep(struct bh_pipe *pipe) {
    if (pipe)
        pipe->descriptors++;
}

static void free_pipe(bh_instance *instance, struct bh_pipe *pipe) {
    atomic_fetch_sub(&held, pipe->pages);
    instance->personality->large_pipes -= pipe->pages == LARGE_PAGES;
    free(pipe);
}

void bh_pipe_release(bh_instance *instance, struct bh_pipe *pipe) {
    if (pipe && !--pipe->descriptors)
        free_pipe(instance, pipe);
}

int64_t bh_pipe_size(bh_instance *instance, const struct bh_file *file, int command, uint64_t wanted) {
    if (file->kind != BH_FILE_PIPE)
        return -EBADF;
    int64_t size = file->pipe->pages * BH_PAGE_SIZE;
    bool fits = command == F_GETPIPE_SZ || (uint32_t)wanted <= size;
    return fits ? size : bh_refuse(instance, EPERM, "fcntl", "F_SETPIPE_SZ");
}

/* Both ends of a pipe of the host, apart; false and errno when there is none. */
static bool open_ends(int end[2], int flags, unsigned pages) {
    if (pipe2(end, flags))
        return false;
    end[0] = bh_fd_apart(end[0]);
    end[1] = bh_fd_apart(end[1]);
    if (end[0] >= 0 && end[1] >= 0 && (pages == LARGE_PAGES || fcntl(end[0], F_SETPIPE_SZ, (int)BH_PAGE_SIZE) >= 0))
        return true;
    int error = errno;
    for (int n = 0; n < 2; n++)
        if (end[n] >= 0)
            close(end[n]);
    errno = error;
    return false;
}

/* Gives the guest a descriptor of the host that was taken and opened: its number, or -errno, and the host's is
 * closed. */
static int64_t give(bh_instance *instance, int host, enum bh_file_kind kind, struct bh_pipe *pipe, bool cloexec) {
    struct bh_file file = {.host = host, .kind = (uint8_t)kind, .owned = true, .cloexec = cloexec, .pipe = pipe};
    bh_pipe_keep(pipe);
    int64_t fd = bh_file_add(instance, &file, 0);
    if (fd < 0)
        bh_file_close(instance, &file);
    return fd;
}

static int64_t make_pipe(bh_instance *instance, uint64_t address, uint64_t flags) {
    int host[2] = {-1, -1}, guest[2];
    if ((uint32_t)flags & O_DIRECT)
        return bh_refuse(instance, EINVAL, "pipe2", "O_DIRECT");
    if ((uint32_t)flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    if (bh_descriptor_take())
        return -ENFILE;
    if (bh_descriptor_take()) {
        bh_descriptor_return();
        return -ENFILE;
    }
    struct bh_pipe *pipe = new_pipe(instance);
    if (!pipe || !open_ends(host, O_CLOEXEC | ((int)flags & O_NONBLOCK), pipe->pages)) {
        int error = pipe ? errno : ENFILE;
        if (pipe)
            free_pipe(instance, pipe);
        bh_descriptor_return();
        bh_descriptor_return();
        return -error;
    }
    pipe->descriptors = 1; /* this call's, until both ends are the guest's */
    bool cloexec = flags & O_CLOEXEC;
    int64_t first = give(instance, host[0], BH_FILE_PIPE, pipe, cloexec);
    int64_t second = give(instance, host[1], BH_FILE_PIPE, pipe, cloexec);
    bh_pipe_release(instance, pipe);
    int64_t result = first < 0 ? first : second < 0 ? second : 0;
    guest[0] = (int)first;
    guest[1] = (int)second;
    if (!result && !bh_put(instance, address, guest, sizeof(guest)))
        result = -EFAULT;
    for (int n = 0; n < 2 && result; n++)
        if (guest[n] >= 0)
            bh_file_close(instance, bh_file_get(instance, (uint32_t)guest[n]));
    return result;
}

int64_t bh_sys_pipe(bh_instance *instance, const uint64_t a[6]) { return make_pipe(instance, a[0], 0); }

int64_t bh_sys_pipe2(bh_instance *instance, const uint64_t a[6]) { return make_pipe(instance, a[0], a[1]); }

static int64_t make_event(bh_instance *instance, uint64_t value, uint64_t flags) {
    if ((uint32_t)flags & ~(uint32_t)(EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE))
        return -EINVAL;
    int room = bh_descriptor_take();
    if (room)
        return room;
    int host = bh_fd_apart(eventfd((unsigned)value, (int)flags | EFD_CLOEXEC));
    if (host < 0) {
        int error = errno;
        bh_descriptor_return();
        return -error;
    }
    return give(instance, host, BH_FILE_EVENT, NULL, flags & EFD_CLOEXEC);
}

int64_t bh_sys_eventfd(bh_instance *instance, const uint64_t a[6]) { return make_event(instance, a[0], 0); }

int64_t bh_sys_eventfd2(bh_instance *instance, const uint64_t a[6]) { return make_event(instance, a[0], a[1]); }
