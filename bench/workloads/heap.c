/* malloc for programs that live on it: what is freed waits in a list of its size and is never given back.
 *
 * musl's own unmaps a page when it is empty and maps it again for the next block. A parser or an interpreter then
 * spends a third of its time in the kernel, which is the same on both sides and tells nothing about isolation. Linked
 * in on both sides; not for threads.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Stands before each block; as long as the alignment that malloc promises. */
struct header {
    size_t size; /* of the block, a size that size_of_class returns */
    size_t class;
};
struct freed {
    struct freed *next;
};

enum {
    UNIT = 16,
    CHUNK = 8 << 20, /* what is fetched from the kernel at a time */
    CLASSES = 4 * 40
};

static struct freed *lists[CLASSES];
static unsigned char *rest; /* of the chunk that blocks are cut from */
static size_t rest_size;

/* Four sizes between a power of two and the next: 64, 80, 96, 112, 128, 160... */
static size_t size_of_class(size_t class) { return (size_t)(4 + class % 4) * UNIT << class / 4; }

/* The smallest class that holds `size` bytes; `size` is at most PTRDIFF_MAX. */
static size_t class_of(size_t size) {
    if (size <= 4 * UNIT)
        return 0;
    size_t power = 63 - (size_t)__builtin_clzll((size - 1) / UNIT) - 2; /* size - 1 lies in [4, 8) * UNIT << power */
    return power * 4 + ((size - 1) / UNIT >> power) % 4 + 1;
}

static void *from_kernel(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        errno = ENOMEM;
        return NULL;
    }
    return memory;
}

static void *cut(size_t class) {
    size_t size = size_of_class(class), whole = sizeof(struct header) + size;
    struct header *header;
    if (whole > CHUNK / 2) {
        header = from_kernel(whole);
        if (!header)
            return NULL;
    } else {
        if (rest_size < whole) {
            unsigned char *chunk = from_kernel(CHUNK);
            if (!chunk)
                return NULL;
            rest = chunk;
            rest_size = CHUNK;
        }
        header = (struct header *)(void *)rest;
        rest += whole;
        rest_size -= whole;
    }
    header->size = size;
    header->class = class;
    return header + 1;
}

void *malloc(size_t size) {
    size_t class = size > PTRDIFF_MAX / 2 ? CLASSES : class_of(size);
    if (class >= CLASSES) {
        errno = ENOMEM;
        return NULL;
    }
    struct freed *block = lists[class];
    if (!block)
        return cut(class);
    lists[class] = block->next;
    return block;
}

void free(void *block) {
    if (!block)
        return;
    size_t class = ((struct header *)block)[-1].class;
    struct freed *freed = block;
    freed->next = lists[class];
    lists[class] = freed;
}

void *calloc(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    void *block = malloc(bytes);
    return block ? memset(block, 0, bytes) : NULL;
}

void *realloc(void *old, size_t size) {
    if (!old)
        return malloc(size);
    size_t before = ((struct header *)old)[-1].size;
    if (size <= before)
        return old;
    void *block = malloc(size);
    if (!block)
        return NULL;
    memcpy(block, old, before);
    free(old);
    return block;
}

/* The bytes before the aligned place are lost. */
void *aligned_alloc(size_t alignment, size_t size) {
    if (alignment <= UNIT)
        return malloc(size);
    if ((alignment & (alignment - 1)) != 0 || alignment > SIZE_MAX / 4 || size > SIZE_MAX / 4) {
        errno = EINVAL;
        return NULL;
    }
    unsigned char *block = malloc(size_of_class(class_of(size)) + alignment);
    if (!block)
        return NULL;
    block += (alignment - (uintptr_t)block % alignment) % alignment;
    struct header *header = (struct header *)(void *)block - 1;
    header->class = class_of(size);
    header->size = size_of_class(header->class);
    return block;
}
