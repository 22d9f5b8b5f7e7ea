/* Futexes, by the host's own. An address in the slot is an address of this process and of no other instance, and every
 * futex is taken as private: the kernel then knows it by process and address alone. It checks itself whether the memory
 * is there, and reads it without a fault that anybody else would see. */
#include "linux.h"

#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

bh_syscall bh_sys_futex;

bool bh_alone(bh_instance *instance) {
    struct bh_threads *threads = instance->threads;
    if (atomic_load(&instance->personality->alarm))
        return false;
    if (!threads)
        return true;
    if (instance->module->image.elf.note_flags & BH_NOTE_FLAG_LIBRARY)
        return false;
    pthread_mutex_lock(&threads->lock);
    /* Who is on the list may still wake somebody; who has left it has done so. */
    bool first = bh_task_of(instance)->depth > 0;
    bool only = first ? !threads->made : threads->outliving && !threads->made->next;
    pthread_mutex_unlock(&threads->lock);
    return only;
}

static int64_t wait(bh_instance *instance, const uint64_t a[6], int operation) {
    struct bh_task *task = bh_task_of(instance);
    struct timespec limit, *timeout = NULL;
    uint32_t value;
    bool bitset = (operation & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET;
    if (a[3]) {
        if (!bh_get(instance, &limit, a[3], sizeof(limit)))
            return -EFAULT;
        if (!bh_time_valid(&limit))
            return -EINVAL;
        timeout = &limit;
    }
    if (!timeout && bh_alone(instance)) {
        if (!bh_get(instance, &value, a[0], sizeof(value)))
            return -EFAULT;
        return value != (uint32_t)a[2] ? -EAGAIN : bh_end(instance, BH_FAULT_DEADLOCK, SIGABRT);
    }
    /* A signal of the host must not let a relative timeout begin anew: it becomes absolute. */
    if (timeout && !bitset) {
        const struct timespec length = limit;
        if (!bh_time_after(&length, &limit))
            timeout = NULL;
        operation &= ~FUTEX_CLOCK_REALTIME;
    }
    uint64_t bits = bitset ? (uint32_t)a[5] : FUTEX_BITSET_MATCH_ANY;
    int64_t result;
    do
        result =
            bh_blocking_syscall(&task->interrupt, SYS_futex, a[0],
                                FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG | (uint64_t)(operation & FUTEX_CLOCK_REALTIME),
                                (uint32_t)a[2], (uint64_t)(uintptr_t)timeout, 0, bits);
    while (result == -EINTR && !bh_woken(instance));
    return result;
}

static int64_t result_of(long result) { return result < 0 ? -errno : result; }

/* Called without the state lock. */
int64_t bh_sys_futex(bh_instance *instance, const uint64_t a[6]) {
    int operation = (int)a[1], private = FUTEX_PRIVATE_FLAG;
    if (!bh_in_slot(instance, a[0], sizeof(uint32_t)))
        return -EFAULT;
    switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET: return wait(instance, a, operation);
    case FUTEX_WAKE: return result_of(syscall(SYS_futex, a[0], FUTEX_WAKE | private, (int)a[2], NULL, NULL, 0));
    case FUTEX_WAKE_BITSET:
        return result_of(syscall(SYS_futex, a[0], FUTEX_WAKE_BITSET | private, (int)a[2], NULL, NULL, (uint32_t)a[5]));
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
        if (!bh_in_slot(instance, a[4], sizeof(uint32_t)))
            return -EFAULT;
        return result_of(syscall(SYS_futex, a[0], (operation & FUTEX_CMD_MASK) | private, (int)a[2],
                                 (uint64_t)(uint32_t)a[3], a[4], (uint32_t)a[5]));
    default: return bh_refuse(instance, ENOSYS, "futex", "an operation that guests do not have");
    }
}
