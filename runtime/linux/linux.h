/* The Linux personality: what a guest's system calls do. Denied unless the policy grants it.
 *
 * Every handler gets its six arguments as the guest put them into registers and returns a result or a negated errno, as the
 * kernel does. Guest memory is copied before it is looked at: another thread of the guest may change it at any time. */
#ifndef BULKHEAD_RUNTIME_LINUX_H
#define BULKHEAD_RUNTIME_LINUX_H

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "../internal.h"

#define BH_GUEST_ID 1000 /* the guest's user and group */
#define BH_GUEST_PID 2

/* A handler's result that ends the guest's call: frame->reason says why. */
#define BH_LEAVE INT64_MIN

enum bh_file_kind { BH_FILE_CLOSED, BH_FILE_REGULAR, BH_FILE_DIRECTORY, BH_FILE_STREAM };

struct bh_file {
    int host;        /* the host's descriptor */
    uint8_t kind;
    bool owned;      /* close it with the guest's descriptor */
    bool write;      /* its grant is read-write */
    bool cloexec;
    bool in_pieces; /* a regular file of the host's */
    char *path;      /* of a directory: its guest path, where relative names begin */
};

struct bh_signal_action { /* struct k_sigaction as musl passes it */
    uint64_t handler, flags, restorer, mask;
};

struct bh_linux {
    struct bh_task only;    /* of a module that is not built for threads */
    struct bh_file *file;   /* the first few, or all file_limit once a guest opens more */
    unsigned file_count;    /* room in it */
    unsigned file_limit;    /* descriptors are below it */
    char *cwd;              /* guest path, NULL for the root */
    unsigned umask;
    uint64_t start_time;
    /* signal.c */
    struct bh_signal_action action[65];
};

/* The thread of the guest that the calling host thread runs: in a system call of the guest, that is. */
static inline struct bh_task *bh_task_of(const bh_instance *instance) {
    return instance->threads ? bh_this_task(instance) : &instance->personality->only;
}

typedef int64_t bh_syscall(bh_instance *instance, const uint64_t argument[6]);

/* An index that the guest chose and that was found below limit: zero where the processor only guessed so. */
#define BH_BOUNDED(index, limit)                                                                                               \
    ({                                                                                                                         \
        uint64_t bounded_index = (index), bounded_mask;                                                                        \
        __asm__("cmpq %2, %1; sbbq %0, %0" : "=r"(bounded_mask) : "r"(bounded_index), "er"((uint64_t)(limit)) : "cc");        \
        bounded_index & bounded_mask;                                                                                          \
    })

/* ---- dispatch.c ---- */

/* An address that was found to be in the slot: still there where the processor only guessed so. */
static inline void *bh_confined(const bh_instance *instance, uint64_t address) {
    return (void *)(uintptr_t)(instance->base + (uint32_t)address);
}
static inline bool bh_get(const bh_instance *instance, void *to, uint64_t from, uint64_t size) {
    return bh_in_slot(instance, from, size) && !bh_guarded_copy(to, bh_confined(instance, from), size);
}
static inline bool bh_put(const bh_instance *instance, uint64_t to, const void *from, uint64_t size) {
    return bh_in_slot(instance, to, size) && !bh_guarded_copy(bh_confined(instance, to), from, size);
}
/* Counts and logs a refusal; returns -error. detail may be NULL. */
int64_t bh_refuse(bh_instance *instance, int error, const char *call, const char *detail);
/* Ends the guest: the value to return from the handler. */
int64_t bh_end(bh_instance *instance, bh_fault_kind kind, int signal);

/* ---- blocking.c ---- */

/* The state lock (internal.h) guards everything of struct bh_linux, too. It is held while a handler runs, those that dispatch.c
 * names excepted. */
int64_t bh_blocking_syscall(const atomic_int *interrupt, long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                            uint64_t f);
/* The system call on a descriptor of the host, with the state lock given up meanwhile: what was read from the guest's
 * descriptor table before may have changed. The result, or a negated errno; -EINTR only when bh_interrupted says so. */
