/* The timer of a thread: deadlines of its calls, and when its guest is interrupted for a timer of its own; see
 * deadline.c. */
#ifndef BULKHEAD_RUNTIME_DEADLINE_H
#define BULKHEAD_RUNTIME_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "bulkhead/bulkhead.h"
#include "cross/thread.h"

struct bh_frame;

/* Arms the thread's timer for so many nanoseconds, unless 0, or an outer call's comes first; frame->nesting.timer says
 * whether stop has anything to do. */
bh_error bh_deadline_start(int signal, uint64_t allowed, struct bh_frame *frame);
void bh_deadline_stop(const struct bh_frame *frame);
/* Has the guest that the thread runs interrupted at that time of CLOCK_MONOTONIC, and until it has asked for another
 * one; 0: no more. False and errno when the kernel has no timer for that. */
bool bh_alarm_set(int signal, uint64_t when);
/* CLOCK_MONOTONIC, in nanoseconds. */
uint64_t bh_now(void);
/* Around functions of the host: no timer of the thread's calls interrupts what they wait for. False when there was
 * nothing to do; else the other is due. A deadline that passes meanwhile is noticed at once by resume. */
bool bh_deadline_pause(void);
bool bh_deadline_resume(void);
static inline bool bh_host_begin(void) {
    return __builtin_expect((bh_this_thread.deadline | bh_this_thread.alarm) != 0, 0) && bh_deadline_pause();
}
static inline void bh_host_end(bool paused) {
    if (__builtin_expect(paused, 0))
        bh_deadline_resume();
}

#endif
