/* The process: identities and limits are made up, so that nothing of the host shows. */
#include "linux.h"

#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#define RANDOM_PIECE 256

bh_syscall bh_sys_getpid, bh_sys_getppid, bh_sys_getpgrp, bh_sys_getpgid, bh_sys_setpgid, bh_sys_getsid, bh_sys_getuid,
    bh_sys_getgid, bh_sys_geteuid, bh_sys_getegid, bh_sys_getgroups, bh_sys_uname, bh_sys_sysinfo, bh_sys_getrlimit,
    bh_sys_setrlimit, bh_sys_prlimit64, bh_sys_getrandom;

int64_t bh_sys_getpid(bh_instance *instance, const uint64_t a[6]) {
    return BH_GUEST_PID;
}

int64_t bh_sys_getppid(bh_instance *instance, const uint64_t a[6]) {
    return 1;
}

int64_t bh_sys_getpgrp(bh_instance *instance, const uint64_t a[6]) {
    return BH_GUEST_PID;
}

int64_t bh_sys_getpgid(bh_instance *instance, const uint64_t a[6]) {
    return !a[0] || a[0] == BH_GUEST_PID ? BH_GUEST_PID : -ESRCH;
}

int64_t bh_sys_setpgid(bh_instance *instance, const uint64_t a[6]) {
    return bh_refuse(instance, EPERM, "setpgid", NULL);
}

int64_t bh_sys_getsid(bh_instance *instance, const uint64_t a[6]) {
    return bh_sys_getpgid(instance, a);
}

int64_t bh_sys_getuid(bh_instance *instance, const uint64_t a[6]) {
    return BH_GUEST_ID;
}

int64_t bh_sys_getgid(bh_instance *instance, const uint64_t a[6]) {
    return BH_GUEST_ID;
}

int64_t bh_sys_geteuid(bh_instance *instance, const uint64_t a[6]) {
    return BH_GUEST_ID;
}

int64_t bh_sys_getegid(bh_instance *instance, const uint64_t a[6]) {
    return BH_GUEST_ID;
}

int64_t bh_sys_getgroups(bh_instance *instance, const uint64_t a[6]) {
    return 0;
}

int64_t bh_sys_uname(bh_instance *instance, const uint64_t a[6]) {
    struct utsname name = {.sysname = "Linux", .nodename = "bulkhead", .release = "6.1.0", .version = "#1 Bulkhead",
                           .machine = "x86_64"};
    return bh_put(instance, a[0], &name, sizeof(name)) ? 0 : -EFAULT;
}

int64_t bh_sys_sysinfo(bh_instance *instance, const uint64_t a[6]) {
    struct sysinfo info = {.uptime = 1, .procs = 1, .mem_unit = 1};
    info.totalram = instance->space.byte_limit;
    info.freeram = instance->space.byte_limit - instance->space.bytes;
    return bh_put(instance, a[0], &info, sizeof(info)) ? 0 : -EFAULT;
}

static int64_t put_limit(bh_instance *instance, uint64_t resource, uint64_t address) {
    uint64_t value = UINT64_MAX;
    if (resource == RLIMIT_NOFILE)
        value = instance->personality->file_limit;
    else if (resource == RLIMIT_STACK)
        value = instance->stack_top - instance->stack_bottom;
    else if (resource == RLIMIT_AS || resource == RLIMIT_DATA)
        value = instance->space.byte_limit;
    else if (resource >= RLIM_NLIMITS)
        return -EINVAL;
    const uint64_t limit[2] = {value, value};
    return bh_put(instance, address, limit, sizeof(limit)) ? 0 : -EFAULT;
}

int64_t bh_sys_getrlimit(bh_instance *instance, const uint64_t a[6]) {
    return put_limit(instance, (uint32_t)a[0], a[1]);
}

int64_t bh_sys_setrlimit(bh_instance *instance, const uint64_t a[6]) {
    return bh_refuse(instance, EPERM, "setrlimit", NULL);
}

int64_t bh_sys_prlimit64(bh_instance *instance, const uint64_t a[6]) {
    if (a[0] && a[0] != BH_GUEST_PID)
        return -ESRCH;
    if (a[2])
        return bh_sys_setrlimit(instance, a);
    return a[3] ? put_limit(instance, (uint32_t)a[1], a[3]) : 0;
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