int64_t bh_blocking(bh_instance *instance, int host, long number, uint64_t b, uint64_t c, uint64_t d);
/* Whether an interruption concerns the guest: its end, its deadline, a signal for it. */
static inline bool bh_interrupted(bh_instance *instance) {
    return bh_this_thread.expired || atomic_load(&bh_task_of(instance)->interrupt);
}
/* Whether the call that is being handled need not be finished, since its guest does not come back to it: a long one looks between pieces.
 * What the host asks for itself is not under its guest's deadline. */
static inline bool bh_stopping(const bh_instance *instance) {
    const struct bh_frame *frame = bh_task_of(instance)->frame;
    return frame->instance && (bh_this_thread.expired || bh_threads_ending(instance->threads) || bh_threads_hurry(instance->threads));
}
/* Closes a descriptor of the host, as soon as no call of the guest is using it. */
void bh_close_host(bh_instance *instance, int host);

/* ---- paths.c ---- */

struct bh_place {
    const struct bh_grant *grant;
    char full[PATH_MAX]; /* the guest's absolute path, cleaned; "" for the root */
    const char *relative; /* in full: the part beneath the grant, "" for the granted directory itself */
};

/* Finds the grant that a guest's path lies in. call names the caller in the log. 0 or -errno. */
int bh_place_find(bh_instance *instance, int64_t directory, uint64_t path, struct bh_place *place, const char *call);
/* An O_PATH descriptor of the object, or -errno; refuses what is neither a file nor a directory (nor, with nofollow, a
 * symbolic link). info may be NULL. */
int bh_place_look(const struct bh_place *place, bool nofollow, struct stat *info);
/* The same; *change is 0 when the guest may change the object, or -errno (bh_place_may_change). */
int bh_place_look_closely(const bh_instance *instance, const struct bh_place *place, bool nofollow, struct stat *info, int *change);
/* For calls that change a directory: an O_PATH descriptor of the parent, which the guest may change, and the last component. */
int bh_place_parent(const bh_instance *instance, const struct bh_place *place, const char **last);
/* openat2 of one name in a directory that bh_place_parent gave; never follows a link. A descriptor or -errno. */
int bh_place_open_in(int parent, const char *name, uint64_t flags, uint64_t mode);

/* ---- grants.c ---- */

/* Whether the grants let the guest change a directory, or the files in it, that it reached by the place's name: 0, -EROFS, or -EACCES
 * when it lies outside by now. */
int bh_place_may_change(const bh_instance *instance, const struct bh_place *place, int directory);
/* Whether the name in the directory is a granted directory: like a mount point it is not moved and not removed. */
bool bh_place_is_granted(const bh_instance *instance, int parent, const char *name);

/* ---- files.c ---- */

struct bh_file *bh_file_get(bh_instance *instance, uint64_t fd);
/* The entry of a descriptor below file_limit, open or not; NULL when there is no memory for the table. */
struct bh_file *bh_file_entry(bh_instance *instance, unsigned fd);
int64_t bh_file_add(bh_instance *instance, const struct bh_file *file, unsigned from);
void bh_file_close(bh_instance *instance, struct bh_file *file);

/* ---- descriptors.c ---- */

/* Takes one of the host's descriptors for a guest before it is opened: 0, or -ENFILE when guests have as many as they may. */
int bh_descriptor_take(void);
/* Gives it back, when it is closed or was not opened. */
void bh_descriptor_return(void);

/* ---- signal.c ---- */

/* Sends the guest a signal; 0, or BH_LEAVE when that ends it. Delivery to a handler happens on the way back. */
int64_t bh_signal_raise(bh_instance *instance, int signal);
/* Whether the guest has a handler for it. */
bool bh_signal_handled(const bh_instance *instance, int signal);
/* io.c. Ends bh_raised_hold: a signal that the host's call raised goes to the guest. That ends it by default when a pipe has no reader, as in
 * Linux; of RLIMIT_FSIZE, which is the host's, a guest knows nothing, so only its handler is told. result, or BH_LEAVE. */
int64_t bh_raised_pass_on(bh_instance *instance, const struct bh_raised *raised, int64_t result, bool look);
/* Enters a handler for a pending signal: changes the frame, once its call's result is in it. number: of the call, in case it
 * is to be made again; a negative one says that it is not. */
int64_t bh_signal_deliver(bh_instance *instance, int64_t number);

#endif
