/* The Linux personality: what a guest's system calls do. Denied unless the policy grants it.
 *
 * Every handler gets its six arguments as the guest put them into registers and returns a result or a negated errno, as
 * the kernel does. Guest memory is copied before it is looked at: another thread of the guest may change it at any
 * time. */
#ifndef BULKHEAD_RUNTIME_LINUX_H
#define BULKHEAD_RUNTIME_LINUX_H

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/bounded.h"
#include "base/descriptor.h"
#include "base/fail.h"
#include "base/guarded.h"
#include "base/mapping.h"
#include "base/raised.h"
#include "cross/blocking.h"
#include "cross/deadline.h"
#include "cross/enter.h"
#include "cross/frame.h"
#include "cross/thread.h"
#include "guest/identity.h"
#include "guest/instance.h"
#include "guest/personality.h"
#include "guest/run.h"
#include "guest/state.h"
#include "guest/tasks.h"
#include "slot/map.h"
#include "slot/slot.h"

enum bh_file_kind {
    BH_FILE_CLOSED,
    BH_FILE_REGULAR,
    BH_FILE_DIRECTORY,
    BH_FILE_STREAM,
    BH_FILE_PIPE,
    BH_FILE_EVENT,
    BH_FILE_DEVICE,
    BH_FILE_ANCESTOR, /* what lies above a grant (ancestors.c) */
    BH_FILE_NAMED,    /* a file or a symbolic link opened with O_PATH */
};

#define BH_NOWHERE (-1) /* no descriptor of the host's */

/* A directory of the guest's tree: one of the host's that lies beneath a grant or was granted, or an ancestor of a
 * grant. */
struct bh_directory {
    int fd;         /* BH_NOWHERE: an ancestor */
    unsigned grant; /* in which it was found; of an ancestor: one that it is above */
    unsigned depth; /* how many levels beneath that it was found; of an ancestor: the length of its name, the grant's
                       beginning */
};

struct bh_file {
    int host; /* the host's descriptor */
    uint8_t kind;
    bool owned; /* close it with the guest's descriptor */
    bool write; /* its grant is read-write */
    bool cloexec;
    bool in_pieces; /* a regular file of the host's */
    bool locks;     /* the guest's record locks of this file are its (locks.c) */
    bool named;     /* opened with O_PATH: the host's kernel refuses to do anything but look at it */
    unsigned grant; /* of a directory, as in struct bh_directory */
    unsigned depth;
    struct bh_pipe *pipe;     /* of a pipe's end */
    struct bh_memory *memory; /* of a file in memory */
};

static inline struct bh_directory bh_file_directory(const struct bh_file *file) {
    return (struct bh_directory){file->kind == BH_FILE_ANCESTOR ? BH_NOWHERE : file->host, file->grant, file->depth};
}

struct bh_signal_action { /* struct k_sigaction as musl passes it */
    uint64_t handler, flags, restorer, mask;
};

struct bh_said {
    char line[BH_SAID_MAX];
    size_t length;
    bool ended; /* by a line feed: what comes next is another line */
};

struct bh_linux {
    struct bh_task only;           /* of a module that is not built for threads */
    struct bh_file *file;          /* the first few, or all file_limit once a guest opens more */
    unsigned file_count;           /* room in it */
    unsigned file_limit;           /* descriptors are below it */
    unsigned file_soft, file_hard; /* new ones are below file_soft: rlimits.c */
    uint64_t core_soft, core_hard;
    struct bh_directory cwd; /* its descriptor is a grant's or held for it (cwd_held) */
    bool cwd_held;
    unsigned umask;
    unsigned large_pipes;     /* pipe.c */
    struct bh_memory *memory; /* memfd.c: all of them */
    unsigned memory_count;
    uint32_t memory_number;
    uint64_t start_time;
    struct bh_timers *timers; /* NULL until one is asked for */
    _Atomic uint64_t alarm;   /* when the first of them is looked at, on CLOCK_MONOTONIC; 0: none is set */
    struct bh_said said;
    /* signal.c */
    struct bh_signal_action action[BH_GUEST_SIGNALS + 1];
    _Atomic uint64_t pending; /* for whichever thread takes it first; also under the state lock */
    struct bh_signal_origin origin[BH_GUEST_SIGNALS + 1];
};

