/* System calls of the host that may block. While one does, other threads of the guest go on: the state lock is not held, so
 * the guest may close the descriptor meanwhile. The host's own descriptor stays open until the call is over: its number
 * could otherwise be that of another file of the host by the time that the kernel looks at it. */
#include "linux.h"

#include <unistd.h>

void bh_state_lock(bh_instance *instance) {
    if (instance->threads)
        pthread_mutex_lock(&instance->threads->state);
}

void bh_state_unlock(bh_instance *instance) {
    if (instance->threads)
        pthread_mutex_unlock(&instance->threads->state);
}

/* Another task that is in a call on this descriptor. Both locks are held. */
static struct bh_task *find_busy(struct bh_threads *threads, int host) {
    struct bh_task *lists[] = {threads->made, threads->callers};
    for (int n = 0; n < 2; n++)
        for (struct bh_task *task = lists[n]; task; task = task->next)
            if (task->busy_fd == host + 1)
                return task;
    return NULL;
}

void bh_close_host(bh_instance *instance, int host) {
    struct bh_threads *threads = instance->threads;
    struct bh_task *busy = NULL;
    if (threads) {
        pthread_mutex_lock(&threads->lock);
        busy = find_busy(threads, host);
        if (busy)
            busy->close_after = true;
        pthread_mutex_unlock(&threads->lock);
    }
    if (busy)
        return;
    close(host);
    bh_descriptor_return();
}

void bh_unlocked_begin(bh_instance *instance, int host) {
    bh_task_of(instance)->busy_fd = host + 1;
    bh_state_unlock(instance);
}

void bh_unlocked_end(bh_instance *instance, int host) {
    struct bh_task *task = bh_task_of(instance);
    bh_state_lock(instance);
    task->busy_fd = 0;
    if (task->close_after) {
        task->close_after = false;
        bh_close_host(instance, host);
    }
}

int64_t bh_blocking(bh_instance *instance, int host, long number, uint64_t b, uint64_t c, uint64_t d) {
    struct bh_task *task = bh_task_of(instance);
    int64_t result;
    bh_unlocked_begin(instance, host);
    /* A signal of the host is not the guest's business. */
    do
        result = bh_blocking_syscall(&task->interrupt, number, (uint64_t)host, b, c, d, 0, 0);
    while (result == -EINTR && !bh_interrupted(instance));
    bh_unlocked_end(instance, host);
    return result;
}
