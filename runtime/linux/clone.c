/* The guest's view of its threads: clone as C libraries issue it for pthread_create, and what belongs to one thread. */
#include "linux.h"

#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

bh_syscall bh_sys_clone, bh_sys_exit, bh_sys_exit_group, bh_sys_gettid, bh_sys_set_tid_address, bh_sys_set_robust_list,
    bh_sys_get_robust_list, bh_sys_sched_yield, bh_sys_sched_getaffinity, bh_sys_membarrier, bh_sys_arch_prctl;

#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003
#define CLONE_OBSOLETE 0x400000 /* CLONE_DETACHED: without effect, and musl still sets it */
/* A thread shares everything there is to share. Anything else would be another process. */
#define CLONE_NEEDED (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define CLONE_KNOWN                                                                                                    \
    (CLONE_NEEDED | CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID |   \
     CLONE_OBSOLETE)
#define ROBUST_HEAD_SIZE 24

int64_t bh_sys_clone(bh_instance *instance, const uint64_t a[6]) {
    struct bh_threads *threads = instance->threads;
    struct bh_task *parent = bh_task_of(instance);
    uint64_t flags = a[0];
    char detail[120];
    if (!(flags & CLONE_THREAD)) {
        snprintf(detail, sizeof(detail), "flags 0x%llx: %s", (unsigned long long)flags, bh_why_process);
        return bh_refuse(instance, ENOSYS, "clone", detail);
    }
    snprintf(detail, sizeof(detail), "flags 0x%llx", (unsigned long long)flags);
    if (!threads)
        return bh_refuse(instance, ENOSYS, "clone", detail);
    if ((flags & CLONE_NEEDED) != CLONE_NEEDED || (flags & ~(uint64_t)CLONE_KNOWN))
        return bh_refuse(instance, EINVAL, "clone", detail);
    if (!bh_in_slot(instance, a[1], 0))
        return -EFAULT;
    if (!instance->policy->thread_limit)
        return bh_refuse(instance, EAGAIN, "clone", "the policy grants no threads");

    struct bh_task *task = calloc(1, sizeof(*task));
    if (!task)
        return -EAGAIN;
    pthread_mutex_lock(&threads->lock);
    int tid = task->tid = bh_threads_new_tid(threads);
    pthread_mutex_unlock(&threads->lock);
    task->instance = instance;
    task->mask = parent->mask;
    memcpy(task->name, parent->name, sizeof(task->name));
    task->clear_tid = flags & CLONE_CHILD_CLEARTID ? a[3] : 0;

    /* It goes on where its parent does, with the parent's argument registers; all others are clear. */
    const struct bh_frame *from = parent->frame;
    const struct bh_thread_start start = {
        .task = task,
        .target = from->target,
        .rsp = a[1],
        .registers.integer = {from->rdi, from->rsi, from->rdx, 0, from->r8, from->r9}};
    task->thread_pointer = flags & CLONE_SETTLS ? a[4] : from->r14;
    if (((flags & CLONE_PARENT_SETTID) && !bh_put(instance, a[2], &tid, sizeof(tid))) ||
        ((flags & CLONE_CHILD_SETTID) && !bh_put(instance, a[3], &tid, sizeof(tid)))) {
        free(task);
        return -EFAULT;
    }
    int error = bh_threads_start(instance, &start);
    if (error) {
        free(task);
        snprintf(detail, sizeof(detail), "the limit is %u threads", instance->policy->thread_limit);
        return bh_refuse(instance, -error, "clone", detail);
    }
    return tid;
}