/* The thread of the guest that the calling host thread runs: in a system call of the guest, that is. */
static inline struct bh_task *bh_task_of(const bh_instance *instance) {
    return instance->threads ? bh_this_task(instance) : &instance->personality->only;
}

typedef int64_t bh_syscall(bh_instance *instance, const uint64_t argument[6]);

/* ---- refuse.c ---- */

/* An address that was found to be in the slot: still there where the processor only guessed so. */
static inline void *bh_confined(const bh_instance *instance, uint64_t address) {
    return (void *)(uintptr_t)(instance->slot.base + (uint32_t)address);
}
static inline bool bh_get(const bh_instance *instance, void *to, uint64_t from, uint64_t size) {
    return bh_in_slot(instance, from, size) && !bh_guarded_copy(to, bh_confined(instance, from), size);
}
static inline bool bh_put(const bh_instance *instance, uint64_t to, const void *from, uint64_t size) {
    return bh_in_slot(instance, to, size) && !bh_guarded_copy(bh_confined(instance, to), from, size);
}
/* A guest's string, with its NUL: its length, -EFAULT, or -ENAMETOOLONG where room, or the slot, ends before it
 * does. */
static inline int64_t bh_get_string(const bh_instance *instance, char *to, uint64_t from, uint64_t room) {
    uint64_t left = bh_in_slot(instance, from, 1) ? BH_SLOT_SIZE - (from - instance->slot.base) : 0;
    uint64_t most = left < room ? left : room;
    int64_t copied = most ? bh_guarded_string(to, bh_confined(instance, from), most) : -1;
    return copied < 0 ? -EFAULT : (uint64_t)copied > most ? -ENAMETOOLONG : copied - 1;
}
/* Why some calls are not served: calls.inc. */
#define WHY(reason, text) extern const char bh_why_##reason[];
#include "calls.inc"
/* Counts and logs a refusal; returns -error. detail may be NULL. */
int64_t bh_refuse(bh_instance *instance, int error, const char *call, const char *detail);
/* Ends the guest: the value to return from the handler. */
int64_t bh_end(bh_instance *instance, bh_fault_kind kind, int signal);

/* ---- busy.c ---- */

/* The state lock (guest/state.h) guards everything of struct bh_linux, too. It is held while a handler runs, those that
 * dispatch.c names excepted. */
/* For waits that were interrupted, with the state lock given up: whether that concerns the guest. Timers that are due
 * send their signals first; when those are for others, the thread waits on. */
bool bh_woken(bh_instance *instance);
/* The system call on a descriptor of the host, with the state lock given up meanwhile: what was read from the guest's
 * descriptor table before may have changed. The result, or a negated errno; -EINTR only when bh_woken says so. */
int64_t bh_blocking(bh_instance *instance, int host, long number, uint64_t b, uint64_t c, uint64_t d);
/* Around other calls on descriptors of the host that may block, or take long without a signal interrupting them: busy,
 * an array of the caller's, names the descriptors, and the state lock is given up until the end, as in bh_blocking. */
void bh_busy_begin(bh_instance *instance, struct bh_busy *busy, unsigned count);
void bh_busy_end(bh_instance *instance);
/* Whether an interruption concerns the guest: its end, its deadline, a signal for it. */
static inline bool bh_interrupted(bh_instance *instance) {
    return bh_this_thread.expired || atomic_load(&bh_task_of(instance)->interrupt);
}
/* Whether the call that is being handled need not be finished, since its guest does not come back to it: a long one
 * looks between pieces. What the host asks for itself is not under its guest's deadline. */
static inline bool bh_stopping(const bh_instance *instance) {
    const struct bh_frame *frame = bh_task_of(instance)->frame;
    return frame->instance &&
           (bh_this_thread.expired || bh_threads_ending(instance->threads) || bh_threads_hurry(instance->threads));
}
/* Closes a descriptor of the host, as soon as no call of the guest is using it, and then gives up memory, the file in
 * memory that it stands for, and pipe, of which it is an end: or NULL. */
