/* Which of the guest's pages are in memory, and stay there. That is the host's affair, and what it keeps or shares with
 * other programs would tell of those: all that is mapped is said to be in memory. A guest's limit of locked memory is
 * infinite, so it may ask that pages stay; nothing is locked, for the host's own limit is one for all its guests, and a
 * lock would divide mappings. */
#include "linux.h"

#include <sys/mman.h>

bh_syscall bh_sys_mincore, bh_sys_mlock, bh_sys_mlock2, bh_sys_munlock, bh_sys_mlockall, bh_sys_munlockall;

/* [address, address + size), rounded to pages, is all mapped. */
static bool is_mapped(const bh_instance *instance, uint64_t address, uint64_t size) {
    uint64_t start = address - instance->slot.base;
    return bh_in_slot(instance, address, size) &&
           bh_space_covered(&instance->slot.space, start, BH_PAGE_ROUND(start + size));
}

int64_t bh_sys_mincore(bh_instance *instance, const uint64_t a[6]) {
    uint64_t pages = a[1] / BH_PAGE_SIZE + !!(a[1] % BH_PAGE_SIZE);
    if (a[0] % BH_PAGE_SIZE)
        return -EINVAL;
    if (!a[1])
        return 0;
    if (!is_mapped(instance, a[0], a[1]))
        return -ENOMEM;
    return bh_in_slot(instance, a[2], pages) && !bh_guarded_fill(bh_confined(instance, a[2]), 1, pages) ? 0 : -EFAULT;
}

static int64_t lock(const bh_instance *instance, uint64_t address, uint64_t size) {
    uint64_t start = address & ~(uint64_t)(BH_PAGE_SIZE - 1), length = BH_PAGE_ROUND(size + (address - start));
    if (start + length < start)
        return -EINVAL;
    return !length || is_mapped(instance, start, length) ? 0 : -ENOMEM;
}

int64_t bh_sys_mlock(bh_instance *instance, const uint64_t a[6]) { return lock(instance, a[0], a[1]); }

int64_t bh_sys_mlock2(bh_instance *instance, const uint64_t a[6]) {
    return (uint32_t)a[2] & ~(uint32_t)MLOCK_ONFAULT ? -EINVAL : lock(instance, a[0], a[1]);
}

int64_t bh_sys_munlock(bh_instance *instance, const uint64_t a[6]) { return lock(instance, a[0], a[1]); }

int64_t bh_sys_mlockall(bh_instance *instance, const uint64_t a[6]) {
    uint32_t flags = (uint32_t)a[0];
    bool some = flags & (MCL_CURRENT | MCL_FUTURE);
    return !some || (flags & ~(uint32_t)(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) ? -EINVAL : 0;
}

int64_t bh_sys_munlockall(bh_instance *instance, const uint64_t a[6]) { return 0; }
