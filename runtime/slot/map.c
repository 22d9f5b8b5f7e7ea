/* Mappings inside the reservation; see map.h. */
#include "slot/map.h"

#include <errno.h>
#include <sys/mman.h>

bool bh_slot_map(uint64_t at, uint64_t size, int protection, int flags, int fd, uint64_t offset) {
    void *want = (void *)(uintptr_t)at;
    void *got = mmap(want, size, protection, flags | MAP_FIXED | MAP_NORESERVE, fd, (off_t)offset);
    if (got == want)
        return true;
    /* The kernel may have removed what was there before it failed. Cover the hole at once; the slot is poisoned all the
     * same, because nobody knows what another thread's mmap did meanwhile. */
    int error = got == MAP_FAILED ? errno : ENOSYS;
    bh_slot_unmap(at, size);
    errno = error;
    return false;
}

bool bh_slot_unmap(uint64_t at, uint64_t size) {
    void *want = (void *)(uintptr_t)at;
    return mmap(want, size, PROT_NONE, BH_UNUSED_FLAGS | MAP_FIXED, -1, 0) == want;
}
