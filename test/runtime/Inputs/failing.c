/* The wrapped functions; see failing.h. */
#include "failing.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

static atomic_int armed;
static atomic_uint left;
static atomic_int wanted_errno;
static atomic_bool fired;
static atomic_long blocks;

void fail_arm(enum wrapped what, unsigned nth, int error) {
    atomic_store(&fired, false);
    atomic_store(&wanted_errno, error);
    atomic_store(&left, nth);
    atomic_store(&armed, what);
}

bool fail_refused(void) {
    int what = atomic_load(&armed);
    return atomic_load(&fired) && atomic_load(&wanted_errno) != EINTR && (what <= MADVISE || what == PREAD);
}

bool fail_disarm(void) {
    atomic_store(&armed, NOTHING);
    return atomic_load(&fired);
}

long fail_live_blocks(void) {
    return atomic_load(&blocks);
}

static bool fails(enum wrapped what) {
    if (atomic_load(&armed) != (int)what || atomic_fetch_sub(&left, 1) != 1)
        return false;
    atomic_store(&fired, true);
    errno = atomic_load(&wanted_errno);
    return true;
}

#define WRAP(what, type, name, parameters, arguments, failure)                                                                 \
    type __real_##name parameters;                                                                                             \
    type __wrap_##name parameters;                                                                                             \
    type __wrap_##name parameters {                                                                                            \
        return fails(what) ? failure : __real_##name arguments;                                                                \
    }
/* Functions of the threads library return the error. */
#define WRAP_THREAD(what, name, parameters, arguments) WRAP(what, int, name, parameters, arguments, atomic_load(&wanted_errno))

WRAP(MMAP, void *, mmap, (void *at, size_t size, int protection, int flags, int fd, off_t offset),
     (at, size, protection, flags, fd, offset), MAP_FAILED)
WRAP(MPROTECT, int, mprotect, (void *at, size_t size, int protection), (at, size, protection), -1)
WRAP(MADVISE, int, madvise, (void *at, size_t size, int advice), (at, size, advice), -1)
WRAP(MEMFD, int, memfd_create, (const char *name, unsigned flags), (name, flags), -1)
WRAP(FTRUNCATE, int, ftruncate, (int fd, off_t size), (fd, size), -1)
WRAP(FSTAT, int, fstat, (int fd, struct stat *info), (fd, info), -1)
WRAP(FSTATFS, int, fstatfs, (int fd, struct statfs *info), (fd, info), -1)
WRAP(READ, ssize_t, read, (int fd, void *buffer, size_t size), (fd, buffer, size), -1)
WRAP(PREAD, ssize_t, pread, (int fd, void *buffer, size_t size, off_t offset), (fd, buffer, size, offset), -1)
WRAP(PWRITE, ssize_t, pwrite, (int fd, const void *buffer, size_t size, off_t offset), (fd, buffer, size, offset), -1)
WRAP(TIMER_CREATE, int, timer_create, (clockid_t clock, struct sigevent *event, timer_t *timer), (clock, event, timer), -1)
WRAP(TIMER_SETTIME, int, timer_settime, (timer_t timer, int flags, const struct itimerspec *when, struct itimerspec *old),
     (timer, flags, when, old), -1)
WRAP(SIGALTSTACK, int, sigaltstack, (const stack_t *stack, stack_t *old), (stack, old), -1)
WRAP(PERSONALITY, int, personality, (unsigned long persona), (persona), -1)
WRAP(GETRANDOM, ssize_t, getrandom, (void *buffer, size_t size, unsigned flags), (buffer, size, flags), -1)
WRAP(SYSCONF, long, sysconf, (int name), (name), -1)
WRAP(FACCESSAT, int, faccessat, (int directory, const char *path, int mode, int flags), (directory, path, mode, flags), -1)
WRAP(CHMOD, int, chmod, (const char *path, mode_t mode), (path, mode), -1)
WRAP(FCHMOD, int, fchmod, (int fd, mode_t mode), (fd, mode), -1)
WRAP(FUTIMENS, int, futimens, (int fd, const struct timespec times[2]), (fd, times), -1)
WRAP(UTIMENSAT, int, utimensat, (int directory, const char *path, const struct timespec times[2], int flags),
     (directory, path, times, flags), -1)
WRAP(SYNC_FILE_RANGE, int, sync_file_range, (int fd, off_t offset, off_t size, unsigned how), (fd, offset, size, how), -1)
WRAP(FSYNC, int, fsync, (int fd), (fd), -1)
WRAP(READLINKAT, ssize_t, readlinkat, (int directory, const char *path, char *buffer, size_t size), (directory, path, buffer, size), -1)
WRAP(UNLINKAT, int, unlinkat, (int directory, const char *path, int flags), (directory, path, flags), -1)
WRAP(MKDIRAT, int, mkdirat, (int directory, const char *path, mode_t mode), (directory, path, mode), -1)
WRAP(FALLOCATE, int, fallocate, (int fd, int mode, off_t offset, off_t size), (fd, mode, offset, size), -1)
WRAP_THREAD(THREAD_CREATE, pthread_create, (pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument),
            (thread, attributes, start, argument))
WRAP_THREAD(SETSPECIFIC, pthread_setspecific, (pthread_key_t key, const void *value), (key, value))
WRAP_THREAD(KEY_CREATE, pthread_key_create, (pthread_key_t *key, void (*destructor)(void *)), (key, destructor))

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return fails(OPEN) ? -1 : __real_open(path, flags, mode);
}

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return fails(FCNTL) ? -1 : __real_fcntl(fd, command, argument);
}

/* ---- The allocator: what is alive is counted ---- */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *string);
void __real_free(void *block);
void __wrap_free(void *block);

static void *counted(void *block) {
    if (block)
        atomic_fetch_add(&blocks, 1);
    return block;
}

void *__wrap_malloc(size_t size) {
    return fails(MALLOC) ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size) {
    return fails(CALLOC) ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *old, size_t size) {
    if (fails(REALLOC))
        return NULL;
    void *block = __real_realloc(old, size);
    return old ? block : counted(block);
}

char *__wrap_strdup(const char *string) {
    size_t size = strlen(string) + 1;
    char *copy = fails(STRDUP) ? NULL : counted(__real_malloc(size));
    return copy ? memcpy(copy, string, size) : NULL;
}

void __wrap_free(void *block) {
    if (block)
        atomic_fetch_sub(&blocks, 1);
    __real_free(block);
}