void bh_close_host(bh_instance *instance, int host, struct bh_memory *memory, struct bh_pipe *pipe);

/* ---- paths.c ---- */

#define BH_ATTEMPTS 16 /* when a rename elsewhere disturbed the kernel or a look at the tree */

/* What a path of the guest's leads to, or how far. */
struct bh_place {
    struct bh_directory at; /* where the path has come to */
    bool owned;             /* its descriptor is closed by bh_place_end */
    bool checked;           /* it is known to lie beneath its grant */
    bool changes, stepping;
    bool creates; /* set by who would make what is missing: no slash may follow its name */
    bool missing; /* only the last component was not found: rest, in at */
    unsigned links, jumps;
    unsigned depth;           /* of the directory that was found, for struct bh_directory */
    struct bh_directory from; /* where a relative path begins */
    char *rest;               /* what follows in text */
    const char *call;
    char said[PATH_MAX], text[PATH_MAX];
};

/* Begins with a guest's path, relative to the directory of descriptor `directory`. call names the caller in the log. 0
 * or -errno; in any case bh_place_end follows. */
int bh_place_find(bh_instance *instance, int64_t directory, uint64_t path, struct bh_place *place, const char *call);
/* The same for a name that the host chose. */
int bh_place_find_name(bh_instance *instance, const char *name, struct bh_place *place, const char *call);
/* The working directory, after bh_place_find refused an empty path that stands for it. */
int bh_place_here(bh_instance *instance, struct bh_place *place);
/* Looks for the object, or again after somebody made it: an O_PATH descriptor, which the caller closes, or -errno.
 * Refuses what is neither a file nor a directory (nor, with nofollow, a symbolic link). BH_ANCESTOR: it is an ancestor,
 * place->at; who knows nothing of these has the right error for changes. info may be NULL. *change, unless change is
 * NULL, is 0 when the guest may change the object, or -errno. */
int bh_place_look(bh_instance *instance, struct bh_place *place, bool nofollow, struct stat *info, int *change);
#define BH_ANCESTOR (-EROFS)
/* For calls that change a directory: begins, and goes to the directory in which the last component is, place->at. That
 * is place->rest, slashes behind it included. 0 or -errno; in any case bh_place_end follows. */
int bh_place_parent(bh_instance *instance, int64_t directory, uint64_t path, struct bh_place *place, const char *call);
enum bh_last { BH_LAST_NAME, BH_LAST_DOT, BH_LAST_DOT_DOT, BH_LAST_ROOT };
enum bh_last bh_place_last(const struct bh_place *place);
void bh_place_end(struct bh_place *place);
/* Counts and logs that the path was refused; returns -error. */
int64_t bh_place_refuse(bh_instance *instance, const struct bh_place *place, int error);
/* openat2 of one name in a directory of the host's; never follows a link. A descriptor or -errno. */
int bh_place_open_in(int parent, const char *name, uint64_t flags, uint64_t mode);
/* openat2 of a path that does not leave the directory: a descriptor or -errno, -EXDEV when it does. */
int bh_directory_open(int directory, const char *path, uint64_t flags);
/* How many levels a path leads down, as far as its text tells. */
unsigned bh_path_levels(const char *path, size_t length);

/* ---- ancestors.c ---- */

struct bh_directory bh_directory_of_grant(const bh_instance *instance, unsigned grant);
/* The directory that the first length bytes of a grant's name mean: a granted one, one beneath another grant (its
 * descriptor is new and the caller's then), or an ancestor. 0 or -errno. */
int bh_directory_enter(const bh_instance *instance, unsigned grant, size_t length, struct bh_directory *directory);
/* What ".." means in an ancestor or a granted directory; as bh_directory_enter. */
int bh_directory_above(const bh_instance *instance, const struct bh_directory *directory, struct bh_directory *above);
/* The name in an ancestor; as bh_directory_enter. */
int bh_ancestor_child(const bh_instance *instance, const struct bh_directory *at, const char *name,
                      struct bh_directory *child);
