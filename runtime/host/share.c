/* Host memory that guests see without a copy.
 *
 * Only shared mappings of a file can appear at a second address, so buffers to be shared are made here, of a memfd, or
 * the caller names a file. A read-only share is a mapping of a descriptor that is open for reading alone: the kernel
 * itself then refuses to make it writable, whoever asks. The guest's own memory calls do not touch shares at all. */
#include "host/share.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/fail.h"
#include "base/fork.h"
#include "base/limit.h"
#include "base/mapping.h"
#include "guest/callers.h"
#include "guest/hold.h"
#include "guest/instance.h"
#include "slot/map.h"
#include "slot/slot.h"
#include "slot/space.h"

#define MAX_BUFFER ((size_t)1 << 40)
#define HUGETLBFS 0x958458f6

struct buffer {
    struct buffer *next;
    char *memory;
    size_t size;
    struct bh_kept read_write, read_only; /* descriptors of the same memfd */
    unsigned uses;                        /* shares of it that are mapped */
};

struct bh_share {
    struct bh_share *next;
    bh_address guest;
    size_t size;
    struct buffer *buffer; /* NULL: the caller's descriptor */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* buffers and their uses */
static struct buffer *buffers;

static int reopen_read_only(int fd) {
    char name[40];
    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    return bh_fd_open(name, O_RDONLY);
}

static bh_error no_proc(void) {
    return bh_fail_number(
        BH_ERROR_SYSTEM, ENOENT,
        "memory that can be written is shared for reading alone by /proc/self/fd, which is missing here: "
        "mount /proc, or share it for reading and writing");
}

static int make_file(size_t size) {
    int fd = bh_fd_memory("bulkhead-shared", false);
    if (fd >= 0 && bh_fd_resize(fd, size) && bh_fd_seal(fd, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL))
        return fd;
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return -1;
}

static void discard(struct buffer *buffer) {
    if (buffer->memory)
        munmap(buffer->memory, buffer->size);
    bh_kept_close(&buffer->read_write);
    bh_kept_close(&buffer->read_only);
    free(buffer);
}

bh_error bh_shared_create(size_t size, void **memory) {
    if (!memory || !size || size > MAX_BUFFER)
        return bh_fail(BH_ERROR_ARGUMENT,
                       "bh_shared_create: a size from 1 byte to 1 TiB and a place for the address are needed");
    struct buffer *buffer = calloc(1, sizeof(*buffer));
    if (!buffer)
        return bh_fail(BH_ERROR_MEMORY, "no memory for a shared buffer");
    buffer->size = BH_PAGE_ROUND(size);
    buffer->read_only.fd = -1;
    void *at = MAP_FAILED;
    bool made = bh_kept_set(&buffer->read_write, make_file(buffer->size));
    /* Without /proc it is not shared for reading alone (no_proc). */
    if (made && (bh_kept_set(&buffer->read_only, reopen_read_only(buffer->read_write.fd)) || errno == ENOENT))
        at = bh_map_file(buffer->size, PROT_READ | PROT_WRITE, buffer->read_write.fd, 0);
    if (at == MAP_FAILED) {
        bh_error error = bh_fail_limit("cannot make a shared buffer of %zu bytes (memfd)", buffer->size);
        discard(buffer);
        return error;
    }
    buffer->memory = at;
    pthread_mutex_lock(&lock);
    buffer->next = buffers;
    buffers = buffer;
    pthread_mutex_unlock(&lock);
    *memory = at;
    return BH_OK;
}

bh_error bh_shared_destroy(void *memory) {
    if (!memory)
        return BH_OK;
    struct buffer *found = NULL;
    bool busy = false;
    pthread_mutex_lock(&lock);
    for (struct buffer **at = &buffers; *at; at = &(*at)->next) {
        if ((*at)->memory != memory)
            continue;
        found = *at;
        busy = found->uses > 0;
        if (!busy)
            *at = found->next;
        break;
    }
    pthread_mutex_unlock(&lock);
    if (!found)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_shared_destroy: %p is not what bh_shared_create gave", memory);
    if (busy)
        return bh_fail(BH_ERROR_BUSY, "the buffer at %p is shared with an instance; unshare it first", memory);
    discard(found);
    return BH_OK;
}

/* Finds the buffer that holds [memory, memory + size) and counts a use of it. */
static struct buffer *use_buffer(const char *memory, size_t size) {
    pthread_mutex_lock(&lock);
    struct buffer *buffer = buffers;
    while (buffer && !((size_t)(memory - buffer->memory) < buffer->size &&
                       size <= buffer->size - (size_t)(memory - buffer->memory)))
        buffer = buffer->next;
    if (buffer)
        buffer->uses++;
    pthread_mutex_unlock(&lock);
    return buffer;
}

static void unuse_buffer(struct buffer *buffer) {
    if (!buffer)
        return;
    pthread_mutex_lock(&lock);
    buffer->uses--;
    pthread_mutex_unlock(&lock);
}

/* The instance is not running, or is made for changes of its memory meanwhile. */
static bool take(bh_instance *instance, bh_error *error) {
    if (!instance->threads)
        return bh_instance_take(instance, error);
    *error = bh_callers_visit(instance);
    return !*error;
}

/* Gives it back. When the kernel refused a mapping over the slot nobody knows what is there: that ends the instance. */
static bh_error give(bh_instance *instance, bh_error error, bool refused) {
    bh_error_detail detail = *bh_last_error();
    if (refused)
        bh_instance_leave_killing(instance, true);
    else if (instance->threads)
        bh_callers_leave(instance);
    else
        bh_instance_give(instance);
    bh_error_restore(&detail);
    return error;
}

/* Maps the file into free space of the slot. The instance is taken; fd is known to be mappable that way. */
static bh_error map(bh_instance *instance, int fd, uint64_t offset, size_t size, int mode, struct buffer *buffer,
                    bh_address *guest, bool *refused) {
    int protection = PROT_READ | (mode == BH_READ_WRITE ? PROT_WRITE : 0);
    if (instance->state != BH_INSTANCE_READY)
        return bh_fail(BH_ERROR_DEAD, "the instance has ended: reset it before sharing memory with it");
    uint64_t at = bh_space_gap(&instance->slot.space, size);
    if (!at)
        return bh_fail(BH_ERROR_LIMIT, "the slot has no %zu bytes of free address space in one piece", size);
    if (!bh_slot_room(&instance->slot, 2))
        return bh_fail_mappings(&instance->slot, "shared memory");
    struct bh_share *share = malloc(sizeof(*share));
    if (!share)
        return bh_fail(BH_ERROR_MEMORY, "no memory to note a shared buffer");
    if (!bh_slot_map(instance->slot.base + at, size, protection, MAP_SHARED, fd, offset)) {
        instance->slot.poisoned = *refused = true;
        free(share);
        return bh_fail_limit("cannot map shared memory");
    }
    bh_space_add(&instance->slot.space, at, at + size, protection, BH_PIECE_SHARED, false);
    *share =
        (struct bh_share){.next = instance->shares, .guest = instance->slot.base + at, .size = size, .buffer = buffer};
    instance->shares = share;
    *guest = share->guest;
    return BH_OK;
}

static bh_error check(const bh_instance *instance, uint64_t at, size_t size, int mode, const bh_address *guest) {
    if (!instance || !guest || (mode != BH_READ_ONLY && mode != BH_READ_WRITE))
        return bh_fail(BH_ERROR_ARGUMENT,
                       "sharing memory needs an instance, a mode and a place for the guest's address");
    if (at % BH_PAGE_SIZE || size % BH_PAGE_SIZE || !size || size > BH_SLOT_SIZE)
        return bh_fail(BH_ERROR_ARGUMENT,
                       "memory is shared in whole pages: address or offset, and size, must be multiples of "
                       "%d",
                       BH_PAGE_SIZE);
    if (atomic_load(&bh_forked))
        return bh_fail(BH_ERROR_FORKED, "the engine belongs to the parent process");
    return BH_OK;
}

bh_error bh_share(bh_instance *instance, const void *memory, size_t size, int mode, bh_address *guest) {
    bh_error error = check(instance, (uint64_t)(uintptr_t)memory, size, mode, guest);
    if (error)
        return error;
    struct buffer *buffer = use_buffer(memory, size);
    if (!buffer)
        return bh_fail(BH_ERROR_ARGUMENT,
                       "%zu bytes at %p do not lie in one buffer of bh_shared_create: the kernel cannot show "
                       "other memory at a second address; copy it with bh_copy_in, or use bh_share_fd",
                       size, memory);
    const struct bh_kept *file = mode == BH_READ_WRITE ? &buffer->read_write : &buffer->read_only;
    bool refused = false;
    if (file->fd < 0) {
        error = no_proc();
    } else if (!bh_kept_same(file)) {
        error = bh_fail_kept(file, "a shared buffer");
    } else if (take(instance, &error)) {
        error = map(instance, file->fd, (uint64_t)((const char *)memory - buffer->memory), size, mode, buffer, guest,
                    &refused);
        error = give(instance, error, refused);
    }
    if (error)
        unuse_buffer(buffer);
    return error;
}

/* A descriptor to map: the caller's, or for a read-only share of one that can write another that cannot. */
static bh_error mappable(int fd, uint64_t offset, size_t size, int mode, int *use) {
    struct stat info;
    struct statfs system;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fstat(fd, &info) || fstatfs(fd, &system))
        return bh_fail_errno(BH_ERROR_ARGUMENT, "bh_share_fd: descriptor %d cannot be used", fd);
    if (!S_ISREG(info.st_mode) || (flags & O_PATH))
        return bh_fail(BH_ERROR_ARGUMENT, "bh_share_fd: descriptor %d is not an open file or memfd", fd);
    if ((unsigned long)system.f_type == HUGETLBFS)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_share_fd: descriptor %d has huge pages, which cannot be shared", fd);
    if (offset > (uint64_t)info.st_size || size > BH_PAGE_ROUND(info.st_size) - offset)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_share_fd: the file of descriptor %d ends at %lld, before offset + size",
                       fd, (long long)info.st_size);
    int access = flags & O_ACCMODE;
    if (access == O_WRONLY || (mode == BH_READ_WRITE && access != O_RDWR))
        return bh_fail(BH_ERROR_ARGUMENT, "bh_share_fd: descriptor %d is not open for %s", fd,
                       mode == BH_READ_WRITE ? "reading and writing" : "reading");
    *use = mode == BH_READ_ONLY && access != O_RDONLY ? reopen_read_only(fd) : fd;
    if (*use < 0 && errno == ENOENT)
        return no_proc();
    if (*use < 0)
        return bh_fail_limit("bh_share_fd: cannot open the file of descriptor %d for reading alone", fd);
    /* Asked outside the slot first: there a refusal is no catastrophe. */
    void *probe = bh_map_file(size, PROT_READ | (mode == BH_READ_WRITE ? PROT_WRITE : 0), *use, offset);
    if (probe != MAP_FAILED) {
        munmap(probe, size);
        return BH_OK;
    }
    bh_error error = bh_fail_limit("bh_share_fd: cannot map the file of descriptor %d", fd);
    if (*use != fd)
        close(*use);
    return error;
}

