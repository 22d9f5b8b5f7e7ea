/* Calls of the runtime to the kernel, to the allocator and to the threads library that can be made to fail: the program is linked with
 * --wrap for each (failing.c), so that only the runtime's own calls and the test's are concerned. */
#ifndef FAILING_H
#define FAILING_H

#include <stdbool.h>

enum wrapped {
    NOTHING, MMAP, MPROTECT, MADVISE, MEMFD, FTRUNCATE, FCNTL, OPEN, FSTAT, FSTATFS, READ, PREAD, PWRITE, MALLOC, CALLOC, REALLOC,
    STRDUP, TIMER_CREATE, TIMER_SETTIME, SIGALTSTACK, PERSONALITY, GETRANDOM, SYSCONF, THREAD_CREATE, SETSPECIFIC, KEY_CREATE, FACCESSAT,
    CHMOD, FCHMOD, FUTIMENS, UTIMENSAT, SYNC_FILE_RANGE, FSYNC, READLINKAT, UNLINKAT, MKDIRAT, FALLOCATE
};

/* From now on the nth call of this kind fails with this errno, once. */
void fail_arm(enum wrapped what, unsigned nth, int error);
/* Whether one has failed that changes memory, and not only for now. */
bool fail_refused(void);
/* No call fails any more; whether one did. */
bool fail_disarm(void);
/* How many blocks of the allocator are alive. */
long fail_live_blocks(void);

#endif
