/* Files in memory (memfd_create). They are the guest's own, and need no grant: their sizes count against its memory,
 * from the moment that the kernel is asked for more until nothing of a file is left, neither a descriptor nor a
 * mapping. What grows one holds the state lock all the while, so that no other thread changes the file, or where in it
 * is written, in between. */
#include "linux.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

bh_syscall bh_sys_memfd_create;

#define LONGEST_NAME 249
#define MOST 256 /* at a time, of an instance: each is looked for among all mappings when something is unmapped */
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)

struct bh_memory {
    struct bh_memory *next;
    unsigned descriptors;
    uint32_t number;  /* in the pieces that map it */
    uint64_t counted; /* bytes: of the file, and a page for what the kernel knows of it */
};

static void count(bh_instance *instance, struct bh_memory *memory, uint64_t bytes) {
    bh_space_count(&instance->slot.space, (int64_t)(bytes - memory->counted));
    memory->counted = bytes;
}

static struct bh_memory *new_memory(bh_instance *instance) {
    struct bh_linux *state = instance->personality;
    bool room = state->memory_count < MOST && bh_space_affords_bytes(&instance->slot.space, BH_PAGE_SIZE);
    struct bh_memory *memory = room ? calloc(1, sizeof(*memory)) : NULL;
    if (!memory)
        return NULL;
    state->memory_count++;
    state->memory_number += 1 + (state->memory_number == UINT32_MAX);
    memory->number = state->memory_number;
    memory->next = state->memory;
    state->memory = memory;
    count(instance, memory, BH_PAGE_SIZE);
    return memory;
}

/* Frees those that have neither descriptors nor mappings. */
void bh_memory_sweep(bh_instance *instance) {
    for (struct bh_memory **link = &instance->personality->memory, *memory = *link; memory; memory = *link) {
        if (memory->descriptors || bh_space_maps_file(&instance->slot.space, memory->number)) {
            link = &memory->next;
            continue;
        }
        *link = memory->next;
        instance->personality->memory_count--;
        count(instance, memory, 0);
        free(memory);
    }
}

void bh_memory_discard(struct bh_linux *state) {
    for (struct bh_memory *memory = state->memory, *next; memory; memory = next) {
        next = memory->next;
        free(memory);
    }
    state->memory = NULL;
}

void bh_memory_keep(struct bh_memory *memory) {
    if (memory)
        memory->descriptors++;
}

void bh_memory_release(bh_instance *instance, struct bh_memory *memory) {
    if (memory && !--memory->descriptors)
        bh_memory_sweep(instance);
}

uint32_t bh_memory_number(const struct bh_memory *memory) { return memory ? memory->number : 0; }

int64_t bh_memory_reserve(bh_instance *instance, struct bh_memory *memory, uint64_t size) {
    if (size > INT64_MAX)
        return -EINVAL;
    uint64_t bytes = BH_PAGE_ROUND(size) + BH_PAGE_SIZE;
    if (bytes <= memory->counted)
        return 0;
    if (!bh_space_affords_bytes(&instance->slot.space, bytes - memory->counted))
        return -ENOSPC;
    count(instance, memory, bytes);
    return 0;
}

int64_t bh_memory_reserve_write(bh_instance *instance, const struct bh_file *file, const int64_t *offset,
                                uint64_t size) {
    struct stat info;
    int flags = fcntl(file->host, F_GETFL);
    if (flags < 0 || fstat(file->host, &info))
        return -errno;
    int64_t at = flags & O_APPEND ? info.st_size : offset ? *offset : lseek(file->host, 0, SEEK_CUR);
    return at < 0 ? -EINVAL : bh_memory_reserve(instance, file->memory, (uint64_t)at + size);
}

void bh_memory_settle(bh_instance *instance, const struct bh_file *file) {
    struct stat info;
    if (!fstat(file->host, &info))
        count(instance, file->memory, BH_PAGE_ROUND((uint64_t)info.st_size) + BH_PAGE_SIZE);
}

int64_t bh_memory_write(bh_instance *instance, const struct bh_file *file, const int64_t *offset, uint64_t size,
                        long number, uint64_t b, uint64_t c, uint64_t d) {
    int64_t error = bh_memory_reserve_write(instance, file, offset, size);
    if (error)
        return error;
    int64_t result = syscall(number, file->host, b, c, d);
    result = result < 0 ? -errno : result;
    bh_memory_settle(instance, file);
    return result;
}

int64_t bh_memory_seals(bh_instance *instance, const struct bh_file *file, int command, uint64_t seals) {
    if (!file->memory || (command == F_ADD_SEALS && ((uint32_t)seals & ~(uint32_t)SEALS)))
        return -EINVAL;
    int result = command == F_ADD_SEALS ? fcntl(file->host, F_ADD_SEALS, (int)seals) : fcntl(file->host, F_GET_SEALS);
    return result < 0 ? -errno : command == F_ADD_SEALS ? 0 : result & SEALS;
}

/* A descriptor of the host: -errno when there is none. */
static int open_memory(bool sealing) {
    int host = bh_fd_memory("bulkhead-guest", false);
    if (host < 0 || sealing || bh_fd_seal(host, F_SEAL_SEAL))
        return host < 0 ? -errno : host;
    int error = errno;
    close(host);
    return -error;
}

int64_t bh_sys_memfd_create(bh_instance *instance, const uint64_t a[6]) {
    char name[LONGEST_NAME + 1];
    if ((uint32_t)a[1] & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING))
        return -EINVAL;
    int64_t length = bh_get_string(instance, name, a[0], sizeof(name));
    if (length < 0)
        return length == -ENAMETOOLONG ? -EINVAL : length;
    int room = bh_descriptor_take();
    if (room)
        return room;
    struct bh_memory *memory = new_memory(instance);
    int host = memory ? open_memory(a[1] & MFD_ALLOW_SEALING) : -ENOMEM;
    if (host < 0) {
        bh_descriptor_return();
        bh_memory_sweep(instance);
        return host;
    }
    struct bh_file file = {.host = host,
                           .kind = BH_FILE_REGULAR,
                           .owned = true,
                           .write = true,
                           .in_pieces = true,
                           .cloexec = a[1] & MFD_CLOEXEC,
                           .memory = memory};
    bh_memory_keep(memory);
    int64_t fd = bh_file_add(instance, &file, 0);
    if (fd < 0)
        bh_file_close(instance, &file);
    return fd;
}