/* Nothing of the guest runs on this thread any more. */
void bh_task_exits(struct bh_task *task) {
    bh_instance *instance = task->instance;
    struct bh_threads *threads = instance->threads;
    /* Whoever waits for its end may want to make another one at once. */
    pthread_mutex_lock(&threads->lock);
    threads->made_count -= task->counted;
    task->counted = false;
    pthread_mutex_unlock(&threads->lock);
    const uint32_t zero = 0;
    if (task->clear_tid && bh_put(instance, task->clear_tid, &zero, sizeof(zero)))
        syscall(SYS_futex, task->clear_tid, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
    task->clear_tid = 0;
    bh_signals_forget(task);
}

int64_t bh_sys_exit_group(bh_instance *instance, const uint64_t a[6]) {
    struct bh_frame *frame = bh_task_of(instance)->frame;
    frame->outcome.status = (int)(a[0] & 0xff);
    frame->outcome.reason = LEAVE_EXIT;
    return BH_LEAVE;
}

/* A thread that the guest made ends alone, and so does the one that started a program. One in a call of the host
 * cannot, nor in one that is nested in a callback: the host waits for a result. */
int64_t bh_sys_exit(bh_instance *instance, const uint64_t a[6]) {
    struct bh_task *task = bh_task_of(instance);
    bool called = task->depth && (instance->module->image.elf.note_flags & BH_NOTE_FLAG_LIBRARY);
    if (!instance->threads || called || bh_call_nested(task->frame))
        return bh_sys_exit_group(instance, a);
    task->frame->outcome.reason = LEAVE_THREAD_EXIT;
    bh_task_exits(task);
    return BH_LEAVE;
}

int64_t bh_sys_gettid(bh_instance *instance, const uint64_t a[6]) { return bh_task_of(instance)->tid; }

int64_t bh_sys_set_tid_address(bh_instance *instance, const uint64_t a[6]) {
    struct bh_task *task = bh_task_of(instance);
    task->clear_tid = a[0];
    return task->tid;
}

/* Remembered for who asks. musl itself wakes those who wait for the mutexes of a thread that ends, and no thread ends
 * alone in any other way. */
int64_t bh_sys_set_robust_list(bh_instance *instance, const uint64_t a[6]) {
    if (!instance->threads)
        return bh_refuse(instance, ENOSYS, "set_robust_list", NULL);
    if (a[1] != ROBUST_HEAD_SIZE)
        return -EINVAL;
    bh_task_of(instance)->robust_list = a[0];
    return 0;
}

int64_t bh_sys_get_robust_list(bh_instance *instance, const uint64_t a[6]) {
    struct bh_task *task = bh_task_of(instance);
    const uint64_t size = ROBUST_HEAD_SIZE;
    if (!instance->threads)
        return bh_refuse(instance, ENOSYS, "get_robust_list", NULL);
    if (a[0] && (int32_t)a[0] != task->tid)
        return -EPERM;
    return bh_put(instance, a[1], &task->robust_list, 8) && bh_put(instance, a[2], &size, 8) ? 0 : -EFAULT;
}

int64_t bh_sys_sched_yield(bh_instance *instance, const uint64_t a[6]) {
    if (instance->threads)
        sched_yield();
    return 0;
}

/* As many processors as it may have threads. */
int64_t bh_sys_sched_getaffinity(bh_instance *instance, const uint64_t a[6]) {
    unsigned count = instance->threads ? instance->policy->thread_limit : 1;
    const uint64_t set = count >= 64 ? UINT64_MAX : count < 1 ? 1 : ((uint64_t)1 << count) - 1;
    if (a[1] < sizeof(set))
        return -EINVAL;
    return bh_put(instance, a[2], &set, sizeof(set)) ? (int64_t)sizeof(set) : -EFAULT;
}

/* musl asks for it on the first pthread_create and does without. */
int64_t bh_sys_membarrier(bh_instance *instance, const uint64_t a[6]) {
    return instance->threads ? -ENOSYS : bh_refuse(instance, ENOSYS, "membarrier", NULL);
}

/* The thread pointer: r14, or a word of the context page, which only the host can write. What the guest puts there
 * matters to nobody else: it is one more value that its confined accesses start from. */
int64_t bh_sys_arch_prctl(bh_instance *instance, const uint64_t a[6]) {
    struct bh_task *task = bh_task_of(instance);
    uint64_t *pointer =
        instance->threads ? &task->frame->r14 : &instance->slot.context[(BH_CONTEXT_TP - BH_CONTEXT_BASE) / 8];
    switch (a[0]) {
    case ARCH_SET_FS:
        *pointer = a[1];
        task->thread_pointer = a[1];
        return 0;
    case ARCH_GET_FS: return bh_put(instance, a[1], pointer, sizeof(*pointer)) ? 0 : -EFAULT;
    default: return bh_refuse(instance, EINVAL, "arch_prctl", NULL);
    }
}
