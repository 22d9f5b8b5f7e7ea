/* What a guest's operating system is to the runtime: a table, of which linux/ has the one that there is. */
#ifndef BULKHEAD_RUNTIME_PERSONALITY_H
#define BULKHEAD_RUNTIME_PERSONALITY_H

#include "bulkhead/bulkhead.h"
#include "cross/frame.h"

struct bh_task;

/* A result of map and unmap: the kernel refused a mapping over the slot, which ends the instance. Of a handler in
 * linux/: the guest's call ends; frame->outcome says why. */
#define BH_LEAVE INT64_MIN

struct bh_personality {
    /* What belongs to one life of an instance; destroy may be called without it. */
    bh_error (*create)(bh_instance *instance);
    void (*destroy)(bh_instance *instance);
    /* A call begins: its guest is interrupted when a timer of its own is due. False and errno when that cannot be. */
    bool (*enter)(bh_instance *instance);
    /* The system call in the frame. Whether the guest goes on; if not, the outcome says why. */
    bool (*syscall)(bh_instance *instance, struct bh_frame *frame);
    /* Whether it goes on, in its handler for the fault that the frame describes. */
    bool (*fault)(bh_instance *instance, struct bh_frame *frame);
    /* Its code was interrupted, to look at its signals: whether it goes on. */
    bool (*interrupted)(bh_instance *instance, struct bh_frame *frame);
    /* Maps and unmaps fresh memory on the host's behalf, under the policy's limits. Between bh_instance_visit and
     * bh_instance_leave. The address or 0; a negated errno, or BH_LEAVE (bh_instance_leave_killing instead of
     * bh_instance_leave). */
    int64_t (*map)(bh_instance *instance, uint64_t size);
    int64_t (*unmap)(bh_instance *instance, uint64_t address, uint64_t size);
    /* Nothing of the guest runs on the task's thread any more; and the task is forgotten. */
    void (*task_exits)(struct bh_task *task);
    void (*task_forgotten)(struct bh_task *task);
    /* The last line that the guest wrote to its standard error, printable; "" when there is none. */
    void (*said)(const bh_instance *instance, char *line, size_t capacity);
};

#endif
