/* The process and its machine: made up, so that nothing of the host shows. */
#include "linux.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#define RANDOM_PIECE 256

bh_syscall bh_sys_getpid, bh_sys_getppid, bh_sys_getpgrp, bh_sys_getpgid, bh_sys_setpgid, bh_sys_getsid, bh_sys_uname,
    bh_sys_sysinfo, bh_sys_getrandom, bh_sys_getcpu, bh_sys_getpriority, bh_sys_setpriority, bh_sys_prctl;

int64_t bh_sys_getpid(bh_instance *instance, const uint64_t a[6]) { return BH_GUEST_PID; }

int64_t bh_sys_getppid(bh_instance *instance, const uint64_t a[6]) { return 1; }

int64_t bh_sys_getpgrp(bh_instance *instance, const uint64_t a[6]) { return BH_GUEST_PID; }

int64_t bh_sys_getpgid(bh_instance *instance, const uint64_t a[6]) {
    return !a[0] || a[0] == BH_GUEST_PID ? BH_GUEST_PID : -ESRCH;
}

int64_t bh_sys_setpgid(bh_instance *instance, const uint64_t a[6]) {
    return bh_refuse(instance, EPERM, "setpgid", NULL);
}

int64_t bh_sys_getsid(bh_instance *instance, const uint64_t a[6]) { return bh_sys_getpgid(instance, a); }

int64_t bh_sys_uname(bh_instance *instance, const uint64_t a[6]) {
    struct utsname name = {
        .sysname = "Linux", .nodename = "bulkhead", .release = "6.1.0", .version = "#1 Bulkhead", .machine = "x86_64"};
    return bh_put(instance, a[0], &name, sizeof(name)) ? 0 : -EFAULT;
}

int64_t bh_sys_sysinfo(bh_instance *instance, const uint64_t a[6]) {
    struct sysinfo info = {.uptime = 1, .procs = 1, .mem_unit = 1};
    info.totalram = instance->slot.space.byte_limit;
    info.freeram = instance->slot.space.byte_limit - instance->slot.space.bytes;
    return bh_put(instance, a[0], &info, sizeof(info)) ? 0 : -EFAULT;
}

int64_t bh_sys_getcpu(bh_instance *instance, const uint64_t a[6]) {
    const uint32_t first = 0;
    bool told = (!a[0] || bh_put(instance, a[0], &first, sizeof(first))) &&
                (!a[1] || bh_put(instance, a[1], &first, sizeof(first)));
    return told ? 0 : -EFAULT;
}

/* Whether PRIO_PROCESS, PRIO_PGRP or PRIO_USER and its number mean the guest: 0 or -errno. */
static int64_t priority_of(uint64_t which, uint64_t who) {
    if ((uint32_t)which > PRIO_USER)
        return -EINVAL;
    uint32_t own = (uint32_t)which == PRIO_USER ? BH_GUEST_ID : BH_GUEST_PID;
    return !(uint32_t)who || (uint32_t)who == own ? 0 : -ESRCH;
}

int64_t bh_sys_getpriority(bh_instance *instance, const uint64_t a[6]) {
    int64_t error = priority_of(a[0], a[1]);
    return error ? error : 20; /* the kernel's way to say 0 */
}

int64_t bh_sys_setpriority(bh_instance *instance, const uint64_t a[6]) {
    int64_t error = priority_of(a[0], a[1]);
    return error || !(uint32_t)a[2] ? error
                                    : bh_refuse(instance, EPERM, "setpriority", "the host's threads run the guest");
}

int64_t bh_sys_prctl(bh_instance *instance, const uint64_t a[6]) {
    char *name = bh_task_of(instance)->name, given[sizeof(bh_task_of(instance)->name)] = "", detail[32];
    switch ((uint32_t)a[0]) {
    case PR_SET_NAME: /* what is too long is cut */
        if (bh_get_string(instance, given, a[1], sizeof(given) - 1) == -EFAULT)
            return -EFAULT;
        memcpy(name, given, sizeof(given));
        return 0;
    case PR_GET_NAME: return bh_put(instance, a[1], name, sizeof(given)) ? 0 : -EFAULT;
    default:
        snprintf(detail, sizeof(detail), "option %u", (unsigned)a[0]);
        return bh_refuse(instance, EINVAL, "prctl", detail);
    }
}

int64_t bh_sys_getrandom(bh_instance *instance, const uint64_t a[6]) {
    uint8_t bytes[RANDOM_PIECE];
    uint64_t done = 0, wanted = a[1] < INT32_MAX ? a[1] : INT32_MAX;
    if (!(instance->policy->allowed & BH_GRANT_RANDOM))
        return bh_refuse(instance, EPERM, "getrandom", NULL);
    do {
        uint64_t size = wanted - done < sizeof(bytes) ? wanted - done : sizeof(bytes);
        ssize_t got = getrandom(bytes, size, 0);
        if (got < 0)
            return done ? (int64_t)done : -errno;
        if (!bh_put(instance, a[0] + done, bytes, (uint64_t)got))
            return done ? (int64_t)done : -EFAULT;
        done += (uint64_t)got;
    } while (done < wanted && !bh_stopping(instance));
    return (int64_t)done;
}