/* Whether any grant's name lies beneath this one's. */
bool bh_directory_has_grants(const bh_instance *instance, unsigned grant);
/* What grants make of a name in a directory of the host's. */
enum bh_covered { BH_NOT_COVERED, BH_ABOVE_GRANTED /* it has to be there */, BH_GRANTED };
enum bh_covered bh_directory_covers(const bh_instance *instance, const struct bh_directory *at, const char *name,
                                    struct bh_directory *child);
/* The same for the last component that bh_place_parent left; also when it is a granted directory by another name. */
enum bh_covered bh_place_covered(const bh_instance *instance, const struct bh_place *place);
void bh_ancestor_stat(const bh_instance *instance, const struct bh_directory *directory, struct stat *info);
/* A descriptor of the host for an ancestor that is opened, for reading or with O_PATH; or -errno. */
int bh_ancestor_open(int flags);
/* getdents64 of an open ancestor. */
int64_t bh_ancestor_list(bh_instance *instance, const struct bh_file *file, uint64_t address, uint64_t size);
/* The guest's name of it: its length, or -errno; -ENOENT when it was removed or does not lie in a grant any more. */
int bh_directory_name(const bh_instance *instance, const struct bh_directory *directory, char name[PATH_MAX]);

/* ---- stat.c, attributes.c, directories.c ---- */

/* Whether the call is meant for the descriptor itself: AT_EMPTY_PATH and no path. */
bool bh_path_is_empty(bh_instance *instance, uint64_t path, uint64_t flags);
/* The guest is its own user: it owns what the host's user owns. */
bool bh_guest_owns(const struct stat *info);
/* The working directory of a new instance; gives up the one that there is. */
/* Enters the directory that the policy says. */
bh_error bh_directory_start(bh_instance *instance);
void bh_directory_begin(struct bh_linux *state);
void bh_directory_leave(struct bh_linux *state);

/* ---- grants.c ---- */

/* Whether the directory lies in a grant now: 0 and which, or -EACCES; -EIO when the host closed the grant. */
int bh_directory_check(const bh_instance *instance, struct bh_directory *directory);
/* Whether it is the granted directory of its grant, or of another one. */
enum bh_root { BH_NO_ROOT, BH_ROOT, BH_ROOT_OF_ANOTHER };
enum bh_root bh_directory_is_root(const bh_instance *instance, const struct bh_directory *directory);
/* Whether the grants let the guest change a directory, or the files in it, that it reached by the place: 0, -EROFS, or
 * -EACCES when it lies outside by now. */
int bh_place_may_change(const bh_instance *instance, const struct bh_place *place, int directory);
/* Whether the name in the directory is a granted directory: like a mount point it is not moved and not removed. */
bool bh_directory_is_granted(const bh_instance *instance, int parent, const char *name);

/* ---- files.c ---- */

struct bh_file *bh_file_get(bh_instance *instance, uint64_t fd);
/* The entry of a descriptor below file_limit, open or not; NULL when there is no memory for the table. */
struct bh_file *bh_file_entry(bh_instance *instance, unsigned fd);
int64_t bh_file_add(bh_instance *instance, const struct bh_file *file, unsigned from);
void bh_file_close(bh_instance *instance, struct bh_file *file);
/* A descriptor, the first free one from `from` on, for what fd has open; or -errno. */
int64_t bh_file_duplicate(bh_instance *instance, uint64_t fd, unsigned from, bool cloexec);
/* Opens what an O_PATH descriptor stands for. Through /proc, because that is the one way that cannot reach anything
 * else. */
int bh_file_reopen(int path_fd, int flags);
/* faccessat of what a descriptor stands for, O_PATH or not, in the same way: 0 or -errno. */
int bh_file_access(int fd, int mode);

/* ---- locks.c ---- */

/* F_GETLK, F_SETLK, F_SETLKW of the guest's struct flock at the address. */
int64_t bh_file_lock(bh_instance *instance, struct bh_file *file, int command, uint64_t address);

/* ---- device.c ---- */

