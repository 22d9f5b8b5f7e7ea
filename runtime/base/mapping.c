/* Mappings of the host's own. */
#include "base/mapping.h"

#include <errno.h>
#include <sys/mman.h>

void *bh_map_high(size_t size, int protection, int flags) {
    void *at = mmap(NULL, size, protection, flags, -1, 0);
    int error = at == MAP_FAILED ? errno : at ? ENOMEM : ENOSYS; /* NULL: nothing was mapped, whatever is said */
    /* Valgrind offers low addresses only, unless asked for others. */
    for (uint64_t hint = 2 * BH_SLOT_SIZE; (uint64_t)(uintptr_t)at < BH_SLOT_SIZE || at == MAP_FAILED; hint *= 2) {
        if (at != MAP_FAILED && at)
            munmap(at, size);
        if (hint >> 47) {
            errno = error;
            return MAP_FAILED;
        }
        at = mmap((void *)(uintptr_t)hint, size, protection, flags, -1, 0);
    }
    return at;
}

void *bh_map_file(size_t size, int protection, int fd, uint64_t offset) {
    void *at = mmap(NULL, size, protection, MAP_SHARED, fd, (off_t)offset);
    if (at)
        return at;
    errno = ENOSYS;
    return MAP_FAILED;
}
