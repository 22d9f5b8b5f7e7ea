/* Descriptors that the runtime keeps; descriptor.c says what may happen to them. */
#ifndef BULKHEAD_RUNTIME_DESCRIPTOR_H
#define BULKHEAD_RUNTIME_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bulkhead/bulkhead.h"

/* Moves a new descriptor, which is close-on-exec, out of 0 to 2, which are the host's. fd may be -1, from a call that
 * failed; -1 and errno then, too. */
int bh_fd_apart(int fd);
/* open, apart, with O_CLOEXEC and O_NOCTTY. */
int bh_fd_open(const char *path, int flags);
/* A memfd that can be sealed, apart. */
int bh_fd_memory(const char *name, bool executable);
/* Writes all of it at offset, interrupted or not; false and errno when that fails. */
bool bh_fd_write(int fd, const uint8_t *bytes, size_t size, uint64_t offset);
/* ftruncate and F_ADD_SEALS, and a look at whether they did what they say: false and errno when not. */
bool bh_fd_resize(int fd, uint64_t size);
bool bh_fd_seal(int fd, int seals);

/* A descriptor that is kept, and the file that it stood for. */
struct bh_kept {
    int fd; /* -1: none */
    dev_t device;
    ino_t inode;
};
/* Takes over fd, which may be -1; false (and errno) when that is no file, and fd is closed. */
bool bh_kept_set(struct bh_kept *kept, int fd);
/* Whether it is still the same file's. */
bool bh_kept_same(const struct bh_kept *kept);
/* Closes it, unless it is another file's by now. */
void bh_kept_close(struct bh_kept *kept);
/* The error that it is not. */
bh_error bh_fail_kept(const struct bh_kept *kept, const char *what);

#endif