/* What a path names that begins with /dev, where no grant says otherwise. */
struct bh_device {
    int number;  /* BH_DEVICE_*, or an index of the host's devices */
    uint64_t fd; /* BH_DEVICE_DESCRIPTOR: the guest's */
};
enum { BH_DEVICE_DIRECTORY = -3, BH_DEVICE_TERMINAL, BH_DEVICE_DESCRIPTOR };
/* False when it is none of these. */
bool bh_device_find(const bh_instance *instance, int64_t directory, uint64_t path, struct bh_device *device);
int64_t bh_device_open(bh_instance *instance, const struct bh_device *device, uint64_t flags);
int64_t bh_device_access(bh_instance *instance, const struct bh_device *device, uint64_t mode);
/* 0 or -errno. */
int bh_device_stat(bh_instance *instance, const struct bh_device *device, struct stat *info);
/* Whether mapping it gives fresh memory: -errno when it is open for writing only. */
int bh_device_maps(const struct bh_file *file);

/* ---- pipe.c ---- */

/* One more descriptor of a pipe, or one less; pipe may be NULL. */
void bh_pipe_keep(struct bh_pipe *pipe);
void bh_pipe_release(bh_instance *instance, struct bh_pipe *pipe);
/* fcntl's F_GETPIPE_SZ and F_SETPIPE_SZ. */
int64_t bh_pipe_size(bh_instance *instance, const struct bh_file *file, int command, uint64_t wanted);

/* ---- memfd.c: under the state lock ---- */

/* One more descriptor of a file in memory, or one less; memory may be NULL. */
void bh_memory_keep(struct bh_memory *memory);
void bh_memory_release(bh_instance *instance, struct bh_memory *memory);
/* What its mappings are noted by; 0: of NULL. */
uint32_t bh_memory_number(const struct bh_memory *memory);
/* Something was unmapped: files that are gone with it count no more. */
void bh_memory_sweep(bh_instance *instance);
void bh_memory_discard(struct bh_linux *state);
/* Before a file may grow to size, or by a write of size bytes at *offset, NULL for its own: 0 or -errno. The lock is
 * held until bh_memory_settle has counted what it has come to. */
int64_t bh_memory_reserve(bh_instance *instance, struct bh_memory *memory, uint64_t size);
int64_t bh_memory_reserve_write(bh_instance *instance, const struct bh_file *file, const int64_t *offset,
                                uint64_t size);
void bh_memory_settle(bh_instance *instance, const struct bh_file *file);
/* A system call that writes to it, between the two. */
int64_t bh_memory_write(bh_instance *instance, const struct bh_file *file, const int64_t *offset, uint64_t size,
                        long number, uint64_t b, uint64_t c, uint64_t d);
/* fcntl's F_GET_SEALS and F_ADD_SEALS. */
int64_t bh_memory_seals(bh_instance *instance, const struct bh_file *file, int command, uint64_t seals);

/* ---- descriptors.c ---- */

/* Takes one of the host's descriptors for a guest before it is opened: 0, or -ENFILE when guests have as many as they
 * may. */
int bh_descriptor_take(void);
/* Gives it back, when it is closed or was not opened. */
void bh_descriptor_return(void);

/* ---- resize.c ---- */

/* ftruncate of what is open for writing: 0 or -errno; -EINTR when it was given up (bh_stopping), the file being larger
 * than size still. The state lock is given up meanwhile, unless hold says otherwise. */
int64_t bh_resize(bh_instance *instance, int host, uint64_t size, bool hold);

/* ---- time.c ---- */

/* Whether the guest may wait for a time. */
bool bh_clock_granted(const bh_instance *instance);
/* Whether it is a length of time, or a time. */
bool bh_time_valid(const struct timespec *time);
/* When a wait of that length is over, on CLOCK_MONOTONIC. False: later than time itself, which is never. */
bool bh_time_after(const struct timespec *length, struct timespec *end);

/* ---- timers.c ---- */

/* bh_personality.enter */
bool bh_timers_enter(bh_instance *instance);

/* Whether it is time to look at the timers. */
bool bh_timers_due(const bh_instance *instance);
/* Sends the signals of those that are due. Under the state lock. */
void bh_timers_look(bh_instance *instance);
/* Has the calling thread interrupted when it is time, or not. False: the kernel has no timer for that. */
bool bh_timers_arm(bh_instance *instance, bool armed);
/* The signal of a timer was taken: how often it would have been sent besides. */
int32_t bh_timers_taken(bh_instance *instance, int32_t index);
void bh_timers_discard(bh_instance *instance);

