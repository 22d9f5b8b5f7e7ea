/* Who the guest is: a user without privileges, whoever the host is. */
#include "linux.h"

bh_syscall bh_sys_getuid, bh_sys_getgid, bh_sys_geteuid, bh_sys_getegid, bh_sys_getgroups, bh_sys_getresuid,
    bh_sys_getresgid;

int64_t bh_sys_getuid(bh_instance *instance, const uint64_t a[6]) { return BH_GUEST_ID; }

int64_t bh_sys_getgid(bh_instance *instance, const uint64_t a[6]) { return BH_GUEST_ID; }

int64_t bh_sys_geteuid(bh_instance *instance, const uint64_t a[6]) { return BH_GUEST_ID; }

int64_t bh_sys_getegid(bh_instance *instance, const uint64_t a[6]) { return BH_GUEST_ID; }

int64_t bh_sys_getgroups(bh_instance *instance, const uint64_t a[6]) { return 0; }

/* The real, the effective and the saved one. */
static int64_t put_all(bh_instance *instance, const uint64_t a[6]) {
    const uint32_t own = BH_GUEST_ID;
    for (int n = 0; n < 3; n++)
        if (!bh_put(instance, a[n], &own, sizeof(own)))
            return -EFAULT;
    return 0;
}

int64_t bh_sys_getresuid(bh_instance *instance, const uint64_t a[6]) { return put_all(instance, a); }

int64_t bh_sys_getresgid(bh_instance *instance, const uint64_t a[6]) { return put_all(instance, a); }
