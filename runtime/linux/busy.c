/* System calls of the host that may block. While one does, other threads of the guest go on: the state lock is not
 * held, so the guest may close the descriptor meanwhile. The host's own descriptor stays open until the call is over:
 * its number could otherwise be that of another file of the host by the time that the kernel looks at it. */
#include "linux.h"

#include <unistd.h>

/* What another task that is in a call on this descriptor knows of it. Both locks are held. */
static struct bh_busy *find_busy(struct bh_threads *threads, int host) {
    struct bh_task *lists[] = {threads->made, threads->callers};
    for (int n = 0; n < 2; n++)
        for (struct bh_task *task = lists[n]; task; task = task->next)
            for (unsigned k = 0; k < task->busy_count; k++)
                if (task->busy[k].host == host)
                    return &task->busy[k];
    return NULL;
}

void bh_close_host(bh_instance *instance, int host, struct bh_memory *memory, struct bh_pipe *pipe) {
    struct bh_threads *threads = instance->threads;
    struct bh_busy *busy = NULL;
    if (threads) {
        pthread_mutex_lock(&threads->lock);
        busy = find_busy(threads, host);
        if (busy) {
            busy->close_after = true;
            busy->memory = memory;
            busy->pipe = pipe;
        }
        pthread_mutex_unlock(&threads->lock);
    }
    if (busy)
        return;
    close(host);
    bh_descriptor_return();
    bh_memory_release(instance, memory);
    bh_pipe_release(instance, pipe);
}

void bh_busy_begin(bh_instance *instance, struct bh_busy *busy, unsigned count) {
    struct bh_task *task = bh_task_of(instance);
    task->busy = busy;
    task->busy_count = count;
    bh_state_unlock(instance);
}

void bh_busy_end(bh_instance *instance) {
    struct bh_task *task = bh_task_of(instance);
    bh_state_lock(instance);
    const struct bh_busy *busy = task->busy;
    unsigned count = task->busy_count;
    task->busy = NULL;
    task->busy_count = 0;
    for (unsigned n = 0; n < count; n++)
        if (busy[n].close_after)
            bh_close_host(instance, busy[n].host, busy[n].memory, busy[n].pipe);
}

int64_t bh_blocking(bh_instance *instance, int host, long number, uint64_t b, uint64_t c, uint64_t d) {
    struct bh_busy busy = {.host = host};
    int64_t result;
    bh_busy_begin(instance, &busy, 1);
    /* A signal of the host is not the guest's business. */
    do
        result = bh_blocking_syscall(&bh_task_of(instance)->interrupt, number, (uint64_t)host, b, c, d, 0, 0);
    while (result == -EINTR && !bh_woken(instance));
    bh_busy_end(instance);
    return result;
}