bh_error bh_share_fd(bh_instance *instance, int fd, uint64_t offset, size_t size, int mode, bh_address *guest) {
    int use;
    bh_error error = check(instance, offset, size, mode, guest);
    if (!error)
        error = mappable(fd, offset, size, mode, &use);
    if (error)
        return error;
    bool refused = false;
    if (take(instance, &error)) {
        error = map(instance, use, offset, size, mode, NULL, guest, &refused);
        error = give(instance, error, refused);
    }
    if (use != fd)
        close(use);
    return error;
}

bh_error bh_unshare(bh_instance *instance, bh_address guest) {
    bh_error error;
    if (!instance)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_unshare: no instance");
    bool refused = false;
    if (!take(instance, &error))
        return error;
    struct bh_share **at = &instance->shares, *share;
    while (*at && (*at)->guest != guest)
        at = &(*at)->next;
    share = *at;
    error = BH_OK;
    if (!share) {
        error = bh_fail(BH_ERROR_ARGUMENT, "bh_unshare: nothing is shared with the instance at 0x%llx",
                        (unsigned long long)guest);
    } else if (!bh_slot_release(&instance->slot, guest - instance->slot.base,
                                guest - instance->slot.base + share->size)) {
        refused = true;
        error = bh_fail_limit("cannot unmap shared memory");
    } else {
        *at = share->next;
        unuse_buffer(share->buffer);
        free(share);
    }
    return give(instance, error, refused);
}

void bh_shares_forget(bh_instance *instance) {
    while (instance->shares) {
        struct bh_share *share = instance->shares;
        instance->shares = share->next;
        unuse_buffer(share->buffer);
        free(share);
    }
}
