/* The guest's resource limits: what its host has set, shown as Linux shows it. A guest may say again what is so, and
 * give up what makes a difference to itself alone: descriptors, and core dumps, of which there are none. */
#include "linux.h"

#include <sys/resource.h>

bh_syscall bh_sys_getrlimit, bh_sys_setrlimit, bh_sys_prlimit64;

struct limit { /* struct rlimit as the kernel has it */
    uint64_t soft, hard;
};

static struct limit both(uint64_t value) { return (struct limit){value, value}; }

static struct limit limit_of(const bh_instance *instance, uint32_t resource) {
    const struct bh_linux *state = instance->personality;
    switch (resource) {
    case RLIMIT_NOFILE: return (struct limit){state->file_soft, state->file_hard};
    case RLIMIT_CORE: return (struct limit){state->core_soft, state->core_hard};
    case RLIMIT_STACK: return both(instance->slot.stack_top - instance->slot.stack_bottom);
    case RLIMIT_AS:
    case RLIMIT_DATA: return both(instance->slot.space.byte_limit);
    default: return both(UINT64_MAX);
    }
}

static int64_t set_limit(bh_instance *instance, uint32_t resource, const struct limit *wanted) {
    struct bh_linux *state = instance->personality;
    struct limit now = limit_of(instance, resource);
    if (wanted->soft > wanted->hard)
        return -EINVAL;
    bool own = resource == RLIMIT_NOFILE || resource == RLIMIT_CORE;
    if (own ? wanted->hard > now.hard : wanted->soft != now.soft || wanted->hard != now.hard)
        return bh_refuse(instance, EPERM, "setrlimit", NULL);
    if (resource == RLIMIT_NOFILE) {
        state->file_soft = (unsigned)wanted->soft;
        state->file_hard = (unsigned)wanted->hard;
    } else if (resource == RLIMIT_CORE) {
        state->core_soft = wanted->soft;
        state->core_hard = wanted->hard;
    }
    return 0;
}

/* prlimit64 with either address 0 leaves that half out. */
static int64_t change_limit(bh_instance *instance, uint64_t resource, uint64_t from, uint64_t to) {
    struct limit wanted, now;
    if ((uint32_t)resource >= RLIM_NLIMITS)
        return -EINVAL;
    if (from && !bh_get(instance, &wanted, from, sizeof(wanted)))
        return -EFAULT;
    now = limit_of(instance, (uint32_t)resource);
    int64_t error = from ? set_limit(instance, (uint32_t)resource, &wanted) : 0;
    return error || !to || bh_put(instance, to, &now, sizeof(now)) ? error : -EFAULT;
}

int64_t bh_sys_getrlimit(bh_instance *instance, const uint64_t a[6]) {
    return a[1] ? change_limit(instance, a[0], 0, a[1]) : -EFAULT;
}

int64_t bh_sys_setrlimit(bh_instance *instance, const uint64_t a[6]) {
    return a[1] ? change_limit(instance, a[0], a[1], 0) : -EFAULT;
}

int64_t bh_sys_prlimit64(bh_instance *instance, const uint64_t a[6]) {
    return a[0] && a[0] != BH_GUEST_PID ? -ESRCH : change_limit(instance, a[1], a[2], a[3]);
}