/* ---- mm.c ---- */

/* Makes a call of the guest's for the host. */
int64_t bh_on_behalf(bh_instance *instance, bh_syscall *call, const uint64_t a[6]);

/* bh_personality.map and unmap. */
int64_t bh_map_for_host(bh_instance *instance, uint64_t size);
int64_t bh_unmap_for_host(bh_instance *instance, uint64_t address, uint64_t size);

/* ---- clone.c ---- */

/* bh_personality.task_exits */
void bh_task_exits(struct bh_task *task);

/* ---- said.c ---- */

/* What the guest writes to descriptor 2, whether or not that leads anywhere. */
struct iovec;
void bh_said_append(bh_instance *instance, const struct iovec *vector, int count);
/* bh_personality.said */
void bh_said_last(const bh_instance *instance, char *line, size_t capacity);

/* ---- signal.c ---- */

/* bh_personality.fault, interrupted, and task_forgotten. */
bool bh_signal_fault(bh_instance *instance, struct bh_frame *frame);
bool bh_signal_interrupted(bh_instance *instance, struct bh_frame *frame);
void bh_signals_forget(struct bh_task *task);

/* Sends the guest a signal; 0, or BH_LEAVE when that ends it. Delivery to a handler happens on the way back. */
int64_t bh_signal_raise(bh_instance *instance, int signal);
/* Makes one pending that a timer sends to the process, or to a thread; also what is ignored, which its taker forgets.
 * False: it was pending before, or the thread is gone. */
bool bh_signal_post(bh_instance *instance, int32_t thread, int signal, const struct bh_signal_origin *origin);
/* Whether there is a thread of this number. */
bool bh_signal_has_thread(bh_instance *instance, int32_t thread);
/* Whether the guest has a handler for it. */
bool bh_signal_handled(const bh_instance *instance, int signal);
/* io.c. Ends bh_raised_hold: a signal that the host's call raised goes to the guest. That ends it by default when a
 * pipe has no reader, as in Linux; of RLIMIT_FSIZE, which is the host's, a guest knows nothing, so only its handler is
 * told. result, or BH_LEAVE. */
int64_t bh_raised_pass_on(bh_instance *instance, const struct bh_raised *raised, int64_t result, bool look);
/* A call that has a mask of its own while it waits: what it unblocks and is pending already, or comes, interrupts it.
 * After -EINTR the mask stays for the handler's sake until bh_signal_deliver or bh_signal_unmask puts back what was. */
void bh_signal_mask_for_call(struct bh_task *task, uint64_t mask);
void bh_signal_unmask(struct bh_task *task);
/* What is pending for the calling thread, blocked or not. */
static inline uint64_t bh_signals_pending(const bh_instance *instance) {
    return atomic_load(&bh_task_of(instance)->pending) | atomic_load(&instance->personality->pending);
}
/* The pending signals that the calling thread does not block and that do something: they end the guest, or have a
 * handler. Others are forgotten. */
uint64_t bh_signal_due(bh_instance *instance);
/* Enters a handler for a signal that is due: changes the frame, once its call's result is in it. number: of the call,
 * in case it is to be made again; a negative one says that it is not. */
int64_t bh_signal_deliver(bh_instance *instance, int64_t number);
/* Takes one of these signals, the lowest first, without its handler: its number, or 0. origin may be NULL. */
int bh_signal_take(bh_instance *instance, uint64_t set, struct bh_signal_origin *origin);
/* Describes a signal as a guest sees it. */
void bh_signal_describe(siginfo_t *info, int signal, const struct bh_signal_origin *origin);
/* Whether the calling thread's rsp is on its alternate stack. */
bool bh_signal_on_alternate(const struct bh_task *task);

/* ---- futex.c ---- */

/* Whether the calling thread of the guest waits for ever unless it ends the wait itself: no other one runs, no timer,
 * nor can the host bring one. */
bool bh_alone(bh_instance *instance);

#endif
